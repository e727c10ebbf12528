"""What tells pages of a screen from other pictures."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lincodec.core.library import library
from lincodec.core.status import check


class Cells(NamedTuple):
    """Cells of 8x8 samples of luma, of which every second one each way is looked at."""

    seen: int
    contrast: int
    """With a dark and a light sample."""
    ground: int
    """Of those, such as have many samples of one brightness."""


def screen_cells(luma: NDArray[np.generic], depth: int) -> Cells:
    """Count the cells of a plane [h, w], uint8 if ``depth`` is 8, else uint16."""
    plane = np.ascontiguousarray(luma, np.uint8 if depth == 8 else np.uint16)
    found = (ctypes.c_int32 * 3)()
    size = (ctypes.c_int32 * 2)(plane.shape[1], plane.shape[0])
    status = library().linc_screen_cells(plane.ctypes.data, plane.strides[0], size, depth, found)
    check(status, "looking at a picture")
    return Cells(*found)
