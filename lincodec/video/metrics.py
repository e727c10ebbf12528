"""Distortion figures, in numpy only.

Conventions: PSNR is 10 log10(peak^2 / MSE), with the peak 255 of 8-bit samples scaled to the
depth (2**depth - 1 for planes); identical pictures count as 100 dB, the largest figure
reported. RGB is compared after our own conversion with chroma repeated, clipped and unrounded
(see ``lincodec.video.color``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lincodec.core.compare import rgb_difference, squared_difference
from lincodec.errors import UsageError
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import rgb_terms

#: PSNR reported for identical pictures, dB.
PSNR_CAP = 100.0

#: Differences whose squares are summed in binary32 before they join the binary64 total.
_SUMMED = 1 << 14

_MS_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW = 11
_SIGMA = 1.5
_STRIP = 64
_TAPS = np.exp(-((np.arange(_WINDOW) - _WINDOW // 2) ** 2) / (2 * _SIGMA**2))
_TAPS = (_TAPS / _TAPS.sum()).astype(np.float32)


def mse(reference: NDArray[Any], distorted: NDArray[Any]) -> float:
    """Mean squared difference of two arrays of equal shape, any real type.

    Raises:
        UsageError: The shapes differ.
    """
    if reference.shape != distorted.shape:
        raise UsageError(f"sizes differ: {reference.shape} against {distorted.shape}")
    exact = np.float64 if np.float64 in (reference.dtype, distorted.dtype) else np.float32
    if not (reference.flags.c_contiguous and distorted.flags.c_contiguous):
        return _mean_square(np.subtract(reference, distorted, dtype=exact).ravel(order="K"))
    a, b = reference.reshape(-1), distorted.reshape(-1)
    total = 0.0
    for start in range(0, a.size, _SUMMED):  # a difference at a time, which stays in the cache
        part = slice(start, start + _SUMMED)
        total += _square(np.subtract(a[part], b[part], dtype=exact))
    return total / max(1, a.size)


def rgb_error(reference: Planes, distorted: Planes, info: VideoInfo) -> float:
    """Mean squared error of two frames as RGB, on the scale 0..255.

    Args:
        reference: planes as ``info`` describes them.
        distorted: of the same sizes.
        info: of both.
    """
    shift = info.chroma_shift or (0, 0)
    total = rgb_difference(reference, distorted, shift, info.bit_depth, rgb_terms(info))
    return total / (3 * reference[0].size)


def _mean_square(flat: NDArray[Any]) -> float:
    """Mean of the squares of a vector."""
    parts = range(0, flat.size, _SUMMED)
    return sum(_square(flat[start : start + _SUMMED]) for start in parts) / max(1, flat.size)


def _square(part: NDArray[Any]) -> float:
    """Sum of the squares of a few numbers, in their own precision."""
    return float(np.dot(part, part))


def psnr(error: float, peak: float = 255.0) -> float:
    """PSNR in dB of a mean squared error; capped at ``PSNR_CAP``."""
    if error <= 0:
        return PSNR_CAP
    return min(PSNR_CAP, 10 * math.log10(peak * peak / error))


def plane_errors(reference: Planes, distorted: Planes) -> tuple[float, ...]:
    """Mean squared error of each plane, in squared code values."""
    if len(reference) != len(distorted):
        raise UsageError(f"{len(reference)} planes against {len(distorted)}: cannot compare")
    return tuple(
        squared_difference(a, b) / a.size for a, b in zip(reference, distorted, strict=True)
    )


def psnr_planes(errors: Sequence[float], bit_depth: int = 8) -> tuple[float, ...]:
    """PSNR of each plane from its mean squared error."""
    peak = float((1 << bit_depth) - 1)
    return tuple(psnr(error, peak) for error in errors)


def psnr_yuv(planes: Sequence[float]) -> float:
    """(6 Y + U + V) / 8 of three plane PSNRs in dB; of one plane, that plane's."""
    if len(planes) == 1:
        return planes[0]
    y, u, v = planes
    return (6 * y + u + v) / 8


@dataclass
class PsnrSum:
    """Collects per-frame errors; gives both usual averages."""

    peak: float = 255.0
    errors: list[float] = field(default_factory=list)
    """Mean squared error of each frame."""

    def add(self, error: float) -> float:
        """Add one frame's mean squared error; returns its PSNR in dB."""
        self.errors.append(error)
        return psnr(error, self.peak)

    @property
    def mean(self) -> float:
        """Mean over frames of the per-frame PSNR, dB: the figure quoted by default."""
        if not self.errors:
            return 0.0
        return sum(psnr(error, self.peak) for error in self.errors) / len(self.errors)

    @property
    def of_mean(self) -> float:
        """PSNR of the mean squared error over all frames, dB."""
        if not self.errors:
            return 0.0
        return psnr(sum(self.errors) / len(self.errors), self.peak)


def bpp(size: int, width: int, height: int, n_frames: int) -> float:
    """Bits per luma sample of ``size`` bytes."""
    return 8 * size / (width * height * n_frames)


def ssim(reference: NDArray[Any], distorted: NDArray[Any], peak: float = 255.0) -> float:
    """Structural similarity of one plane (Wang 2004): 11x11 Gaussian of 1.5, valid windows."""
    return _similarity(_floats(reference), _floats(distorted), peak)[0]


def ms_ssim(reference: NDArray[Any], distorted: NDArray[Any], peak: float = 255.0) -> float:
    """Multi-scale structural similarity of one plane (Wang 2003).

    Five scales with the published weights; a plane too small for that (a side below 176
    samples) uses as many scales as fit, with the weights renormalised.

    Args:
        reference: [h, w], any real type.
        distorted: The same shape.
        peak: Largest code value.

    Raises:
        UsageError: The shapes differ, or a side is below 11 samples.
    """
    a, b = _floats(reference), _floats(distorted)
    if a.shape != b.shape:
        raise UsageError(f"sizes differ: {a.shape} against {b.shape}")
    scales = 1
    while scales < len(_MS_WEIGHTS) and min(a.shape) >> scales >= _WINDOW:
        scales += 1
    weights = np.array(_MS_WEIGHTS[:scales])
    weights /= weights.sum()
    result = 1.0
    for index, weight in enumerate(weights):
        full, contrast = _similarity(a, b, peak)
        value = full if index == scales - 1 else contrast
        result *= max(0.0, value) ** float(weight)
        a, b = _halved(a), _halved(b)
    return result


def _floats(plane: NDArray[Any]) -> NDArray[np.float32]:
    return plane.astype(np.float32, copy=False)


def _similarity(a: NDArray[np.float32], b: NDArray[np.float32], peak: float) -> tuple[float, float]:
    """(mean SSIM, mean contrast-structure term) over all valid windows."""
    if a.shape != b.shape or min(a.shape) < _WINDOW:
        raise UsageError(
            f"SSIM: expected two planes of equal size, at least {_WINDOW} samples each way, "
            f"found {a.shape} and {b.shape}"
        )
    c1, c2 = np.float32((0.01 * peak) ** 2), np.float32((0.03 * peak) ** 2)
    rows = a.shape[0] - _WINDOW + 1
    full_sum = contrast_sum = 0.0
    for top in range(0, rows, _STRIP):  # strips stay in the processor's cache
        bottom = min(rows, top + _STRIP) + _WINDOW - 1
        x, y = a[top:bottom], b[top:bottom]
        mean_x, mean_y = _blur(x), _blur(y)
        xx, yy, xy = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
        spread = _blur(x * x + y * y) - xx - yy
        covariance = _blur(x * y) - xy
        contrast = (2 * covariance + c2) / (spread + c2)
        contrast_sum += float(contrast.sum(dtype=np.float64))
        contrast *= (2 * xy + c1) / (xx + yy + c1)
        full_sum += float(contrast.sum(dtype=np.float64))
    count = rows * (a.shape[1] - _WINDOW + 1)
    return full_sum / count, contrast_sum / count


def _blur(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Separable 11-tap Gaussian, valid part only: [h - 10, w - 10]."""
    height, width = plane.shape
    half = _WINDOW // 2
    rows = plane[half : height - half] * _TAPS[half]
    for k in range(half):  # the taps are symmetric
        rows += (plane[k : height - 2 * half + k] + plane[2 * half - k : height - k]) * _TAPS[k]
    columns: NDArray[np.float32] = rows[:, half : width - half] * _TAPS[half]
    for k in range(half):
        left, right = rows[:, k : width - 2 * half + k], rows[:, 2 * half - k : width - k]
        columns += (left + right) * _TAPS[k]
    return columns


def _halved(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over 2x2 blocks; an odd last row or column is dropped."""
    height, width = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    even = plane[:height:2] + plane[1:height:2]
    out: NDArray[np.float32] = (even[:, :width:2] + even[:, 1:width:2]) * np.float32(0.25)
    return out
