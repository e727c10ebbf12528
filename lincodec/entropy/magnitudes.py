"""The table of every magnitude, predicted from what is known around it (spec clause 7.5.3).

Terms lead through a hidden layer of a few units to two numbers: one says how likely a magnitude is
to be zero, the other how its tail falls off. All values are whole numbers below
2^24, so that binary32 arithmetic is exact in any order and on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy import tables
from lincodec.entropy.context import BOUNDS, Active, Bytes, Channel, Coefficients
from lincodec.entropy.integers import ESCAPE

Floats = NDArray[np.float32]

_ROOT = np.array(tables.ROOT, np.uint8)
_HIDDEN = np.array(tables.HIDDEN_WEIGHTS, np.float32)
_OUTPUT = np.array(tables.OUTPUT_WEIGHTS, np.float32)
_SIZES = np.array(tables.SIZE_THRESHOLDS, np.float32)
_TAILS = np.array(tables.TAIL_THRESHOLDS, np.float32)
#: Terms of a prediction.
TERMS = 28
#: A unit's sum is divided by this.
UNIT_ONE = 1 << tables.UNIT_SHIFT
#: Positions that are predicted together; their terms stay in the cache.
_CHUNK = 1 << 14


class Known:
    """Roots of a channel's magnitudes as far as they are known, and their sums over neighbours.

    ``roots`` and ``around`` are flat padded uint8 arrays; ``around`` holds for every position the
    sum of the roots at the same frequency in the four blocks beside its own.
    """

    def __init__(self, shape: Channel) -> None:
        self.shape = shape
        self.roots = np.zeros(shape.padded, np.uint8).ravel()
        self.around = np.zeros(shape.padded, np.uint8).ravel()

    @classmethod
    def of(cls, values: Coefficients) -> Known:
        """All of a channel, int32 [K, rows, columns, Bv, Bu]."""
        known = cls(Channel(*values.shape))
        where = np.flatnonzero(values != 0)
        block, place = np.divmod(where, known.shape.area)
        coded = (block >= known.shape.rows * known.shape.columns) | (place > 0)
        magnitudes = np.minimum(np.abs(values.ravel()[where[coded]]), ESCAPE)
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
        v, u = self.shape.frequencies
        at, roots = self.shape.index(block, v[place], u[place]), _ROOT[magnitudes]
        self.roots[at] = roots
        for stride in self.shape.strides[1:3]:
            self.around[at - stride] += roots
            self.around[at + stride] += roots


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
        ids = np.searchsorted(_SIZES, size, side="right") * (len(_TAILS) + 1)
        ids += np.searchsorted(_TAILS, tail, side="right")
        return ids.astype(np.uint8)

    def terms(self, part: Active, second: bool) -> Floats:
        """The terms of the specification's table in its order, float32 [TERMS, n].

        Args:
            part: positions of one pass.
            second: whether it is the second.
        """
        shape, block = self.known.shape, part.block
        k, _, _, v, u = shape.strides
        roots, around = self.known.roots, self.known.around
        y, x = (frequency[part.place] for frequency in shape.frequencies)
        index = shape.index(block, y, x)
        out = np.zeros((TERMS, index.size), np.float32)
        out[0], out[1], out[2] = roots[index - v], roots[index - u], roots[index - v - u]
        out[3], out[4] = roots[index - 2 * v], roots[index - 2 * u]
        out[5] = roots[index - 2 * v - u]
        out[5] += roots[index - v - 2 * u]
        before = index - k
        out[6], out[7], out[8] = roots[before], roots[before - k], around[before]
        out[9] = roots[before + v]
        out[9] += roots[before + u]
        out[10] = roots[before - v]
        out[10] += roots[before - u]
        out[11] = around[before - k]
        out[12], out[13] = around[index - v], around[index - u]
        if second:
            out[14] = around[index]
        for channel, other in enumerate(self.lower[:2]):
            at = other.shape.index(block, y, x)
            row = (15, 18)[channel]
            out[row], out[row + 1] = other.roots[at], other.around[at]
            if channel == 0:
                _, _, _, v, u = other.shape.strides
                for offset in (-v, v, -u, u):
                    out[17] += other.roots[at + offset]
        shared = self.blocks[:, block]
        out[20] = shared[0]
        out[21], out[22] = np.minimum(8 * y, 255), np.minimum(8 * x, 255)
        out[23] = np.minimum(4 * (BOUNDS[shared[0] >> 4] - 1 - y - x), 255)
        out[24:] = shared[1:]
        return out


def outputs(terms: Floats, hidden: Floats, output: Floats) -> tuple[Floats, Floats]:
    """The two numbers that say a table, of size and of tail, float32 [n] each; whole.

    Args:
        terms: float32 [TERMS, n], whole numbers from 0 to 255.
        hidden: float32 [units, TERMS + 1], the constant last.
        output: float32 [2, TERMS + units + 1], weights of terms, of units, and the constant.
    """
    units = hidden[:, :-1] @ terms
    units += hidden[:, -1:]
    units *= 1 / UNIT_ONE
    np.floor(units, out=units)
    np.clip(units, 0, tables.LARGEST_UNIT, out=units)
    size, tail = output[:, :TERMS] @ terms + output[:, TERMS:-1] @ units + output[:, -1:]
    return size, tail
