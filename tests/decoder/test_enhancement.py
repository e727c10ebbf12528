"""Networks beside exact pictures: shown by default, left out on request, never in the digest."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from support.between import between

import lincodec as lc
from lincodec.cli.main import run
from lincodec.container import LincFile
from lincodec.decoder.decode import decode
from lincodec.decoder.info import info
from lincodec.decoder.pictures import opened
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import output_shots
from lincodec.decoder.verify import verify
from lincodec.options import DecodeOptions
from lincodec.types import Planes


@pytest.fixture
def path(root: Path) -> Path:
    """Six frames in two segments of pictures; the second has a network."""
    return root / "format_spec" / "vectors" / "good" / "good-pictures-enhanced.linc"


def shown(path: Path, *, enhance: bool, alpha: int = 1) -> list[Planes]:
    file = LincFile(io.BytesIO(path.read_bytes()))
    renderer = Renderer(file, enhance=enhance)
    try:
        return list(renderer.frames(output_shots(0, file.n_frames, alpha)))
    finally:
        renderer.close()


def exact(path: Path) -> list[Planes]:
    """Pictures as the core decodes them."""
    file, out = LincFile(io.BytesIO(path.read_bytes())), []
    for index in range(len(file.segments)):
        with opened(file.read_segment(index), file.info) as decoder:
            out += list(decoder.frames())
    return out


def same(one: Planes, other: Planes) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_left_out_the_pictures_are_exact(path: Path) -> None:
    pairs = zip(shown(path, enhance=False), exact(path), strict=True)
    assert all(same(*pair) for pair in pairs)


def test_shown_it_changes_the_frames_of_its_segment(path: Path) -> None:
    pairs = zip(shown(path, enhance=True), exact(path), strict=True)
    assert [same(*pair) for pair in pairs] == [True] * 3 + [False] * 3


def test_frames_in_between_are_made_of_enhanced_ones(path: Path) -> None:
    frames = shown(path, enhance=True, alpha=2)
    assert all(same(a, b) for a, b in zip(frames[::2], shown(path, enhance=True), strict=True))
    assert same(frames[7], between(frames[6], frames[8], Fraction(1, 2)))


def test_readers_say_so(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = info(path)
    assert (found["enhanced"], found["network"]) == (1, True)
    assert found["kinds"] == {"partitioned": 2}
    without = DecodeOptions(format="null", enhance=False)
    assert decode(str(path), "", without).extra["warnings"] == [
        "the networks of 1 segments are left out: --no-enhance"
    ]
    assert not decode(str(path), "", DecodeOptions(format="null")).extra["warnings"]
    out = tmp_path / "out.y4m"
    assert run(["decode", str(path), "-o", str(out), "--no-enhance"]) == 0
    assert "left out" in capsys.readouterr().err


def test_verify_checks_digest_and_rendering(path: Path) -> None:
    report = verify(path, render=True)
    assert report.frames == 6
    assert report.rms is not None
    assert report.rms < 0.02


def test_from_python(path: Path) -> None:
    with lc.open(path) as video, lc.open(path, enhance=False) as plain:
        assert not np.array_equal(video[4], plain[4])
        assert np.array_equal(video[1], plain[1])
