"""Colour mathematics between planes and RGB, in our own matrices (spec: HEAD, colour).

Conventions, used by every figure the program prints:

* an unspecified matrix means BT.709 for pictures of at least 720 lines or 1280 columns and
  BT.601 below that; the file keeps "unspecified", only the arithmetic assumes;
* chroma is brought to luma resolution by repeating samples and taken down by box averages;
* RGB is float32 on the 8-bit scale, 0..255, clipped to that range and not rounded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lincodec.types import FloatArray, Planes, VideoInfo

# Matrix code points of ITU-T H.273 that are defined by (kr, kb).
_MATRICES: dict[int, tuple[float, float]] = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}


def default_matrix(width: int, height: int) -> int:
    """H.273 matrix assumed for an untagged picture: 1 (BT.709) or 6 (BT.601)."""
    return 1 if height >= 720 or width >= 1280 else 6


def assumed_matrix(info: VideoInfo) -> tuple[float, float]:
    """(kr, kb) that metrics and RGB outputs use for ``info``.

    Matrices that are not of this form (YCgCo, ICtCp, constant luminance) fall back to the
    rule for untagged pictures.
    """
    fallback = default_matrix(info.width, info.height)
    return _MATRICES.get(info.color.matrix, _MATRICES[fallback])


def levels(bit_depth: int, *, full_range: bool) -> tuple[float, float, float, float]:
    """(luma offset, luma span, chroma offset, chroma span) in code values of ``bit_depth``."""
    if full_range:
        top = float((1 << bit_depth) - 1)
        return 0.0, top, float(1 << (bit_depth - 1)), top
    unit = float(1 << (bit_depth - 8))
    return 16 * unit, 219 * unit, 128 * unit, 224 * unit


def to_rgb(planes: Planes, info: VideoInfo) -> FloatArray:
    """Convert one frame to RGB.

    Args:
        planes: (Y, U, V) or (Y,) of ``info.bit_depth`` bits, sizes ``info.plane_sizes``.
        info: Gives depth, subsampling, matrix and range.

    Returns:
        [height, width, 3] float32 in 0..255, clipped, not rounded; a view of three
        contiguous channels.
    """
    y_offset, y_span, c_offset, c_span = levels(info.bit_depth, full_range=info.color.full_range)
    height, width = planes[0].shape
    rgb = np.empty((3, height, width), dtype=np.float32)
    luma = planes[0].astype(np.float32)
    luma *= np.float32(255.0 / y_span)
    luma -= np.float32(255.0 * y_offset / y_span)
    if len(planes) == 1 or info.chroma_shift is None:
        rgb[...] = luma
        return np.moveaxis(np.clip(rgb, 0.0, 255.0, out=rgb), 0, 2)
    kr, kb = assumed_matrix(info)
    kg = 1.0 - kr - kb
    scale = 255.0 / c_span
    cb = planes[1].astype(np.float32) - np.float32(c_offset)
    cr = planes[2].astype(np.float32) - np.float32(c_offset)
    blue = cb * np.float32(2 * (1 - kb) * scale)
    red = cr * np.float32(2 * (1 - kr) * scale)
    green = red * np.float32(-kr / kg) + blue * np.float32(-kb / kg)
    for channel, chroma in enumerate((red, green, blue)):
        _add_upsampled(luma, chroma, info.chroma_shift, rgb[channel])
    return np.moveaxis(np.clip(rgb, 0.0, 255.0, out=rgb), 0, 2)


def rgb_terms(info: VideoInfo) -> tuple[float, ...]:
    """What ``to_rgb`` computes with: R, G and B are ``a y - b`` and ``c v``, ``d u + e v``, ``f u``
    with u and v less g.

    Returns:
        a to g; all that has to do with chroma is 0 where there is none.
    """
    y_offset, y_span, c_offset, c_span = levels(info.bit_depth, full_range=info.color.full_range)
    luma = (255 / y_span, 255 * y_offset / y_span)
    if info.chroma_shift is None:
        return (*luma, 0.0, 0.0, 0.0, 0.0, 0.0)
    kr, kb = assumed_matrix(info)
    kg, scale = 1 - kr - kb, 255 / c_span
    blue, red = 2 * (1 - kb) * scale, 2 * (1 - kr) * scale
    return (*luma, red, -kb / kg * blue, -kr / kg * red, blue, c_offset)


def from_rgb(rgb: NDArray[Any], info: VideoInfo) -> Planes:
    """Convert RGB on the 0..255 scale to the planes that ``info`` describes.

    Args:
        rgb: [height, width, 3], any real type, 0..255 (fractions are kept until rounding).
        info: Depth, subsampling, matrix and range of the result.

    Returns:
        Planes of uint8 (8-bit) or uint16, rounded half to even and clipped to the code range.
    """
    y_offset, y_span, c_offset, c_span = levels(info.bit_depth, full_range=info.color.full_range)
    kr, kb = assumed_matrix(info)
    red, green, blue = (rgb[..., k].astype(np.float32) for k in range(3))
    luma = red * np.float32(kr) + green * np.float32(1 - kr - kb) + blue * np.float32(kb)
    y = luma * np.float32(y_span / 255.0) + np.float32(y_offset)
    if info.chroma_shift is None:
        return (_quantise(y, info.bit_depth),)
    scale = c_span / 255.0
    planes = [_quantise(y, info.bit_depth)]
    for value, k in ((blue, kb), (red, kr)):
        chroma = (value - luma) * np.float32(scale / (2 * (1 - k)))
        chroma = downsample(chroma, info.chroma_shift) + np.float32(c_offset)
        planes.append(_quantise(chroma, info.bit_depth))
    return tuple(planes)


def upsample(plane: NDArray[Any], shift: tuple[int, int], height: int, width: int) -> NDArray[Any]:
    """Repeat samples 2**shift times each way and crop to [height, width]."""
    sx, sy = shift
    if sx:
        plane = np.repeat(plane, 1 << sx, axis=1)
    if sy:
        plane = np.repeat(plane, 1 << sy, axis=0)
    return plane[:height, :width]


def downsample(plane: NDArray[Any], shift: tuple[int, int]) -> FloatArray:
    """Box average over 2**shift samples each way; edges are repeated for odd sizes.

    Returns:
        [ceil(h / 2**sy), ceil(w / 2**sx)] float32.
    """
    out = plane.astype(np.float32, copy=False)
    for axis, amount in ((1, shift[0]), (0, shift[1])):
        for _ in range(amount):
            if out.shape[axis] % 2:
                pad = [(0, 0), (0, 0)]
                pad[axis] = (0, 1)
                out = np.pad(out, pad, mode="edge")
            even = out[:, ::2] if axis else out[::2]
            odd = out[:, 1::2] if axis else out[1::2]
            out = (even + odd) * np.float32(0.5)
    return out


def change_depth(planes: Planes, source: int, target: int, *, full_range: bool) -> Planes:
    """Change the number of bits per sample.

    Limited range scales by a power of two (upwards exact, downwards rounded half up); full
    range maps the largest code to the largest code and keeps the chroma centre.

    Args:
        planes: Code values of ``source`` bits.
        source: Bits per sample now, 8..16.
        target: Bits per sample wanted, 8..16.
        full_range: Which of the two rules holds.

    Returns:
        uint8 planes for 8 bits, uint16 planes above.
    """
    if source == target:
        return planes
    dtype = np.uint8 if target == 8 else np.uint16
    if full_range:
        ratio = ((1 << target) - 1) / ((1 << source) - 1)
        centres = [(0.0, 0.0)] + [(float(1 << (source - 1)), float(1 << (target - 1)))] * 2
        return tuple(
            _quantise((plane.astype(np.float32) - np.float32(a)) * np.float32(ratio) + b, target)
            for plane, (a, b) in zip(planes, centres, strict=False)
        )
    shift = target - source
    if shift > 0:
        return tuple(np.left_shift(plane.astype(dtype), shift) for plane in planes)
    half, top = 1 << (-shift - 1), (1 << target) - 1
    return tuple(
        np.minimum((plane.astype(np.uint32) + half) >> -shift, top).astype(dtype)
        for plane in planes
    )


def change_chroma(
    planes: Planes,
    source: tuple[int, int] | None,
    target: tuple[int, int] | None,
    bit_depth: int,
) -> Planes:
    """Change the chroma subsampling: repeat samples upwards, box average downwards.

    Args:
        planes: (Y, U, V) subsampled by ``source``, or (Y,) when ``source`` is None.
        source: log2 subsampling now; None for grey.
        target: log2 subsampling wanted; None drops the chroma.
        bit_depth: Bits per sample; a grey source gets neutral chroma of this depth.
    """
    if source == target:
        return planes
    if target is None:
        return planes[:1]
    luma = planes[0]
    height, width = luma.shape
    sx, sy = target
    if source is None:
        size = ((height + (1 << sy) - 1) >> sy, (width + (1 << sx) - 1) >> sx)
        neutral = np.full(size, 1 << (bit_depth - 1), dtype=luma.dtype)
        return (luma, neutral, neutral)
    out = [luma]
    for plane in planes[1:]:
        full = upsample(plane, source, height, width)
        small = full if target == (0, 0) else downsample(full, target)
        out.append(small if small.dtype == luma.dtype else _quantise(small, bit_depth))
    return tuple(out)


def _add_upsampled(
    luma: FloatArray, chroma: FloatArray, shift: tuple[int, int], out: FloatArray
) -> None:
    """``out`` = ``luma`` + ``chroma`` repeated to its size, one phase at a time."""
    height, width = luma.shape
    sx, sy = shift
    wide = chroma
    if sx:
        wide = np.empty((chroma.shape[0], width), dtype=np.float32)
        for phase in range(1 << sx):
            columns = (width - phase + (1 << sx) - 1) >> sx
            wide[:, phase :: 1 << sx] = chroma[:, :columns]
    for phase in range(1 << sy):
        rows = (height - phase + (1 << sy) - 1) >> sy
        np.add(luma[phase :: 1 << sy], wide[:rows], out=out[phase :: 1 << sy])


def _quantise(values: NDArray[Any], bit_depth: int) -> NDArray[Any]:
    """Round half to even and clip to 0..2**bit_depth - 1."""
    out: NDArray[Any] = np.rint(values)
    np.clip(out, 0, (1 << bit_depth) - 1, out=out)
    codes: NDArray[Any] = out.astype(np.uint8 if bit_depth == 8 else np.uint16)
    return codes
