"""A picture at another size: means when smaller, Lanczos with a little sharpening when larger.

Each axis is one banded matrix (spec clause 8.4). At native size it is the identity.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

#: Lobes of the Lanczos kernel on each side.
LOBES = 4
#: Sharpening of an enlargement without end; none at native size.
SHARPNESS = 0.04
#: Output samples whose matrix rows are multiplied together.
_BAND = 64


def axis_weights(size: int, count: int) -> Tensor:
    """Weights of ``size`` samples in ``count`` output samples, float64 [count, size]."""
    h = size / count
    samples = torch.arange(size, dtype=torch.float64)
    if h >= 1:
        left = (torch.arange(count, dtype=torch.float64) * h)[:, None]
        overlap = torch.minimum(left + h, samples + 1) - torch.maximum(left, samples)
        return overlap.clamp(min=0) / h
    at = (torch.arange(count, dtype=torch.float64) + 0.5) * h - 0.5
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
def _bands(size: int, count: int) -> tuple[tuple[int, int, Tensor], ...]:
    """(first input, past the last input, float32 weights) of every band of outputs."""
    weights, out = axis_weights(size, count), []
    for start in range(0, count, _BAND):
        part = weights[start : start + _BAND]
        used = part.abs().amax(0).nonzero()[:, 0]
        first, stop = int(used[0]), int(used[-1]) + 1
        out.append((first, stop, part[:, first:stop].float()))
    return tuple(out)


def resample(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Planes [m, h, w] at output ``size`` (height, width), float32 or float64."""
    height, width = planes.shape[1:]
    first, second = ((1, size[0]), (2, size[1]))
    if math.prod((size[0], width)) > math.prod((height, size[1])):
        first, second = second, first
    return _along(_along(planes, *first), *second)


def _along(planes: Tensor, dim: int, count: int) -> Tensor:
    """One axis, 1 or 2, at ``count`` samples."""
    size = planes.shape[dim]
    if size == count:
        return planes
    parts = []
    for first, stop, weights in _bands(size, count):
        inputs, weights = planes.narrow(dim, first, stop - first), weights.to(planes)
        parts.append(weights @ inputs if dim == 1 else inputs @ weights.T)
    return torch.cat(parts, dim)
