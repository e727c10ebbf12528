"""A picture at another size by matrix products, on any device (spec clause 8.4).

Each axis is one banded matrix of what ``lincodec.core.resample`` says its samples are made of.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lincodec.core.resample import Area, Extent, taps

#: Output samples whose matrix rows are multiplied together.
_BAND = 64


@lru_cache(maxsize=16)
def _bands(extent: Extent) -> tuple[tuple[int, int, Tensor], ...]:
    """(first input, past the last input, float32 weights) of every band of outputs."""
    found, out = taps(extent), []
    for start in range(0, extent.count, _BAND):
        first, weights = (part[start : start + _BAND] for part in (found.first, found.weights))
        begin, stop = int(first[0]), int(first[-1]) + weights.shape[1]
        band = torch.zeros(len(first), stop - begin, dtype=torch.float64)
        places = torch.from_numpy(first - begin)[:, None] + torch.arange(weights.shape[1])
        out.append((begin, stop, band.scatter_(1, places, torch.tensor(weights)).float()))
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
