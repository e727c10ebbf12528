"""The benchmark of frames in between compares the same held-out frames by every method."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.codec import interpolation, rate_speed
from benchmarks.common.anchors import Clip
from lincodec.options import EncodeOptions, Span
from lincodec.types import Planes, Times, VideoInfo
from lincodec.video.y4m import Y4mWriter


@pytest.fixture
def pan(tmp_path: Path) -> Clip:
    """Thirteen frames of a texture that goes to the right."""
    info = VideoInfo(width=96, height=64, fps=Fraction(25), n_frames=13)
    y, x = np.mgrid[0:64, 0:160].astype(float)
    whole = 120 + 40 * np.sin(x * x / 700 + y / 5) + 30 * np.cos(x / 6 - y / 9)
    frames: list[Planes] = []
    grey = np.full((32, 48), 128, np.uint8)
    path = tmp_path / "pan.y4m"
    with path.open("wb") as out:
        writer = Y4mWriter(out, info)
        for n in range(13):
            part = whole[:, 60 - n : 156 - n]
            frames.append((np.rint(part).astype(np.uint8), grey, grey))
            writer.write(frames[-1])
    times = Times(Fraction(1, 25), tuple(range(13)), 1)
    return Clip("pan", str(path), Span(frames=13), info, times, frames)


def test_all_methods_on_every_held_out_frame(pan: Clip) -> None:
    options = EncodeOptions(preset="instant", quality=20.0, span=pan.span, audio=False)
    found = interpolation.compare(pan, 4, options)
    row = found.row
    assert row["held_out_frames"] == 9
    assert row["bytes_for_frames_between"] == 0
    assert set(row["psnr_rgb"]) == set(interpolation.METHODS)
    assert interpolation.above(row, interpolation.FADE) > 6
    assert all(row["psnr_rgb_least"][m] <= row["psnr_rgb"][m] for m in interpolation.METHODS)
    assert [set(shown) for _, shown in found.pictures] == [{"truth", *interpolation.METHODS}] * 2
    text = interpolation.table([row])
    assert text.splitlines()[2].startswith("| pan | 4 | 20 |")
    assert "above minterpolate of the same keys" in text


def test_minterpolate_gives_every_frame_between_keys(pan: Clip) -> None:
    keys = [pan.frames[n] for n in range(0, 13, 2)]
    found = interpolation.minterpolated(pan, keys, 2)
    assert set(range(1, 12, 2)) <= set(found)
    assert all(planes[0].shape == (64, 96) for planes in found.values())


def test_a_clip_may_begin_later(clip: Callable[[str], Path]) -> None:
    whole, later = (interpolation.loaded(name, 8) for name in ("carphone", "carphone@0.1"))
    np.testing.assert_array_equal(later.frames[0][0], whole.frames[3][0])


def test_rates_are_measured_beside_the_frames_themselves(root: Path) -> None:
    vector = root / "format_spec" / "vectors" / "good" / "good-pictures-between.linc"
    plain, twice = rate_speed.measured(vector, ["1", "2"], ["x1"], 3, 1)
    assert (plain["frames"], twice["frames"]) == (3, 6)
    assert plain["of_frames"] == 1
    assert twice["fps"] > 0
    assert rate_speed.table("clip", [plain, twice]).count("70x50") == 2
