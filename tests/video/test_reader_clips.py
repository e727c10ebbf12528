"""Every kind of real file: size, count, times, depth, colour, rotation, audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lincodec.options import Span
from lincodec.types import ColorInfo, VideoInfo
from lincodec.video import timing
from lincodec.video.probe import probe
from lincodec.video.reader import FrameReader

Find = Callable[[str], Path]

HLG = ColorInfo(9, 18, 9, full_range=False)
SD = ColorInfo()


@dataclass(frozen=True)
class Expected:
    """What a clip holds, as other tools report it."""

    frames: int
    size: tuple[int, int]
    fps: str
    constant: bool = True
    depth: int = 8
    chroma: tuple[int, int] = (1, 1)
    sar: str = "1"
    rotation: int = 0
    color: ColorInfo = SD
    audio: tuple[str, int] | None = None


CLIPS = {
    "natural/kivy_cityCC0.mpg": Expected(190, (720, 405), "25"),
    "natural/screen_Adobe_PDF_1024x768_50f.264": Expected(50, (1024, 768), "25"),
    "natural/mmaction2_test.avi": Expected(164, (320, 240), "25", audio=("mp3", 251)),
    "natural/intel_asl_book.mkv": Expected(
        109, (640, 480), "30", color=ColorInfo(full_range=True)
    ),
    "natural/moviepy_chaplin.mp4": Expected(241, (640, 360), "25", audio=("mp3", 369)),
    "caption/mmaction2_demo_skeleton.mp4": Expected(72, (1920, 1080), "30", constant=False),
    "caption/tv_SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi": Expected(
        74, (320, 240), "30"
    ),
    "raw/BasketballPass_416x240_101f_rgb_ffv1.mkv": Expected(
        101, (416, 240), "50", chroma=(0, 0), color=ColorInfo(matrix=6)
    ),
    "raw/foreman_cif_10f.y4m": Expected(10, (352, 288), "30000/1001", sar="128/117"),
    "robust/dav1d_test-420-12bit.ivf": Expected(
        5, (320, 240), "30", depth=12, color=ColorInfo(1, 1, 1)
    ),
    "robust/decord_unordered.mov": Expected(4, (50, 50), "32"),
    "robust/decord_video_90.mov": Expected(
        3, (568, 320), "30", rotation=270, color=ColorInfo(1, 1, 1)
    ),
    "robust/decord_video_180.mov": Expected(
        3, (568, 320), "30", rotation=180, color=ColorInfo(1, 1, 1)
    ),
    "robust/fall-hlg.mov": Expected(5, (1920, 1080), "30", depth=10, color=HLG),
    "robust/forensics_phone_vfr_rot.mp4": Expected(
        41, (1920, 1080), "90000/2999", constant=False, color=ColorInfo(1, 1, 1),
        audio=("aac", 75),
    ),
    "robust/mecavideo_balle-jbart_sar16-15.mp4": Expected(
        255, (720, 576), "25", sar="16/15", audio=("aac", 480)
    ),
    "robust/opencv_tree_cinepak.avi": Expected(
        68, (320, 240), "1000000/66667", constant=False, chroma=(0, 0),
        color=ColorInfo(matrix=6),
    ),
    "robust/transparent.webm": Expected(
        150, (200, 200), "30", color=ColorInfo(1, 1, 5), audio=("vorbis", 233)
    ),
    "robust/x_bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4": Expected(
        120, (800, 640), "30", sar="64/45"
    ),
    "robust/bt709_full_range.mp4": Expected(
        30, (1280, 720), "30", color=ColorInfo(1, 1, 1, full_range=True)
    ),
}  # fmt: skip


def _info(expected: Expected) -> VideoInfo:
    return VideoInfo(
        width=expected.size[0],
        height=expected.size[1],
        fps=Fraction(expected.fps),
        n_frames=expected.frames,
        sar=Fraction(expected.sar),
        rotation=expected.rotation,
        bit_depth=expected.depth,
        chroma_shift=expected.chroma,
        color=expected.color,
    )


@pytest.mark.parametrize("name", CLIPS)
def test_clip_is_read_as_it_is(media: Find, name: str) -> None:
    expected = CLIPS[name]
    with FrameReader(str(media(name))) as reader:
        sizes = reader.info.plane_sizes
        dtype = np.uint8 if expected.depth == 8 else np.uint16
        top = (1 << expected.depth) - 1
        for frame in reader:
            assert tuple(plane.shape for plane in frame.planes) == sizes
            assert all(plane.dtype == dtype for plane in frame.planes)
            assert all(plane.flags.c_contiguous for plane in frame.planes)
            assert int(frame.planes[0].max()) <= top
        times, audio = reader.times(), reader.audio()
    assert reader.info == _info(expected)
    assert times.pts[0] == 0
    assert all(a < b for a, b in pairwise(times.pts))
    assert timing.is_constant(times, reader.info.fps) == expected.constant
    found = None if audio is None else (audio.codec, len(audio.packets))
    assert found == expected.audio


def test_bunny_equals_what_pyav_decodes(clip: Callable[[str], Path]) -> None:
    import av

    path = str(clip("bunny"))
    with av.open(path) as container, FrameReader(path) as reader:
        theirs = container.decode(video=0)
        for count, (ours, frame) in enumerate(zip(reader, theirs, strict=False)):
            flat = np.concatenate([plane.ravel() for plane in ours.planes])
            np.testing.assert_array_equal(flat, frame.to_ndarray(format="yuv420p").ravel())
            if count == 20:
                break


def test_rgb_source_comes_back_within_rounding(media: Find) -> None:
    import av

    from lincodec.video.color import to_rgb

    path = str(media("raw/BasketballPass_416x240_101f_rgb_ffv1.mkv"))
    with av.open(path) as container, FrameReader(path) as reader:
        ours = next(iter(reader))
        theirs = next(container.decode(video=0)).to_ndarray(format="rgb24")
        rgb = to_rgb(ours.planes, reader.info)
    # Rounding to 8-bit limited-range YUV costs at most about 1.7 code values in blue.
    assert float(np.abs(rgb - theirs).max()) < 2.0
    assert abs(float((rgb - theirs).mean())) < 0.2


def test_probe_reads_only_the_start(media: Find) -> None:
    found = probe(str(media("robust/x_long_180p_av1.mp4")))
    assert (found.codec, found.pix_fmt, found.has_audio) == ("av1", "yuv420p", True)
    assert found.audio_codec == "aac"
    assert found.estimated_frames == 21766
    assert found.duration == pytest.approx(362.77, abs=0.2)
    assert found.info.n_frames is None


def test_second_video_stream_is_named(media: Find) -> None:
    with FrameReader(str(media("robust/nasa_13013_multistream.mp4"))) as reader:
        assert reader.info.width == 480
        assert reader.warnings == ["several video streams: stream 3 is used"]


def test_memory_does_not_grow_with_length(media: Find) -> None:
    """Frames are not kept: after 600 of them only a handful of planes is alive."""
    import gc
    import weakref

    alive: list[weakref.ref[np.ndarray]] = []
    with FrameReader(str(media("robust/x_long_180p_av1.mp4")), span=Span(frames=600)) as reader:
        for frame in reader:
            alive.append(weakref.ref(frame.planes[0]))
    del frame
    gc.collect()
    assert len(alive) == 600
    assert sum(ref() is not None for ref in alive) <= 2
