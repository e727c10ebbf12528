"""Differences between pictures."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lincodec.core.library import library
from lincodec.core.status import check
from lincodec.errors import UsageError
from lincodec.types import Planes


def rgb_difference(
    first: Planes, second: Planes, shift: tuple[int, int], depth: int, colour: Sequence[float]
) -> float:
    """Sum of squared differences of R, G and B on the scale 0..255, clipped, chroma repeated.

    Args:
        first, second: planes of the same sizes, uint8 if ``depth`` is 8, else uint16.
        shift: log2 of the subsampling of chroma, across and down.
        depth: bits of a sample.
        colour: seven numbers, see ``linc_rgb_difference``.

    Raises:
        UsageError: the planes are of other sizes.
    """
    sizes = [[plane.shape for plane in planes] for planes in (first, second)]
    luma = first[0].shape
    chroma = tuple((side + (1 << up) - 1) >> up for side, up in zip(luma, shift[::-1], strict=True))
    if sizes[0] != sizes[1] or sizes[0] not in ([luma], [luma, chroma, chroma]):
        raise UsageError(f"planes of sizes {sizes[0]} and {sizes[1]} cannot be compared")
    kind = np.uint8 if depth == 8 else np.uint16
    height, width = first[0].shape
    how = (ctypes.c_int32 * 6)(width, height, len(first), *shift, depth)
    both = [[np.ascontiguousarray(plane, kind) for plane in planes] for planes in (first, second)]
    addresses = [(ctypes.c_void_p * 3)(*(p.ctypes.data for p in planes)) for planes in both]
    strides = [(ctypes.c_size_t * 3)(*(p.strides[0] for p in planes)) for planes in both]
    total = ctypes.c_double()
    check(
        library().linc_rgb_difference(
            how, (ctypes.c_float * 7)(*colour), addresses[0], strides[0], addresses[1], strides[1],
            ctypes.byref(total),
        ),
        "comparing pictures",
    )  # fmt: skip
    return total.value


def squared_difference(first: NDArray[np.generic], second: NDArray[np.generic]) -> int:
    """Sum of the squared differences of two planes [h, w], both uint8 or both uint16.

    Raises:
        UsageError: they are of other sizes.
        LimitError: they are larger than the format allows.
    """
    if first.shape != second.shape:
        raise UsageError(f"planes of sizes {first.shape} and {second.shape} cannot be compared")
    height, width = first.shape
    kind = np.uint8 if first.dtype == second.dtype == np.uint8 else np.uint16
    a, b = (np.ascontiguousarray(plane, kind) for plane in (first, second))
    total = ctypes.c_uint64()
    check(
        library().linc_squared_difference(
            (ctypes.c_int32 * 2)(width, height), 8 * kind().nbytes, a.ctypes.data, a.strides[0],
            b.ctypes.data, b.strides[0], ctypes.byref(total),
        ),
        "comparing planes",
    )  # fmt: skip
    return total.value
