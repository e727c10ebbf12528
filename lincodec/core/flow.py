"""The search for motion between frames, for the motion tensor (spec clause 8.7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lincodec.core.library import library
from lincodec.errors import LincError

Floats = NDArray[np.float32]


def _check(status: int) -> None:
    if status:
        raise LincError(f"search for motion: the compiled core answered {status}")


def _plane(samples: Floats) -> Floats:
    return np.ascontiguousarray(samples, np.float32)


def halved(plane: Floats) -> Floats:
    """[h, w] by means of 2 x 2 samples, edges repeated."""
    plane = _plane(plane)
    height, width = plane.shape
    out = np.empty(((height + 1) // 2, (width + 1) // 2), np.float32)
    _check(library().linc_flow_halve(plane.ctypes.data, height, width, out.ctypes.data))
    return out


def smoothed(plane: Floats) -> Floats:
    """[h, w] by the binomial filter 1 2 1 along both axes."""
    plane = _plane(plane)
    out = np.empty_like(plane)
    _check(library().linc_flow_smooth(plane.ctypes.data, *plane.shape, out.ctypes.data))
    return out


class FlowSearch:
    """Searches between planes of one size; an object is for one thread at a time."""

    def __init__(self, size: tuple[int, int], cells: tuple[int, int]) -> None:
        """
        Args:
            size: (height, width) of the planes.
            cells: (rows, columns) of the grid that displacements lie on.
        """
        self._size, self._cells = size, cells
        count = int(library().linc_flow_bytes(*size, *cells))
        if not count:
            raise LincError(f"search for motion: planes of {size} with a grid of {cells} cells")
        self._work = np.empty(count, np.uint8)

    def between(self, first: Floats, second: Floats) -> Floats:
        """Displacements from a plane to another, float32 [2, rows, columns].

        Returns:
            Samples, horizontal then vertical, seen from halfway.
        """
        first, second = _plane(first), _plane(second)
        if first.shape != self._size or second.shape != self._size:
            raise LincError(f"planes of {first.shape} and {second.shape}; expected {self._size}")
        field = np.empty((2, *self._cells), np.float32)
        _check(
            library().linc_flow_search(
                first.ctypes.data, second.ctypes.data, *self._size, *self._cells,
                field.ctypes.data, self._work.ctypes.data,
            )
        )  # fmt: skip
        return field
