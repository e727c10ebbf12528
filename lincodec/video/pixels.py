"""PyAV frames to planes, sample by sample, without a software scaler where possible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lincodec.types import ColorInfo, Planes, VideoInfo
from lincodec.video.color import default_matrix, from_rgb, upsample


@dataclass(frozen=True)
class PixelLayout:
    """How the samples of one PyAV pixel format become planes."""

    kind: str
    """planar, semi, packed, gray_alpha, gbr, rgb or convert."""
    bit_depth: int
    """Bits of the planes we hand out, 8..16."""
    chroma_shift: tuple[int, int] | None
    """Subsampling of the planes we hand out."""
    source_shift: tuple[int, int] = (0, 0)
    """Subsampling in the frame, for formats whose chroma we repeat (4:1:1, 4:1:0, 4:4:0)."""
    via: str = ""
    """Format the frame is first converted to (same samples in another order), or ''."""
    is_rgb: bool = False
    has_alpha: bool = False


def pixel_layout(name: str) -> PixelLayout:
    """Describe the pixel format ``name`` (an FFmpeg name such as ``yuv420p10le``)."""
    fmt = VideoFormat(name, 64, 64)
    parts = fmt.components
    alpha = any(part.is_alpha for part in parts) or name == "pal8"
    bits = max((part.bits for part in parts), default=8)
    if fmt.is_rgb or fmt.has_palette or fmt.is_bayer:
        return _rgb_layout(name, bits, alpha)
    shift = (
        _log2(64 // max(1, fmt.chroma_width(64))),
        _log2(64 // max(1, fmt.chroma_height(64))),
    )
    if len([part for part in parts if not part.is_alpha]) == 1:
        return _gray_layout(name, bits, alpha)
    if name in ("nv12", "nv21", "nv16", "nv24", "nv42"):
        return PixelLayout("semi", 8, shift)
    if name[:2] in ("p0", "p2", "p4") and name.endswith("le"):
        return PixelLayout("semi", bits, shift)
    if name in ("yuyv422", "uyvy422", "yvyu422"):
        return PixelLayout("packed", 8, (1, 0))
    planar = fmt.is_planar and len({part.plane for part in parts}) == len(parts)
    if planar and "msb" not in name and not fmt.is_big_endian:
        return PixelLayout(
            "planar", max(8, bits), kept_shift(shift), source_shift=shift, has_alpha=alpha
        )
    kept = kept_shift(shift)
    return PixelLayout(
        "convert", max(8, bits), kept, source_shift=kept, via=planar_name(kept, bits),
        has_alpha=alpha,
    )  # fmt: skip


def frame_info(frame: VideoFrame, layout: PixelLayout, base: VideoInfo) -> VideoInfo:
    """Complete ``base`` with size, depth, subsampling and colour of ``frame``'s planes.

    RGB frames get limited range and the tagged matrix (BT.709 or BT.601 by size), because
    that is what ``planes_of`` converts them to. Grey without a stated range is full range.
    """
    color = base.color
    if layout.is_rgb:
        matrix = default_matrix(frame.width, frame.height)
        color = ColorInfo(color.primaries, color.transfer, matrix, full_range=False)
    elif layout.chroma_shift is None and int(frame.color_range) == 0:
        color = replace(color, full_range=True)
    return replace(
        base,
        width=frame.width,
        height=frame.height,
        bit_depth=layout.bit_depth,
        chroma_shift=layout.chroma_shift,
        color=color,
    )


def planes_of(frame: VideoFrame, layout: PixelLayout, info: VideoInfo) -> Planes:
    """Copy the samples of ``frame`` into planes of ``info``.

    Returns:
        (Y, U, V) or (Y,), C-contiguous, uint8 for 8 bits and uint16 above.
    """
    if layout.via:
        frame = frame.reformat(format=layout.via, threads=1)
    dtype = np.dtype(np.uint8 if layout.bit_depth == 8 else "<u2")
    if layout.kind in ("planar", "convert"):
        return _planar(frame, layout, info, dtype)
    if layout.kind == "gray_alpha":
        pair = _samples(frame, 0, dtype, 2)
        return (np.ascontiguousarray(pair[..., 0]),)
    if layout.kind == "semi":
        return _semi_planar(frame, layout, dtype)
    if layout.kind == "packed":
        return _packed_422(frame)
    return from_rgb(_rgb_of(frame, layout), info)


def limited(planes: Planes, bit_depth: int) -> Planes:
    """The same planes with samples beyond the largest code of ``bit_depth`` made that code.

    Raw video may state fewer bits than its samples have. Planes without any are returned as they
    are.
    """
    top = (1 << bit_depth) - 1
    if bit_depth in (8, 16) or all(int(plane.max(initial=0)) <= top for plane in planes):
        return planes
    return tuple(np.minimum(plane, plane.dtype.type(top)) for plane in planes)


def _planar(
    frame: VideoFrame, layout: PixelLayout, info: VideoInfo, dtype: np.dtype[Any]
) -> Planes:
    if layout.chroma_shift is None:
        return (np.ascontiguousarray(_samples(frame, 0, dtype)),)
    planes = [_samples(frame, k, dtype) for k in range(3)]
    sx, sy = (a - b for a, b in zip(layout.source_shift, layout.chroma_shift, strict=True))
    if sx or sy:
        height, width = info.plane_sizes[1]
        planes[1:] = [upsample(plane, (sx, sy), height, width) for plane in planes[1:]]
    return tuple(np.ascontiguousarray(plane) for plane in planes)


def _semi_planar(frame: VideoFrame, layout: PixelLayout, dtype: np.dtype[Any]) -> Planes:
    luma = _samples(frame, 0, dtype)
    pair = _samples(frame, 1, dtype, 2)
    first, second = pair[..., 0], pair[..., 1]
    if frame.format.name in ("nv21", "nv42"):
        first, second = second, first
    unused = 0 if layout.bit_depth == 8 else 16 - layout.bit_depth  # p010 is left-aligned
    return tuple(np.ascontiguousarray(plane >> unused) for plane in (luma, first, second))


def _packed_422(frame: VideoFrame) -> Planes:
    size = frame.planes[0].line_size
    rows = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(frame.height, abs(size))
    rows = rows[::-1] if size < 0 else rows
    chroma_width = (frame.width + 1) // 2
    rows = rows[:, : 4 * chroma_width]
    luma, first, second = {
        "yuyv422": (rows[:, 0::2], rows[:, 1::4], rows[:, 3::4]),
        "uyvy422": (rows[:, 1::2], rows[:, 0::4], rows[:, 2::4]),
        "yvyu422": (rows[:, 0::2], rows[:, 3::4], rows[:, 1::4]),
    }[frame.format.name]
    planes = (luma[:, : frame.width], first, second)
    return tuple(np.ascontiguousarray(plane) for plane in planes)


def _rgb_of(frame: VideoFrame, layout: PixelLayout) -> NDArray[Any]:
    """[height, width, 3] on the 0..255 scale; deep sources keep their fraction."""
    if layout.kind == "rgb":
        return _samples(frame, 0, np.dtype(np.uint8), 3)
    bits = frame.format.components[0].bits
    dtype = np.dtype(np.uint8 if bits == 8 else "<u2")
    green, blue, red = (_samples(frame, k, dtype) for k in range(3))
    rgb = np.stack((red, green, blue), axis=-1)
    return rgb if bits == 8 else rgb.astype(np.float32) * np.float32(255 / ((1 << bits) - 1))


def _samples(
    frame: VideoFrame, index: int, dtype: np.dtype[Any], per_pixel: int = 1
) -> NDArray[Any]:
    """View of plane ``index`` without padding: [h, w], or [h, w, n] for n samples a pixel."""
    plane = frame.planes[index]
    size = plane.line_size
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, abs(size))
    rows = rows[::-1] if size < 0 else rows
    used = rows[:, : plane.width * per_pixel * dtype.itemsize]
    values = used if dtype.itemsize == 1 else np.ascontiguousarray(used).view(dtype)
    return values.reshape(plane.height, plane.width, per_pixel) if per_pixel > 1 else values


def _rgb_layout(name: str, bits: int, alpha: bool) -> PixelLayout:
    if name in ("gbrp", "gbrap"):
        return PixelLayout("gbr", 8, (0, 0), is_rgb=True, has_alpha=alpha)
    deep = name.startswith(("gbrp", "gbrap")) and name.endswith("le")
    if deep and 9 <= bits <= 16 and "msb" not in name:
        return PixelLayout("gbr", 10, (0, 0), is_rgb=True, has_alpha=alpha)
    if bits > 8:
        depth = next((b for b in (9, 10, 12, 14, 16) if b >= bits), 16)
        via = f"gbrp{depth}le"
        return PixelLayout("gbr", 10, (0, 0), via=via, is_rgb=True, has_alpha=alpha)
    via = "" if name == "rgb24" else "rgb24"
    return PixelLayout("rgb", 8, (0, 0), via=via, is_rgb=True, has_alpha=alpha)


def _gray_layout(name: str, bits: int, alpha: bool) -> PixelLayout:
    if name == "ya8" or (name == "ya16le"):
        return PixelLayout("gray_alpha", bits, None, has_alpha=True)
    known = {"gray": 8, "gray9le": 9, "gray10le": 10, "gray12le": 12, "gray14le": 14}
    if known.get(name) == bits or name == "gray16le":
        return PixelLayout("planar", bits, None)
    depth = next((b for b in (8, 9, 10, 12, 14, 16) if b >= bits), 16)
    via = "gray" if depth == 8 else f"gray{depth}le"
    return PixelLayout("convert", depth, None, via=via, has_alpha=alpha)


def planar_name(shift: tuple[int, int], bits: int) -> str:
    """FFmpeg name of planar YUV with this log2 of the subsampling and at least ``bits`` bits."""
    depth = next((b for b in (8, 9, 10, 12, 14, 16) if b >= bits), 16)
    chroma = {(1, 1): "420", (1, 0): "422", (0, 0): "444"}[shift]
    return f"yuv{chroma}p" + ("" if depth == 8 else f"{depth}le")


def kept_shift(shift: tuple[int, int]) -> tuple[int, int]:
    """The nearest of 4:2:0, 4:2:2 and 4:4:4 that loses no chroma sample."""
    sx, sy = min(shift[0], 1), min(shift[1], 1)
    return (sx, sy) if sx >= sy else (0, 0)


def _log2(value: int) -> int:
    return max(0, value.bit_length() - 1)
