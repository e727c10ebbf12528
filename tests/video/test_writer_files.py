"""What is written comes back: times, colour, shape of samples, rotation, audio."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from lincodec.errors import ResourceError, UsageError
from lincodec.options import Span
from lincodec.types import AudioTrack, Frame, Times, VideoInfo
from lincodec.video import metrics, timing
from lincodec.video.outputs import format_of
from lincodec.video.reader import FrameReader
from lincodec.video.writer import FrameWriter

Find = Callable[[str], Path]


@dataclass
class Video:
    """A whole short video in memory."""

    info: VideoInfo
    times: Times
    frames: list[Frame] = field(default_factory=list)
    audio: AudioTrack | None = None


def load(path: Path, frames: int | None = None) -> Video:
    with FrameReader(str(path), span=Span(frames=frames)) as reader:
        listed = list(reader)
        return Video(reader.info, reader.times(), listed, reader.audio())


def save(video: Video, path: Path, **options: object) -> FrameWriter:
    durations = timing.frame_durations(video.times)
    with FrameWriter(
        str(path),
        video.info,
        video.times.time_base,
        audio=video.audio,
        **options,  # type: ignore[arg-type]
    ) as writer:
        for frame, duration in zip(video.frames, durations, strict=True):
            writer.write(frame.planes, frame.pts, duration)
    return writer


def seconds(times: Times) -> list[Fraction]:
    return [pts * times.time_base for pts in times.pts]


def stated_duration(path: Path) -> Fraction:
    """Seconds of video that the file's header states (mp4: the edit list).

    Matroska states the end; audio that starts earlier moves the picture's start off zero.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        start = (stream.start_time or 0) * Fraction(stream.time_base or 1)
        if stream.duration is not None:
            return stream.duration * Fraction(stream.time_base or 1)
        text = stream.metadata["DURATION"]
    hours, minutes, rest = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(rest[:12]) - start


MS = Fraction(1, 1000)
FAST = {"preset": "ultrafast"}


@pytest.mark.parametrize(
    "name",
    [
        "caption/mmaction2_demo_skeleton.mp4",  # VFR
        "robust/forensics_phone_vfr_rot.mp4",  # VFR, AAC
        "robust/fire2.mp4",  # VFR, turned by 180, AAC mono
        "robust/decord_video_90.mov",  # turned
        "robust/mecavideo_balle-jbart_sar16-15.mp4",  # SAR 16:15
        "robust/fall-hlg.mov",  # 10-bit HLG
        "robust/bt709_full_range.mp4",
        "natural/moviepy_chaplin.mp4",  # MP3
        "robust/transparent.webm",  # VP9, Vorbis
        "raw/BasketballPass_416x240_101f_rgb_ffv1.mkv",  # RGB: 4:4:4
        "natural/screen_Adobe_PDF_1024x768_50f.264",  # no times
        "natural/mmaction2_test.avi",
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_round_trip(media: Find, tmp_path: Path, name: str, suffix: str) -> None:
    given = load(media(name), 12)
    path = tmp_path / f"out{suffix}"
    # B-frames on purpose: they move decoding times before the first picture.
    writer = save(given, path, options={"bf": "2"}, **FAST)
    found = load(path)
    assert writer.frames == len(given.frames)
    assert replace(found.info, fps=given.info.fps) == given.info
    slack = Fraction(0) if suffix == ".mp4" else Fraction(1, 1000)
    for ours, theirs in zip(seconds(found.times), seconds(given.times), strict=True):
        assert abs(ours - theirs) <= slack
    assert abs(stated_duration(path) - timing.duration(given.times)) <= max(slack, MS)
    for ours, theirs in zip(found.frames, given.frames, strict=True):
        error = metrics.mse(ours.planes[0], theirs.planes[0])
        assert metrics.psnr(error, (1 << given.info.bit_depth) - 1) > 36
    check_audio(given.audio, found.audio, slack)


def check_audio(given: AudioTrack | None, found: AudioTrack | None, slack: Fraction) -> None:
    if given is None:
        assert found is None
        return
    assert found is not None
    assert (found.codec, found.sample_rate) == (given.codec, given.sample_rate)
    assert found.layout == given.layout
    if given.codec != "mp3":  # AVI states a header that MP3 does not need
        assert found.extradata == given.extradata
    assert [packet.data for packet in found.packets] == [packet.data for packet in given.packets]
    # Both clocks round: half a tick each.
    slack += (found.time_base + given.time_base) / 2
    for ours, theirs in zip(found.packets, given.packets, strict=True):
        assert abs(ours.pts * found.time_base - theirs.pts * given.time_base) <= slack


def test_bunny_keeps_all_audio_packets_exactly(clip: Find, tmp_path: Path) -> None:
    given = load(clip("bunny"), 6)
    with FrameReader(str(clip("bunny"))) as reader:
        given.audio = reader.audio()
    save(given, tmp_path / "out.mp4", **FAST)
    found = load(tmp_path / "out.mp4")
    assert given.audio is not None
    assert len(given.audio.packets) == 249
    assert found.audio == given.audio  # bytes, times, 5.1 layout, extradata: everything


@pytest.mark.parametrize(
    ("codec", "suffix", "options"),
    [
        ("libx265", ".mp4", {"preset": "ultrafast"}),
        ("libsvtav1", ".mp4", {"preset": "12"}),
        ("libvpx-vp9", ".webm", {"options": {"cpu-used": "8", "deadline": "realtime"}}),
        ("ffv1", ".mkv", {}),
        ("libx264", ".mov", {"pix_fmt": "nv12"}),
        ("mpeg4", ".mp4", {}),
    ],
)
def test_encoders(
    clip: Find, tmp_path: Path, codec: str, suffix: str, options: dict[str, object]
) -> None:
    given = load(clip("carphone"), 8)
    path = tmp_path / f"out{suffix}"
    writer = save(given, path, codec=codec, **options)
    found = load(path)
    sar = found.info.sar if writer.warnings else given.info.sar
    assert replace(found.info, fps=given.info.fps) == replace(given.info, sar=sar)
    assert bool(writer.warnings) == (codec in ("libvpx-vp9", "ffv1"))
    slack = Fraction(0) if suffix in (".mp4", ".mov") else Fraction(1, 1000)
    for ours, theirs in zip(seconds(found.times), seconds(given.times), strict=True):
        assert abs(ours - theirs) <= slack
    errors = [
        metrics.mse(a.planes[0], b.planes[0])
        for a, b in zip(found.frames, given.frames, strict=True)
    ]
    assert max(errors) == 0 if codec == "ffv1" else max(errors) < 120


def test_odd_size_is_kept(media: Find, tmp_path: Path) -> None:
    given = load(media("natural/kivy_cityCC0.mpg"), 4)
    writer = save(given, tmp_path / "out.mp4", **FAST)
    found = load(tmp_path / "out.mp4")
    assert (found.info.width, found.info.height) == (720, 405)
    assert writer.info.chroma_shift == found.info.chroma_shift == (0, 0)
    save(given, tmp_path / "out.mkv", codec="ffv1")
    assert load(tmp_path / "out.mkv").info.chroma_shift == (1, 1)
    with pytest.raises(UsageError, match="odd sizes need yuv444p"):
        save(given, tmp_path / "bad.mp4", pix_fmt="yuv420p", **FAST)


def test_twelve_bits_keep_or_come_down(media: Find, tmp_path: Path) -> None:
    given = load(media("robust/dav1d_test-420-12bit.ivf"))
    assert save(given, tmp_path / "a.mkv", codec="ffv1").info.bit_depth == 12
    assert load(tmp_path / "a.mkv").info.bit_depth == 12
    assert save(given, tmp_path / "b.mp4", **FAST).info.bit_depth == 10
    found = load(tmp_path / "b.mp4")
    assert found.info.bit_depth == 10
    scaled = given.frames[2].planes[0] / 4
    assert float(np.abs(found.frames[2].planes[0] - scaled).mean()) < 2


def test_refined_times_reach_the_file(media: Find, tmp_path: Path) -> None:
    given = load(media("robust/forensics_phone_vfr_rot.mp4"), 6)
    given.audio = None
    times = timing.scaled(given.times, 4)
    frames = [Frame(given.frames[k // 4].planes, pts) for k, pts in enumerate(times.pts)]
    video = Video(replace(given.info, fps=given.info.fps * 4), times, frames)
    save(video, tmp_path / "out.mp4", **FAST)
    found = load(tmp_path / "out.mp4")
    assert seconds(found.times) == seconds(times)
    assert timing.duration(found.times) == timing.duration(given.times)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"codec": "nope"}, "no encoder named"),
        ({"codec": "aac"}, "not a video encoder"),
        ({"preset": "warp"}, "no preset 'warp'"),
        ({"pix_fmt": "nope"}, "pixel format"),
        ({"options": {"nope": "1"}}, "has no option nope"),
        ({"container_format": "nope"}, "unknown output format"),
        ({"container_format": "webm", "codec": "libx264"}, "cannot hold libx264 video"),
    ],
)
def test_impossible_outputs(
    clip: Find, tmp_path: Path, options: dict[str, object], words: str
) -> None:
    given = load(clip("carphone"), 1)
    with pytest.raises(UsageError, match=words) as caught:
        save(given, tmp_path / "out.mp4", **options)
    assert "\n" not in str(caught.value)


def test_audio_that_the_container_cannot_hold(clip: Find, tmp_path: Path) -> None:
    given = load(clip("bunny"), 1)
    with pytest.raises(UsageError, match="cannot hold aac audio"):
        save(given, tmp_path / "out.webm", codec="libvpx-vp9")


def test_unwritable_place(clip: Find, tmp_path: Path) -> None:
    given = load(clip("carphone"), 1)
    with pytest.raises(ResourceError, match="No such file or directory"):
        save(given, tmp_path / "none" / "out.mp4")


def test_failure_in_the_encoder_surfaces(clip: Find, tmp_path: Path) -> None:
    """A plane of the wrong size cannot be encoded; the next calls say so."""
    given = load(clip("carphone"), 1)
    wrong = tuple(plane[:, :-8] for plane in given.frames[0].planes)
    writer = FrameWriter(str(tmp_path / "out.mp4"), given.info, Fraction(1, 25))
    writer.write(wrong, 0, 1)
    with pytest.raises(UsageError, match=r"encoding failed: plane of 168x144, expected 176x144"):
        writer.close()
    with pytest.raises(UsageError, match="encoding failed"):
        writer.write(wrong, 1, 1)


def _fail_while_writing(path: Path, video: Video) -> None:
    with FrameWriter(str(path), video.info, Fraction(1, 25)) as writer:
        writer.write(video.frames[0].planes, 0, 1)
        raise KeyError


def test_exception_in_the_block_aborts(clip: Find, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        _fail_while_writing(tmp_path / "out.mp4", load(clip("carphone"), 1))
    assert not [t for t in threading.enumerate() if t.name == "frame-writer"]


def test_null_counts_frames(clip: Find) -> None:
    given = load(clip("carphone"), 5)
    writer = FrameWriter("none", given.info, Fraction(1, 25), container_format="null")
    for frame in given.frames:
        writer.write(frame.planes, frame.pts, 1)
    writer.close()
    assert writer.frames == 5
    assert all(a.pts < b.pts for a, b in pairwise(given.frames))


@pytest.mark.parametrize(
    ("name", "kind"), [("a.mp4", "mp4"), ("a.MKV", "mkv"), ("-", "y4m"), ("x/a.y4m", "y4m")]
)
def test_format_by_name(name: str, kind: str) -> None:
    assert format_of(name) == kind


def test_format_of_unknown_suffix() -> None:
    with pytest.raises(UsageError, match="cannot tell the format"):
        format_of("out.avi")
