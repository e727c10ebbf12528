"""Which spectral weights are coded, and in what order (spec clause 7.5).

Every block has a class that bounds its last coded anti-diagonal; classes pick their tables by
an integer prediction from classes already known.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy import tables
from lincodec.entropy.coefficients import Coefficients

Bytes = NDArray[np.uint8]
Index = NDArray[np.int64]
Grid = NDArray[np.int64]

LOW, HIGH = 2, 1  # padding of the frequency axes
BOUNDS = np.array(tables.CLASS_BOUNDS, np.int64)
_CLASS_WEIGHTS = np.array(tables.CLASS_WEIGHTS, np.int64)


def class_of(q: Coefficients) -> Bytes:
    """The class of every block: the least whose bound covers its last non-zero diagonal.

    Returns:
        uint8 [K, rows, columns].
    """
    block, inside = q.places
    diagonal = np.add.outer(np.arange(q.shape[3]), np.arange(q.shape[4])).ravel() + 1
    last = np.zeros(q.blocks, np.int64)
    if block.size:
        starts = np.flatnonzero(np.diff(block, prepend=-1))
        last[block[starts]] = np.maximum.reduceat(diagonal[inside], starts)
    return np.searchsorted(BOUNDS, last).astype(np.uint8).reshape(q.shape[:3])


def checkerboard(rows: int, columns: int) -> NDArray[np.bool_]:
    """True where a block belongs to the second pass."""
    return (np.add.outer(np.arange(rows), np.arange(columns)) % 2).astype(bool)


def _neighbours(padded: Grid) -> Grid:
    """Sum of the four neighbours of every inner element of a padded plane."""
    vertical: Grid = padded[:-2, 1:-1] + padded[2:, 1:-1]
    return vertical + padded[1:-1, :-2] + padded[1:-1, 2:]


def class_terms(history: list[Grid], others: list[Grid], current: Grid | None) -> list[Grid]:
    """Integer terms that predict a class plane (spec: class context).

    Args:
        history: padded class planes of eigen-frames k-2 and k-1, zeros before the first.
        others: class planes of the same eigen-frame in the earlier channels.
        current: padded plane so far, in the second pass; None in the first.

    Returns:
        Eight int64 [rows, columns] arrays in the order of the class weights.
    """
    earlier, before = history
    blank = np.zeros_like(before[1:-1, 1:-1])
    return [
        before[1:-1, 1:-1],
        earlier[1:-1, 1:-1],
        _neighbours(before),
        others[0] if others else blank,
        others[1] if len(others) > 1 else blank,
        blank + int(not before.any()),
        blank + 1,
        _neighbours(current) if current is not None else blank,
    ]


def class_tables(terms: list[Grid], channel: int, second: bool) -> Index:
    """Table index of every class symbol; the prediction is in 1/64 classes."""
    weights = _CLASS_WEIGHTS[min(channel, 2), int(second)]
    prediction = sum(
        (int(w) * t for w, t in zip(weights, terms, strict=True)), np.zeros(1, np.int64)
    )
    ids: Index = np.clip(prediction >> tables.CLASS_SHIFT, 0, len(tables.CLASS_TABLES) - 1)
    return ids


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
    def padded(self) -> tuple[int, int, int, int, int]:
        """Shape of an array of the coefficients with borders, [component, v, u, row, column].

        Blocks lie side by side: one frequency of all blocks is coded at about the same time.
        """
        edge = LOW + HIGH
        return (
            self.planes + 2, self.height + edge, self.width + edge, self.rows + 2, self.columns + 2
        )  # fmt: skip

    @property
    def strides(self) -> tuple[int, int, int, int, int]:
        """Elements from one component, v, u, row and column to the next in the padded array."""
        _, b, c, d, e = self.padded
        return (b * c * d * e, c * d * e, d * e, e, 1)

    @property
    def area(self) -> int:
        """Coefficients of a block."""
        return self.height * self.width

    @cached_property
    def frequencies(self) -> tuple[Index, Index]:
        """Vertical and horizontal frequency of every place in a block, int64 [area] each."""
        v, u = np.divmod(np.arange(self.area), self.width)
        return v, u

    @cached_property
    def starts(self) -> Index:
        """Flat index into the padded array of the first coefficient of every block."""
        component, v, u, row, column = self.strides
        starts: Index = np.add.outer(
            (np.arange(self.planes) + 2) * component,
            np.add.outer((np.arange(self.rows) + 1) * row, (np.arange(self.columns) + 1) * column),
        ).ravel()
        return starts + LOW * (v + u)

    def offsets(self, v: Index, u: Index) -> Index:
        """From the first coefficient of a block to others of it, in the padded array."""
        offsets: Index = v * self.strides[1] + u * self.strides[2]
        return offsets


@dataclass(frozen=True)
class Active:
    """Coded positions of a channel, in coding order."""

    block: NDArray[np.int32]
    """Component, row and column of the block as one row-major index."""
    place: NDArray[np.int16]
    """Row-major index inside the block."""
    time: NDArray[np.int32]

    @property
    def count(self) -> int:
        """How many positions there are."""
        return int(self.block.size)

    def part(self, which: Index | slice) -> Active:
        """Some of them."""
        return Active(self.block[which], self.place[which], self.time[which])

    def plain(self, shape: Channel) -> Index:
        """Flat indices into the coefficients of the channel."""
        index: Index = self.block.astype(np.int64) * shape.area + self.place
        return index


def active_positions(shape: Channel, classes: Bytes) -> Active:
    """Every position below its block's class bound, in coding order.

    Order: time ``4 k + 2 (u + v) + pass``, then k, block row, column, v, u. The DC of
    component 0 is coded elsewhere and left out.
    """
    v, u = shape.frequencies
    depth = v + u
    inside = [np.flatnonzero(depth < bound) for bound in BOUNDS]
    flat = classes.ravel()
    counts = np.array([len(p) for p in inside])[flat]
    first = np.cumsum([0, *(len(p) for p in inside)])[:-1]
    block = np.repeat(np.arange(flat.size, dtype=np.int32), counts)
    rank = np.arange(block.size) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.concatenate(inside).astype(np.int16)[np.repeat(first[flat], counts) + rank]
    k, row, column = np.unravel_index(np.arange(flat.size), classes.shape)
    base = (4 * k + (row + column) % 2).astype(np.int32)
    time = base[block] + (2 * depth).astype(np.int32)[place]
    latest = int(time.max(initial=0))
    order = np.argsort(time.astype(np.uint16) if latest < 1 << 16 else time, kind="stable")
    order = order[np.count_nonzero(classes[0]) :]  # the DC comes before all else
    return Active(block[order], place[order], time[order])


def steps(active: Active) -> Iterator[slice]:
    """Parts of the coding order of equal time."""
    cuts = np.flatnonzero(np.diff(active.time)) + 1
    for start, stop in itertools.pairwise([0, *cuts.tolist(), active.count]):
        if stop > start:
            yield slice(start, stop)
