"""Integers of one spectral channel, nearly all zero: only the others are kept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Dense = NDArray[np.int32]
Shape = tuple[int, int, int, int, int]


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
        out = np.zeros(self.shape, np.int32)
        out.ravel()[self.where] = self.values
        return out

    @property
    def area(self) -> int:
        """Coefficients of a block."""
        return self.shape[3] * self.shape[4]

    @property
    def blocks(self) -> int:
        """Blocks of all components."""
        return math.prod(self.shape[:3])

    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Blocks and places in them, both as row-major indices, of those that are not zero."""
        return np.divmod(self.where, self.area)
