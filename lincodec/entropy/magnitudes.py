"""The table of every magnitude, predicted from what is known around it (spec clause 7.5.3).

Terms lead through a hidden layer of a few units to two numbers: one says how likely a magnitude is
to be zero, the other how its tail falls off. All values are whole numbers below
2^24, so that binary32 arithmetic is exact in any order and on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy import tables
from lincodec.entropy.coefficients import Coefficients
from lincodec.entropy.context import BOUNDS, Active, Bytes, Channel, Index
from lincodec.entropy.integers import ESCAPE

Floats = NDArray[np.float32]
Words = NDArray[np.uint16]

_ROOT = np.array(tables.ROOT, np.uint16)
_HIDDEN = np.array(tables.HIDDEN_WEIGHTS, np.float32)
_OUTPUT = np.array(tables.OUTPUT_WEIGHTS, np.float32)
#: Terms of a prediction.
TERMS = 28
#: A unit's sum is divided by this.
UNIT_ONE = 1 << tables.UNIT_SHIFT
#: Positions that are predicted together; their terms stay in the cache.
_CHUNK = 1 << 14


class _Ranks:
    """Says how many thresholds are at most a whole number."""

    def __init__(self, thresholds: Sequence[int]) -> None:
        self._low, self._high = thresholds[0] - 1, thresholds[-1]
        every = np.arange(self._low, self._high + 1)
        self._ranks = np.searchsorted(thresholds, every, side="right").astype(np.uint8)
        self.count = len(thresholds) + 1
        """Different ranks."""

    def __call__(self, numbers: Floats) -> Bytes:
        """Rank of every number, uint8 [n]; float32 numbers are whole."""
        at = np.clip(numbers, self._low, self._high).astype(np.intp) - self._low
        return self._ranks.take(at)


_SIZES, _TAILS = _Ranks(tables.SIZE_THRESHOLDS), _Ranks(tables.TAIL_THRESHOLDS)


class Known:
    """Roots of a channel's magnitudes as far as they are known, and their sums over neighbours.

    ``state`` is a flat padded uint16 array: its low byte holds the root of every position, its
    high byte the sum of the roots at the same frequency in the four blocks beside its own.
    """

    def __init__(self, shape: Channel) -> None:
        self.shape = shape
        self.state = np.zeros(math.prod(shape.padded), np.uint16)
        self._offsets = shape.offsets(*shape.frequencies)

    @classmethod
    def of(cls, channel: Coefficients) -> Known:
        """All of a channel."""
        known = cls(Channel(*channel.shape))
        block, place = channel.places
        coded = (block >= known.shape.rows * known.shape.columns) | (place > 0)
        magnitudes = np.minimum(np.abs(channel.values[coded]), ESCAPE)
        known._put(block[coded], place[coded], magnitudes)
        return known

    def put(self, part: Active, magnitudes: NDArray[np.integer]) -> None:
        """Tell the magnitudes, capped at ESCAPE, of some positions; of each position once."""
        found = np.flatnonzero(magnitudes)
        self._put(part.block[found], part.place[found], magnitudes[found])

    def _put(
        self, block: NDArray[np.integer], place: NDArray[np.integer],
        magnitudes: NDArray[np.integer],
    ) -> None:  # fmt: skip
        """Magnitudes above zero."""
        at, roots = self.shape.starts[block] + self._offsets[place], _ROOT[magnitudes]
        self.state[at] += roots
        roots <<= 8
        for stride in self.shape.strides[3:]:
            self.state[at - stride] += roots
            self.state[at + stride] += roots


def block_terms(classes: Bytes, luma: Bytes | None) -> NDArray[np.uint8]:
    """Terms that all coefficients of a block share, uint8 [5, blocks].

    Args:
        classes: uint8 [K, rows, columns] of the channel.
        luma: those of channel 0, None for itself.
    """
    padded = np.pad(classes, ((1, 0), (1, 1), (1, 1)))
    here = padded[1:]
    beside = here[:, :-2, 1:-1] + here[:, 2:, 1:-1] + here[:, 1:-1, :-2] + here[:, 1:-1, 2:]
    plane = np.minimum(np.arange(len(classes)), 15).astype(np.uint8)[:, None, None]
    terms = [
        16 * classes, np.broadcast_to(8 * plane, classes.shape), 4 * beside,
        16 * padded[:-1, 1:-1, 1:-1], np.zeros_like(classes) if luma is None else 16 * luma,
    ]  # fmt: skip
    return np.stack([term.ravel() for term in terms])


@dataclass(frozen=True)
class Context:
    """What the tables of a channel's magnitudes are predicted from."""

    known: Known
    lower: Sequence[Known]
    """Of the channels before."""
    blocks: NDArray[np.uint8]
    """See ``block_terms``."""

    @cached_property
    def _views(self) -> list[_View]:
        """The channel itself, then those before."""
        return [_View(known, self.known.shape) for known in (self.known, *self.lower[:2])]

    @cached_property
    def _bounds(self) -> Index:
        """Four times the last coded diagonal of every block."""
        bounds: Index = 4 * (BOUNDS[self.blocks[0] >> 4] - 1)
        return bounds

    @cached_property
    def _frequencies(self) -> tuple[Index, Index, Index]:
        """Terms of every place in a block: of v, of u, and four times its diagonal."""
        v, u = self.known.shape.frequencies
        return np.minimum(8 * v, 255), np.minimum(8 * u, 255), 4 * (v + u)

    def all_tables(self, active: Active) -> Bytes:
        """Table of every position where all magnitudes are known, uint8 [n]."""
        ids = np.empty(active.count, np.uint8)
        for late in (0, 1):
            which = np.flatnonzero((active.time & 1) == late)
            ids[which] = self.tables(active.part(which))
        return ids

    def tables(self, part: Active) -> Bytes:
        """Table of every position, uint8 [n]; all are of one pass."""
        if part.count <= _CHUNK:
            return self._tables(part)
        cuts = range(0, part.count, _CHUNK)
        return np.concatenate([self._tables(part.part(slice(c, c + _CHUNK))) for c in cuts])

    def _tables(self, part: Active) -> Bytes:
        second = bool(part.time[0] & 1) if part.count else False
        which = min(len(self.lower), 2), int(second)
        size, tail = outputs(self.terms(part, second), _HIDDEN[which], _OUTPUT[which])
        return _SIZES(size) * np.uint8(_TAILS.count) + _TAILS(tail)

    def terms(self, part: Active, second: bool) -> Floats:
        """The terms of the specification's table in its order, float32 [TERMS, n].

        Args:
            part: positions of one pass.
            second: whether it is the second.
        """
        block, place = part.block.astype(np.intp), part.place.astype(np.intp)
        out = np.zeros((TERMS, part.count), np.float32)
        k, v, u, _, _ = self.known.shape.strides
        near, *there = (_Neighbours(view, block, place) for view in self._views)
        out[0], out[12] = near.both(-v)
        out[1], out[13] = near.both(-u)
        out[2], out[3], out[4] = near.roots(-v - u), near.roots(-2 * v), near.roots(-2 * u)
        out[5] = near.roots(-2 * v - u, -v - 2 * u)
        out[6], out[8] = near.both(-k)
        out[7], out[11] = near.both(-2 * k)
        out[9], out[10] = near.roots(v - k, u - k), near.roots(-v - k, -u - k)
        if second:
            _, out[14] = near.both(0)
        for row, other in zip((15, 18), there, strict=False):
            out[row], out[row + 1] = other.both(0)
        if there:
            _, v, u, _, _ = self.lower[0].shape.strides
            out[17] = there[0].roots(-v, v, -u, u)
        y, x, diagonal = (each.take(place) for each in self._frequencies)
        out[21], out[22] = y, x
        out[23] = np.minimum(self._bounds.take(block) - diagonal, 255)
        out[20], out[24:] = self.blocks[0].take(block), self.blocks[1:].take(block, 1)
        return out


class _View:
    """A channel as positions of another, or of its own, look into it."""

    def __init__(self, known: Known, shape: Channel) -> None:
        self.state = known.state
        self.back = 2 * known.shape.strides[0]
        """The farthest look back; ``starts`` are so much too small."""
        self.starts = known.shape.starts - self.back
        self.offsets = known.shape.offsets(*shape.frequencies)


class _Neighbours:
    """What is known of a channel a fixed way from each of some positions, uint16 [n].

    Args:
        view: of the channel that is looked into.
        block, place: the positions, int64 [n].
    """

    def __init__(self, view: _View, block: Index, place: Index) -> None:
        self._view = view
        self._at = view.starts.take(block)
        self._at += view.offsets.take(place)

    def both(self, way: int) -> tuple[Words, Words]:
        """Roots, and their sums over the blocks beside."""
        found = self._view.state[self._view.back + way :].take(self._at)
        return found & np.uint16(0xFF), found >> np.uint16(8)

    def roots(self, *ways: int) -> Words:
        """Sum of roots."""
        return sum((self.both(way)[0] for way in ways[1:]), self.both(ways[0])[0])


def outputs(terms: Floats, hidden: Floats, output: Floats) -> tuple[Floats, Floats]:
    """The two numbers that say a table, of size and of tail, float32 [n] each; whole.

    Args:
        terms: float32 [TERMS, n], whole numbers from 0 to 255.
        hidden: float32 [units, TERMS + 1], the constant last.
        output: float32 [2, TERMS + units + 1], weights of terms, of units, and the constant.
    """
    hidden = hidden / np.float32(UNIT_ONE)  # a power of two: nothing is lost
    units = hidden[:, :-1] @ terms
    units += hidden[:, -1:]
    np.floor(units, out=units)
    np.clip(units, 0, tables.LARGEST_UNIT, out=units)
    size, tail = output[:, :TERMS] @ terms + output[:, TERMS:-1] @ units + output[:, -1:]
    return size, tail
