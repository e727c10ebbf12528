"""Other sizes: means when smaller, Lanczos with a little sharpening when larger (spec clause 8.4).

A part of a picture is as it is within the whole: samples around it are used where there are any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lincodec.core import signatures
from lincodec.core.buffers import Buffers
from lincodec.core.library import library
from lincodec.core.status import check
from lincodec.types import Planes

#: Lobes of the Lanczos kernel on each side.
LOBES = 4
#: Sharpening of an enlargement without end; none at native size.
SHARPNESS = 0.04
#: Output samples that are worth a thread's while.
_PORTION = 1 << 16
#: Pictures whose memory is used again.
_REMEMBERED = 16


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


@dataclass(frozen=True)
class Taps:
    """Output samples of an axis as weighted sums of native ones that follow each other."""

    first: NDArray[np.int64]
    """Of the native samples of each, [count], not descending."""
    weights: NDArray[np.float64]
    """[count, samples]; those of each add up to 1."""


@lru_cache(maxsize=32)
def taps(extent: Extent) -> Taps:
    """What the output samples of an axis are made of."""
    found = _means(extent) if extent.cell >= 1 else _lanczos(extent)
    found.first.flags.writeable = found.weights.flags.writeable = False
    return found


def _means(extent: Extent) -> Taps:
    h = extent.cell
    left = extent.start + np.arange(extent.count)[:, None] * h
    begins_within = h != int(h) or extent.start != int(extent.start)
    count = min(math.ceil(h) + begins_within, extent.size)
    first = np.minimum(np.floor(left), extent.size - count).astype(np.int64)
    samples = first + np.arange(count)
    common = np.minimum(left + h, samples + 1) - np.maximum(left, samples)
    return Taps(first[:, 0], np.maximum(common, 0) / h)


def _lanczos(extent: Extent) -> Taps:
    """The eight samples of the kernel, each with its neighbours that sharpening takes from."""
    last, share = extent.size - 1, SHARPNESS * (1 - extent.cell)
    at = extent.start + (np.arange(extent.count) + 0.5) * extent.cell - 0.5
    places = np.floor(at).astype(np.int64)[:, None] + np.arange(1 - LOBES, LOBES + 1)
    away = places - at[:, None]
    kernel = np.sinc(away) * np.sinc(away / LOBES)
    kernel /= kernel.sum(1, keepdims=True)
    count = min(2 * LOBES + 2, extent.size)
    first = np.clip(places[:, :1] - 1, 0, extent.size - count)
    weights, rows = np.zeros((extent.count, count)), np.arange(extent.count)[:, None]
    middle = np.clip(places, 0, last)
    for away_by, part in ((0, 1 + 2 * share), (-1, -share), (1, -share)):
        near = np.clip(middle + away_by, 0, last)
        np.add.at(weights, (rows, near - first), part * kernel)
    return Taps(first[:, 0], weights)


class _Axis:
    """An axis as the core sees it; it holds what the core reads."""

    def __init__(self, extent: Extent) -> None:
        found = taps(extent)
        self._first = np.ascontiguousarray(found.first, np.int32)
        self._weights = np.ascontiguousarray(found.weights, np.float32)
        count = found.weights.shape[1]
        is_mean = extent.cell == count and bool((np.diff(found.first) == count).all())
        self.count, self.size = extent.count, extent.size
        #: Native samples in each output sample where these are means that fill the axis, else 0.
        self.mean = count if is_mean and count * extent.count == extent.size else 0
        self.seen = signatures.Axis(
            extent.size, extent.count, count, is_mean,
            self._first.ctypes.data, self._weights.ctypes.data,
        )  # fmt: skip


class Resampler:
    """Brings the planes of pictures to other sizes; threads may share it.

    Attributes:
        sizes: (height, width) of the output planes.
        mean: 2 or 4 where output samples are the means of squares of that side, which fill the
            native planes; else 0.
    """

    def __init__(self, areas: Sequence[Area], depth: int, native: int | None = None) -> None:
        """
        Args:
            areas: rows and columns of every output plane.
            depth: bits of the codes that come out, 8 to 16.
            native: bits of the codes that go in; None: as many.
        """
        self._core, self._depth, self._native = library(), depth, native or depth
        self.axes = [(_Axis(rows), _Axis(columns)) for rows, columns in areas]
        self.sizes = [(rows.count, columns.count) for rows, columns in areas]
        means = {axis.mean for axes in self.axes for axis in axes}
        self.mean = means.pop() if means in ({2}, {4}) else 0
        self._buffers = Buffers(self.sizes, _kind(depth), _REMEMBERED)
        self._floats = [
            int(self._core.linc_resample_floats(rows.seen, columns.seen))
            for rows, columns in self.axes
        ]
        if not all(self._floats):
            raise ValueError(f"the compiled core knows no such areas: {areas}")

    def planes(self, pictures: Planes, threads: Executor | None = None) -> Planes:
        """A picture at the other size, in codes.

        Args:
            pictures: its native planes: codes, or float32 in centred 8-bit code values.
            threads: that make some rows each; None: this one makes all.

        Raises:
            CorruptError: a sample is not a finite number.
        """
        out = self.taken()
        work = [
            (index, first, min(first + rows, len(plane)))
            for index, plane in enumerate(out)
            for rows in [self._portion(plane, threads)]
            for first in range(0, len(plane), rows)
        ]

        def make(part: tuple[int, int, int]) -> None:
            index, first, last = part
            self._rows(index, pictures[index], out[index], first, last)

        for _ in map(make, work) if threads is None else threads.map(make, work):
            pass
        return out

    def taken(self) -> Planes:
        """Planes for a picture whose samples are not set."""
        return self._buffers.take()

    def work(self, index: int) -> NDArray[np.float32]:
        """Memory that making rows of a plane needs."""
        return np.empty(self._floats[index], np.float32)

    def _portion(self, plane: NDArray[np.generic], threads: Executor | None) -> int:
        """Rows that one thread makes of a plane at a time."""
        return len(plane) if threads is None else max(1, _PORTION // plane.shape[1])

    def _rows(
        self, index: int, native: NDArray[np.generic], out: NDArray[np.generic],
        first: int, last: int,
    ) -> None:  # fmt: skip
        rows, columns = self.axes[index]
        depth = 0 if native.dtype.kind == "f" else self._native
        native = np.ascontiguousarray(native, _kind(depth))
        if native.shape != (rows.size, columns.size):
            raise ValueError(f"a plane of {native.shape}; expected {(rows.size, columns.size)}")
        work = self.work(index)
        status = self._core.linc_resample(
            rows.seen, columns.seen, native.ctypes.data, native.strides[0], native.nbytes,
            depth, out.ctypes.data, out.strides[0], out.nbytes,
            self._depth, first, last, work.ctypes.data,
        )  # fmt: skip
        check(status, "another size")


def _kind(depth: int) -> np.dtype[np.generic]:
    """Of samples of a depth; 0: values."""
    return np.dtype(np.float32 if depth == 0 else np.uint8 if depth == 8 else np.uint16)
