"""How a picture stands: display matrices of containers, and turning samples upright."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lincodec.types import VideoInfo

#: Nine numbers of 32 bits: 16.16 fixed point, the last column 2.30.
_MATRIX = struct.Struct("=9i")


def orientation(matrix: bytes) -> tuple[float, bool]:
    """What a display matrix does.

    Args:
        matrix: side data of FFmpeg: row vectors (x, y, 1) are multiplied with it.

    Returns:
        Degrees counter-clockwise, from 0 up to 360, by which the picture is turned, and whether
        left and right are exchanged after that.
    """
    if len(matrix) < _MATRIX.size:
        return 0.0, False
    a, b, _, c, d, *_ = _MATRIX.unpack_from(matrix)
    wide, high = math.hypot(a, c), math.hypot(b, d)
    if not wide or not high:
        return 0.0, False
    mirrored = a * d - b * c < 0
    turned = math.degrees(math.atan2(b / high, (-a if mirrored else a) / wide))
    return -turned % 360, mirrored


def square_size(size: tuple[int, int], sar: Fraction) -> tuple[int, int]:
    """(width, height) of a picture of that size and shape of samples with square ones, no smaller.

    Args:
        sar: width over height of a sample.
    """
    width, height = size
    if sar >= 1:
        return round(width * sar), height
    return width, round(height / sar)


def upright(picture: NDArray[Any], info: VideoInfo) -> NDArray[Any]:
    """A picture [height, width, ...] as it is to be shown; a view of the same samples."""
    turned = np.rot90(picture, info.rotation // 90)
    return np.fliplr(turned) if info.mirrored else turned
