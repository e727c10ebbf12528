"""Pictures between two others: in C, where possible under sanitizers, and what they show."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.between import between

from lincodec.core.flow import Interpolator
from lincodec.types import Planes

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import core_build  # noqa: E402
import core_harness  # noqa: E402

CORE = ROOT / "lincodec" / "core"


def test_random_pairs_and_arguments_that_cannot_be(tmp_path: Path) -> None:
    program, command = tmp_path / "between", core_harness.any_compiler()
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    files = [*sorted(CORE.glob("flow*.c")), CORE / "between.c"]
    core_build.compile_into(
        [
            *command, *core_build.COMMON, "-g1", "-O1", *(checks if len(command) == 1 else []),
            "-I", CORE, ROOT / "tests" / "core" / "between.c", *files,
        ],
        program,
    )  # fmt: skip
    done = subprocess.run([program, "1", "60"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 pairs, 0 failures" in done.stdout


def scene(size: tuple[int, int], dx: float = 0, dy: float = 0, depth: int = 8) -> Planes:
    """Waves of many lengths that do not repeat, moved to the right and down; 4:2:0."""
    rng, planes = np.random.default_rng(1), []
    lengths = np.geomspace(9, 150, 24)
    angles, phases = rng.uniform(0, np.pi, 24), rng.uniform(0, 2 * np.pi, 24)
    for down, across in ((1, 1), (2, 2), (2, 2)):
        y, x = np.mgrid[0 : size[0] : down, 0 : size[1] : across].astype(float)
        total = np.full(x.shape, 128.0)
        for length, angle, phase in zip(lengths, angles, phases, strict=True):
            along = (x - dx) * np.cos(angle) + (y - dy) * np.sin(angle)
            total += length**0.5 * np.sin(2 * np.pi * along / length + phase)
        planes.append(np.clip(np.rint(total * 2 ** (depth - 8)), 0, 2**depth - 1))
    return tuple(p.astype(np.uint8 if depth == 8 else np.uint16) for p in planes)


def error(found: Planes, wanted: Planes, margin: int = 12) -> float:
    """Mean difference within the picture."""
    inner = (slice(margin, -margin),) * 2
    return max(
        float(np.abs(a[inner].astype(float) - b[inner]).mean())
        for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("share", [Fraction(1, 4), Fraction(1, 2), Fraction(5, 6)], ids=str)
@pytest.mark.parametrize(
    ("size", "move"), [((96, 128), (7, -5)), ((96, 128), (1.5, 0)), ((420, 340), (30, 12))], ids=str
)
def test_what_moves_is_on_its_way(
    size: tuple[int, int], move: tuple[float, float], share: Fraction
) -> None:
    """Also in a picture that is searched at half its size."""
    first, second = scene(size), scene(size, *move)
    wanted = scene(size, *(float(share) * part for part in move))
    found = between(first, second, share)
    fade = tuple(
        (1 - float(share)) * a + float(share) * b for a, b in zip(first, second, strict=True)
    )
    margin = 12 + int(max(map(abs, move)))
    limit = max(0.3, error(fade, wanted, margin) / 4)  # rounding alone is 0.25
    assert error(found, wanted, margin) < min(1.5, limit)


def test_depth_changes_nothing_but_precision() -> None:
    shallow, deep = (
        between(scene((64, 80), 0, 0, d), scene((64, 80), 6, 3, d), Fraction(1, 2), d)
        for d in (8, 12)
    )
    assert error(tuple(plane / 16 for plane in deep), shallow, 1) < 0.6


def test_what_motion_does_not_explain_is_mixed() -> None:
    """Light that comes on where nothing moves."""
    dark = scene((64, 64))
    light = tuple(np.clip(plane.astype(int) + 60, 0, 255).astype(np.uint8) for plane in dark)
    fade = tuple((a.astype(float) + b) / 2 for a, b in zip(dark, light, strict=True))
    assert error(between(dark, light, Fraction(1, 2)), fade) < 1


def test_equal_pictures_stay() -> None:
    still = scene((50, 70))
    shown = between(still, still, Fraction(1, 3))
    assert all((a == b).all() for a, b in zip(shown, still, strict=True))


def test_planes_of_another_size_are_refused() -> None:
    maker = Interpolator(((8, 8), (4, 4), (4, 4)), 8)
    with pytest.raises(ValueError, match="expected"):
        maker.picture(scene((8, 10)))
