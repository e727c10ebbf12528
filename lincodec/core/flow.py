"""Pictures between two others, along motion that is searched in both (spec clause 8.7)."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lincodec.core import signatures
from lincodec.core.buffers import Buffers
from lincodec.core.library import library
from lincodec.core.status import check
from lincodec.types import Planes

#: Parts of the way from one picture to the next.
_WHOLE = 1 << 16
#: Pictures whose memory is remembered.
_REMEMBERED = 16
_WHAT = "a picture between two"

Integers = NDArray[np.int32]


@dataclass(frozen=True)
class Picture:
    """A picture that motion is searched in."""

    planes: Planes
    """Codes, [h, w] each."""
    sizes: NDArray[np.int64]
    """Its luma at all sizes that it is searched at, as the core lays it out."""


@dataclass(frozen=True)
class Motion:
    """Where the cells of a picture are in another one."""

    vectors: Integers
    """[rows, columns, 2], across and down, 64ths of a luma sample."""
    left: Integers
    """[rows, columns], mean difference along them, sixteenths of an 8-bit code."""


@dataclass(frozen=True)
class Field:
    """A picture and where its cells are in another one."""

    picture: Picture
    motion: Motion
    seen: Integers
    """[rows, columns], how surely the other one shows them, 0 to 256."""


class Interpolator:
    """Makes pictures between those of one size; threads may share it.

    Attributes:
        grid: rows and columns of cells, and the side of a cell in luma samples.
    """

    def __init__(self, plane_sizes: tuple[tuple[int, int], ...], depth: int) -> None:
        """
        Args:
            plane_sizes: (height, width) of the planes, luma first; chroma rounded up.
            depth: bits of a sample, 8 to 16.
        """
        self._core, self._sizes, self._depth = library(), plane_sizes, depth
        self._height, self._width = plane_sizes[0]
        self._kind = np.dtype(np.uint8 if depth == 8 else np.uint16)
        self._buffers = Buffers(plane_sizes, self._kind, _REMEMBERED)
        grid = signatures.FlowGrid()
        check(self._core.linc_flow_grid(self._height, self._width, ctypes.byref(grid)), _WHAT)
        self.grid = (int(grid.rows), int(grid.columns), int(grid.side))

    def picture(self, planes: Planes) -> Picture:
        """A picture made ready for the search.

        Raises:
            ValueError: its planes are of other sizes.
        """
        sizes = tuple(plane.shape for plane in planes)
        if sizes != self._sizes:
            raise ValueError(f"planes of {sizes}; expected {self._sizes}")
        planes = tuple(np.ascontiguousarray(plane, self._kind) for plane in planes)
        found = _memory(self._core.linc_flow_planes_bytes(self._height, self._width))
        status = self._core.linc_flow_planes(
            planes[0].ctypes.data, self._height, self._width, self._depth, found.ctypes.data
        )
        check(status, _WHAT)
        return Picture(planes, found)

    def motion(self, picture: Picture, other: Picture) -> Motion:
        """Where the cells of a picture are in another one."""
        rows, columns, _ = self.grid
        vectors = np.empty((rows, columns, 2), np.int32)
        left = np.empty((rows, columns), np.int32)
        work = _memory(self._core.linc_flow_search_bytes(self._height, self._width))
        status = self._core.linc_flow_search(
            picture.sizes.ctypes.data, other.sizes.ctypes.data, self._height, self._width,
            vectors.ctypes.data, left.ctypes.data, work.ctypes.data,
        )  # fmt: skip
        check(status, _WHAT)
        return Motion(vectors, left)

    def field(self, picture: Picture, motion: Motion, other: Motion) -> Field:
        """A picture with its motion, which that of the other picture may contradict."""
        seen = np.empty_like(motion.left)
        status = self._core.linc_flow_seen(
            motion.vectors.ctypes.data, other.vectors.ctypes.data, self._height, self._width,
            seen.ctypes.data,
        )  # fmt: skip
        check(status, _WHAT)
        return Field(picture, motion, seen)

    def between(self, first: Field, second: Field, share: Fraction) -> Planes:
        """The picture at a share of the way from the first to the second, 0 < share < 1."""
        out = self._buffers.take()
        job = signatures.Between(
            self._height, self._width, len(out), *self._shift, self._depth, _parts(share),
            *(_addresses(p) for p in (first.picture.planes, second.picture.planes, out)),
            _seen_by_core(first), _seen_by_core(second),
        )  # fmt: skip
        vectors = np.empty_like(first.motion.vectors)
        work = _memory(self._core.linc_between_bytes(job))
        check(self._core.linc_flow_between(job, vectors.ctypes.data, work.ctypes.data), _WHAT)
        job.vectors = vectors.ctypes.data
        bands = self.grid[0] + 1
        check(self._core.linc_between(job, 0, bands, work.ctypes.data), _WHAT)
        return out

    @cached_property
    def _shift(self) -> tuple[int, int]:
        """log2 of the subsampling of chroma, across and down."""
        height, width = self._sizes[-1]
        return int(width != self._width), int(height != self._height)


def _parts(share: Fraction) -> int:
    return min(max(int(share * _WHOLE + Fraction(1, 2)), 1), _WHOLE - 1)


def _memory(size: int) -> NDArray[np.int64]:
    """Working memory of so many bytes."""
    return np.empty(-(-size // 8), np.int64)


def _addresses(planes: Planes) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * 3)(*(plane.ctypes.data for plane in planes))


def _seen_by_core(field: Field) -> signatures.FlowField:
    motion = field.motion
    return signatures.FlowField(
        motion.vectors.ctypes.data, motion.left.ctypes.data, field.seen.ctypes.data
    )
