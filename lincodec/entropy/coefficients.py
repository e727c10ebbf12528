"""Integers of one spectral channel, nearly all zero: only the others are kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Dense = NDArray[np.int32]
Shape = tuple[int, int, int, int, int]


def scattered(shape: Sequence[int], where: NDArray[np.int64], values: NDArray[Any]) -> NDArray[Any]:
    """An array of ``values`` at flat indices and of zeros elsewhere, of their dtype."""
    out = np.zeros(shape, values.dtype)
    out.ravel()[where] = values
    return out


@dataclass(frozen=True)
class Coefficients:
    """``q[k, by, bx, v, u]``: component, block row and column, vertical, horizontal frequency."""

    shape: Shape
    """(K, rows, columns, Bv, Bu)."""
    where: NDArray[np.int64]
    """Flat indices of those that are not zero, ascending."""
    values: Dense
    """They, int32 of the same length."""

    @classmethod
    def of(cls, dense: Dense) -> Coefficients:
        """Those of an int32 array [K, rows, columns, Bv, Bu]."""
        where = np.flatnonzero(dense != 0)  # of booleans it is much faster
        k, rows, columns, v, u = dense.shape
        return cls((k, rows, columns, v, u), where, dense.ravel()[where])

    def dense(self) -> Dense:
        """All of them, int32 of the shape."""
        return scattered(self.shape, self.where, self.values)

    @property
    def area(self) -> int:
        """Coefficients of a block."""
        return self.shape[3] * self.shape[4]

    @property
    def blocks(self) -> int:
        """Blocks of all components."""
        return math.prod(self.shape[:3])

    @cached_property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Blocks and places in them, both as row-major indices, of those that are not zero."""
        return np.divmod(self.where, self.area)


@dataclass(frozen=True)
class Placed:
    """Some elements of an array that is zero elsewhere."""

    shape: tuple[int, ...]
    where: NDArray[np.int64]
    """Flat indices."""
    values: NDArray[np.float32]

    def dense(self) -> NDArray[np.float32]:
        """The whole array, float32."""
        return scattered(self.shape, self.where, self.values)


def cropped(q: Coefficients) -> tuple[tuple[int, ...], NDArray[np.int64]]:
    """Shape with the least v and u, from one, that hold all of ``q``, and flat indices in it."""
    block, place = q.places
    row, column = np.divmod(place, q.shape[4])
    v, u = (int(axis.max(initial=0)) + 1 for axis in (row, column))
    return (*q.shape[:3], v, u), (block * v + row) * u + column


@dataclass(frozen=True)
class Channel:
    """Geometry of one channel's coefficients."""

    planes: int
    rows: int
    columns: int
    height: int
    """Vertical block size."""
    width: int
    """Horizontal block size."""

    @property
    def area(self) -> int:
        """Coefficients of a block."""
        return self.height * self.width
