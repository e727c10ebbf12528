"""A picture at another size: means when smaller, Lanczos with a little sharpening when larger.

Each axis is one banded matrix (spec clause 8.4). At native size it is the identity. A part of a
picture is rendered as it is within the whole: samples around it are used where there are any.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

#: Lobes of the Lanczos kernel on each side.
LOBES = 4
#: Sharpening of an enlargement without end; none at native size.
SHARPNESS = 0.04
#: Output samples whose matrix rows are multiplied together.
_BAND = 64


@dataclass(frozen=True)
class Extent:
    """Output samples along an axis of a plane: equal cells of a part of it."""

    size: int
    """Native samples of the whole axis."""
    start: float
    """Where the part begins, in native samples, 0 <= start < stop <= size."""
    stop: float
    count: int
    """Output samples."""

    @staticmethod
    def whole(size: int, count: int) -> Extent:
        """All of an axis."""
        return Extent(size, 0, size, count)

    @property
    def cell(self) -> float:
        """Native samples of an output sample."""
        return (self.stop - self.start) / self.count

    @property
    def is_native(self) -> bool:
        """Whether output samples are native ones."""
        return self.cell == 1 and self.start == int(self.start)


#: Rows and columns of a plane.
Area = tuple[Extent, Extent]


def whole(native: tuple[int, int], size: tuple[int, int]) -> Area:
    """All of a plane of ``native`` (height, width) at ``size``."""
    return Extent.whole(native[0], size[0]), Extent.whole(native[1], size[1])


def axis_weights(extent: Extent) -> Tensor:
    """Weights of the native samples in the output samples, float64 [count, size]."""
    size, count, h = extent.size, extent.count, extent.cell
    samples = torch.arange(size, dtype=torch.float64)
    if h >= 1:
        left = (extent.start + torch.arange(count, dtype=torch.float64) * h)[:, None]
        overlap = torch.minimum(left + h, samples + 1) - torch.maximum(left, samples)
        return overlap.clamp(min=0) / h
    at = extent.start + (torch.arange(count, dtype=torch.float64) + 0.5) * h - 0.5
    taps = at.floor()[:, None] + torch.arange(1 - LOBES, LOBES + 1, dtype=torch.float64)
    away = taps - at[:, None]
    kernel = torch.sinc(away) * torch.sinc(away / LOBES)
    kernel = kernel / kernel.sum(1, keepdim=True)
    weights = torch.zeros(count, size, dtype=torch.float64)
    weights.scatter_add_(1, taps.clamp(0, size - 1).long(), kernel)
    return _sharpened(weights, SHARPNESS * (1 - h))


def _sharpened(weights: Tensor, share: float) -> Tensor:
    """The same of samples less ``share`` of both their neighbours, edges repeated."""
    long = torch.cat([weights[:, :1] * 0, weights, weights[:, :1] * 0], 1)
    around = long[:, :-2] + long[:, 2:]
    around[:, 0] += weights[:, 0]
    around[:, -1] += weights[:, -1]
    return (1 + 2 * share) * weights - share * around


@lru_cache(maxsize=16)
def _bands(extent: Extent) -> tuple[tuple[int, int, Tensor], ...]:
    """(first input, past the last input, float32 weights) of every band of outputs."""
    weights, out = axis_weights(extent), []
    for start in range(0, extent.count, _BAND):
        part = weights[start : start + _BAND]
        used = part.abs().amax(0).nonzero()[:, 0]
        first, stop = int(used[0]), int(used[-1]) + 1
        out.append((first, stop, part[:, first:stop].float()))
    return tuple(out)


def resample(planes: Tensor, area: Area) -> Tensor:
    """Planes [m, h, w] of the rows and columns of ``area``, float32 or float64."""
    rows, columns = area
    if rows.count * columns.size > rows.size * columns.count:
        return _along(_along(planes, 2, columns), 1, rows)
    return _along(_along(planes, 1, rows), 2, columns)


def _along(planes: Tensor, dim: int, extent: Extent) -> Tensor:
    """One axis, 1 or 2."""
    if extent.is_native:
        return planes.narrow(dim, int(extent.start), extent.count)
    parts = []
    for first, stop, weights in _bands(extent):
        inputs, weights = planes.narrow(dim, first, stop - first), weights.to(planes)
        parts.append(weights @ inputs if dim == 1 else inputs @ weights.T)
    return torch.cat(parts, dim)
