"""Choosing the pixel format of an output video, and bringing planes into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import av
import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lincodec.errors import UsageError
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import change_chroma, change_depth, to_rgb
from lincodec.video.pixels import planar_name

_CHROMA_NAMES = {(1, 1): "420", (1, 0): "422", (0, 0): "444"}
# Codecs whose bitstream crops in chroma units: odd sizes cannot be subsampled.
_EVEN_CODECS = frozenset({"h264", "hevc"})


@dataclass(frozen=True)
class OutputFormat:
    """A pixel format and how planes become frames of it."""

    name: str
    """FFmpeg name of the frames handed to the encoder."""
    info: VideoInfo
    """The input's description with the depth and subsampling of ``planar``."""
    planar: str
    """Planar format the planes are written in; equal to ``name`` unless it is repacked."""
    is_rgb: bool = False

    @property
    def is_full(self) -> bool:
        """Whether all codes are used, whatever the source does: RGB and JPEG."""
        return self.is_rgb or self.name.startswith("yuvj")

    def frame(self, planes: Planes, source: VideoInfo) -> VideoFrame:
        """One PyAV frame from planes of ``source``."""
        info = self.info
        if self.is_rgb:
            arrays = _rgb_planes(planes, source, info.bit_depth)
        else:
            arrays = convert(planes, source, info)
        frame = VideoFrame(info.width, info.height, self.planar)
        for plane, array in zip(frame.planes, arrays, strict=True):
            fill(plane, array)
        if self.name == self.planar:
            return frame
        if self.is_full and not self.is_rgb and not source.color.full_range:
            return frame.reformat(format=self.name, src_color_range=1, dst_color_range=2, threads=1)
        return frame.reformat(format=self.name, threads=1)


def convert(planes: Planes, source: VideoInfo, target: VideoInfo) -> Planes:
    """Planes of ``source`` in the depth and subsampling of ``target`` (same size and range)."""
    planes = change_chroma(planes, source.chroma_shift, target.chroma_shift, source.bit_depth)
    return change_depth(
        planes, source.bit_depth, target.bit_depth, full_range=source.color.full_range
    )


def choose_format(info: VideoInfo, codec: str, pix_fmt: str | None) -> OutputFormat:
    """The pixel format for encoding ``info`` with ``codec``.

    Without ``pix_fmt``, depth and subsampling of the video are kept when the encoder takes
    them; otherwise the nearest it takes: first more bits and chroma, then fewer. An odd width
    or height with H.264 or HEVC becomes 4:4:4, the only way to keep the size. Grey becomes
    4:2:0 with neutral chroma, which every player shows.

    Raises:
        UsageError: Unknown codec or format, one the encoder does not take, or an odd size
            that ``pix_fmt`` cannot hold.
    """
    encoder = _encoder(codec)
    known = [fmt.name for fmt in encoder.video_formats or ()]
    if pix_fmt is not None:
        if known and pix_fmt not in known:
            raise UsageError(
                f"{codec} does not take pixel format {pix_fmt}; it takes {', '.join(known)}"
            )
        chosen = named_format(info, pix_fmt)
    else:
        names = [name for name in _candidates(info, encoder) if not known or name in known]
        if not names:
            names = [name for name in known if not name.startswith(("yuvj", "gray"))][:1]
        if not names:
            raise UsageError(f"{codec} takes no pixel format that suits this video")
        full = names[0].replace("yuv4", "yuvj4")
        is_jpeg = encoder.canonical_name == "mjpeg" and full in known
        chosen = named_format(info, full if is_jpeg else names[0])
    _check_size(chosen, info, encoder.canonical_name, codec)
    return chosen


def named_format(info: VideoInfo, pix_fmt: str) -> OutputFormat:
    """Output in the FFmpeg pixel format ``pix_fmt``.

    Raises:
        UsageError: The name is unknown, or of a kind that cannot be written.
    """
    try:
        fmt = VideoFormat(pix_fmt, 64, 64)
    except ValueError as error:
        raise UsageError(f"unknown pixel format {pix_fmt!r}; try yuv420p") from error
    bits = max((part.bits for part in fmt.components), default=0)
    if not 8 <= bits <= 16 or fmt.has_palette or fmt.is_bayer:
        raise UsageError(f"pixel format {pix_fmt} cannot be written; try yuv420p")
    if fmt.is_rgb:
        planar = "gbrp" if bits == 8 else f"gbrp{bits}le"
        target = replace(info, bit_depth=bits, chroma_shift=(0, 0))
        return OutputFormat(pix_fmt, target, planar, is_rgb=True)
    if sum(not part.is_alpha for part in fmt.components) == 1:
        planar = "gray" if bits == 8 else f"gray{bits}le"
        return OutputFormat(pix_fmt, replace(info, bit_depth=bits, chroma_shift=None), planar)
    shift = (64 // fmt.chroma_width(64) - 1, 64 // fmt.chroma_height(64) - 1)
    if shift not in _CHROMA_NAMES:
        raise UsageError(f"pixel format {pix_fmt} cannot be written; try yuv420p")
    planar = planar_name(shift, bits)
    if pix_fmt.startswith("yuvj") and info.color.full_range:
        planar = pix_fmt
    return OutputFormat(pix_fmt, replace(info, bit_depth=bits, chroma_shift=shift), planar)


def _encoder(codec: str) -> av.Codec:
    try:
        encoder = av.Codec(codec, "w")
    except ValueError as error:
        raise UsageError(
            f"no encoder named {codec!r}; try libx264, libx265, libsvtav1 or ffv1"
        ) from error
    if encoder.type != "video":
        raise UsageError(f"{codec} is not a video encoder; try libx264")
    return encoder


def _candidates(info: VideoInfo, encoder: av.Codec) -> list[str]:
    """Planar format names from the best match to the least."""
    depths = sorted(
        (8, 9, 10, 12, 14, 16), key=lambda b: (b < info.bit_depth, abs(b - info.bit_depth))
    )
    if info.chroma_shift is None and encoder.name == "ffv1":
        return ["gray" if bits == 8 else f"gray{bits}le" for bits in depths]
    wanted = info.chroma_shift or (1, 1)
    if encoder.canonical_name in _EVEN_CODECS and _is_odd(info, wanted):
        wanted = (0, 0)
    richer = [s for s in _CHROMA_NAMES if s[0] <= wanted[0] and s[1] <= wanted[1]]
    poorer = [s for s in ((1, 0), (1, 1)) if s not in richer]
    shifts = sorted(richer, reverse=True) + poorer
    return [planar_name(shift, bits) for bits in depths for shift in shifts]


def _check_size(chosen: OutputFormat, info: VideoInfo, standard: str, codec: str) -> None:
    shift = chosen.info.chroma_shift
    if standard in _EVEN_CODECS and shift is not None and _is_odd(info, shift):
        raise UsageError(
            f"{codec} cannot hold {info.width}x{info.height} as {chosen.name}: "
            "odd sizes need yuv444p, or leave --pix-fmt out"
        )


def _is_odd(info: VideoInfo, shift: tuple[int, int]) -> bool:
    return bool(info.width % (1 << shift[0]) or info.height % (1 << shift[1]))


def _rgb_planes(planes: Planes, source: VideoInfo, bits: int) -> Planes:
    """G, B, R planes of ``bits`` bits, rounded."""
    top = (1 << bits) - 1
    rgb = np.rint(to_rgb(planes, source) * np.float32(top / 255))
    codes = rgb.astype(np.uint8 if bits == 8 else np.uint16)
    return (codes[..., 1], codes[..., 2], codes[..., 0])


def fill(plane: Any, array: NDArray[Any]) -> None:
    """Copy ``array`` [h, w] into a PyAV plane, whose rows are padded."""
    dtype = np.dtype(np.uint8 if array.dtype == np.uint8 else "<u2")
    height, width = array.shape
    if (height, width) != (plane.height, plane.width):
        raise ValueError(f"plane of {width}x{height}, expected {plane.width}x{plane.height}")
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    view = rows[:, : width * dtype.itemsize].view(dtype)
    view[...] = array
