"""Sample formats: what we read equals what was put in, whatever the packing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame

from lincodec.types import ColorInfo, Planes, VideoInfo
from lincodec.video.color import from_rgb
from lincodec.video.outformat import named_format
from lincodec.video.pixels import frame_info, pixel_layout, planes_of

WIDTH, HEIGHT = 38, 22


def _random(info: VideoInfo) -> Planes:
    rng = np.random.default_rng(3)
    dtype = np.uint8 if info.bit_depth == 8 else np.uint16
    return tuple(
        rng.integers(0, 1 << info.bit_depth, size, dtype=dtype) for size in info.plane_sizes
    )


def _info(name: str) -> VideoInfo:
    return named_format(VideoInfo(WIDTH, HEIGHT, Fraction(25)), name).info


def _read(frame: VideoFrame) -> tuple[VideoInfo, Planes]:
    layout = pixel_layout(frame.format.name)
    info = frame_info(frame, layout, VideoInfo(WIDTH, HEIGHT, Fraction(25)))
    return info, planes_of(frame, layout, info)


#: Where a packed 4:2:2 format has luma, Cb and Cr in each group of four bytes.
_PACKED_422 = {"yuyv422": (0, 1, 3), "uyvy422": (1, 0, 2), "yvyu422": (0, 3, 1)}


def _packed_422(planes: Planes, name: str) -> VideoFrame:
    """A packed frame made without swscale, which now and then left samples of it out."""
    luma, blue, red = planes
    height, width = luma.shape
    at, cb, cr = _PACKED_422[name]
    frame = VideoFrame(width, height, name)
    rows = np.zeros((height, frame.planes[0].line_size), np.uint8)
    used = rows[:, : 4 * blue.shape[1]]
    used[:, at::2] = np.pad(luma, ((0, 0), (0, width % 2)))
    used[:, cb::4], used[:, cr::4] = blue, red
    frame.planes[0].update(rows.tobytes())
    return frame


@pytest.mark.parametrize(
    ("planar", "packed"),
    [
        ("yuv420p", ""), ("yuv422p", ""), ("yuv444p", ""), ("yuv420p10le", ""),
        ("yuv422p12le", ""), ("yuv444p16le", ""), ("gray", ""), ("gray10le", ""),
        ("yuv420p", "nv12"), ("yuv420p", "nv21"), ("yuv444p", "nv24"),
        ("yuv420p10le", "p010le"), ("yuv422p", "yuyv422"), ("yuv422p", "uyvy422"),
        ("yuv422p", "yvyu422"), ("yuv420p10le", "yuv420p10be"), ("gray16le", "gray16be"),
    ],
)  # fmt: skip
def test_yuv_samples_are_exact(planar: str, packed: str) -> None:
    given = _info(planar)
    planes = _random(given)
    frame = named_format(given, planar).frame(planes, given)
    if packed in _PACKED_422:
        frame = _packed_422(planes, packed)
    elif packed:
        frame = frame.reformat(format=packed, threads=1)
        assert frame.format.name == packed
    info, found = _read(frame)
    assert (info.bit_depth, info.chroma_shift) == (given.bit_depth, given.chroma_shift)
    for ours, theirs in zip(found, planes, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("packed", ["rgb24", "bgr24", "bgr0", "rgba", "argb", "gbrp"])
def test_rgb_goes_through_our_matrices(packed: str) -> None:
    rgb = np.random.default_rng(4).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    frame = VideoFrame.from_ndarray(rgb, format="rgb24")
    info, found = _read(frame if packed == "rgb24" else frame.reformat(format=packed))
    assert (info.bit_depth, info.chroma_shift) == (8, (0, 0))
    assert info.color == ColorInfo(matrix=6)
    for ours, theirs in zip(found, from_rgb(rgb, info), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_deep_rgb_becomes_ten_bits() -> None:
    rgb = np.full((HEIGHT, WIDTH, 3), 65535, dtype=np.uint16)
    info, found = _read(VideoFrame.from_ndarray(rgb, format="rgb48le"))
    assert info.bit_depth == 10
    assert (int(found[0].max()), int(found[1].max()), int(found[2].max())) == (940, 512, 512)


@pytest.mark.parametrize(
    ("name", "shift"), [("yuv411p", (1, 0)), ("yuv410p", (1, 1)), ("yuv440p", (0, 0))]
)
def test_rare_subsampling_repeats_chroma(name: str, shift: tuple[int, int]) -> None:
    frame = VideoFrame(WIDTH, HEIGHT, name)
    for value, plane in zip((7, 80, 160), frame.planes, strict=True):
        np.frombuffer(memoryview(plane), np.uint8)[:] = value
    info, found = _read(frame)
    assert info.chroma_shift == shift
    assert tuple(plane.shape for plane in found) == info.plane_sizes
    assert [int(plane[0, 0]) for plane in found] == [7, 80, 160]
    assert [int(plane.ptp() if hasattr(plane, "ptp") else np.ptp(plane)) for plane in found] == [
        0,
        0,
        0,
    ]


def test_bottom_up_frames_are_turned() -> None:
    """Raw AVI stores rows upwards: PyAV shows a negative line size."""
    import io

    import av

    rgb = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="avi") as target:
        stream = target.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr24"
        target.mux(stream.encode(VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="bgr24")))
        target.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer) as source:
        frame = next(source.decode(video=0))
        _, found = _read(frame)
        _, wanted = _read(VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"), "rgb24"))
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)
