"""Rate-distortion optimised quantisation of spectral weights against the context model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collections.abc import Iterator

from lincodec.entropy import context, tables
from lincodec.entropy.coefficients import Coefficients, Dense
from lincodec.entropy.context import Active, Bytes, Channel
from lincodec.entropy.integers import ESCAPE
from lincodec.entropy.context import Grid, Index, checkerboard, class_tables, class_terms
from lincodec.entropy.magnitudes import Context, Known, block_terms

Scaled = NDArray[np.float32]

#: Positions that are chosen together.
_PART = 1 << 18

_BITS = (24 - np.log2(np.array(tables.SPECTRAL_TABLES, np.float64))).astype(np.float32)
_BITS[:, 1:] += 1  # the sign
_CLASS_BITS = (24 - np.log2(np.array(tables.CLASS_TABLES, np.float64))).astype(np.float32)


class Walk:
    """Channel after channel through classes and magnitudes, writing or reading."""

    def __init__(self) -> None:
        self.lower: list[Known] = []
        self.classes: list[Bytes] = []

    def class_planes(self, shape: Channel) -> Iterator[tuple[int, Grid, Index, Grid]]:
        """Yields (k, mask of the pass, tables, plane to fill) for every class plane and pass."""
        channel = len(self.classes)
        second = checkerboard(shape.rows, shape.columns)
        blank = np.zeros((shape.rows + 2, shape.columns + 2), np.int64)
        history = [blank, blank]
        done = np.zeros((shape.planes, shape.rows, shape.columns), np.uint8)
        for k in range(shape.planes):
            plane = blank.copy()
            others = [c[k].astype(np.int64) for c in self.classes]
            for late in (False, True):
                terms = class_terms(history, others, plane if late else None)
                mask = second == late
                yield (
                    k,
                    mask,
                    class_tables([t[mask] for t in terms], channel, late),
                    plane[1:-1, 1:-1],
                )
            done[k] = plane[1:-1, 1:-1]
            history = [history[1], plane]
        self.classes.append(done)

    def context(self, known: Known) -> Context:
        """The context of the next channel's magnitudes, once its classes are known."""
        luma = self.classes[0] if self.lower else None
        context = Context(known, list(self.lower), block_terms(self.classes[-1], luma))
        self.lower.append(known)
        return context


def magnitude_bits(ids: Bytes, magnitudes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Bits of each magnitude in its table, sign and escape bits included."""
    bits = _BITS[ids, np.minimum(magnitudes, ESCAPE)]
    large = np.flatnonzero(magnitudes >= ESCAPE)
    if large.size:
        bits[large] += (2 * np.floor(np.log2(magnitudes[large] - ESCAPE + 1)) + 1).astype(
            np.float32
        )
    return bits


def optimise(scaled: list[Scaled], rate: float, rounds: int = 2) -> list[Dense]:
    """Choose integers that minimise squared error + ``rate`` * bits.

    Args:
        scaled: weights over their steps, float32 [K, rows, columns, Bv, Bu] per channel.
        rate: price of a bit in squared steps.
        rounds: passes over all channels; each uses the contexts of the one before.

    Returns:
        int32 arrays of the same shapes. DC of eigen-frame 0 is rounded to nearest.
    """
    chosen = [_start(x) for x in scaled]
    for _ in range(rounds):
        walk = Walk()
        for channel, x in enumerate(scaled):
            chosen[channel] = _one_channel(walk, x, chosen[channel], rate)
    return chosen


def _start(x: Scaled) -> Dense:
    """Dead-zone rounding, a little above what the optimum keeps."""
    q = (np.floor(np.abs(x) + 0.42) * np.sign(x)).astype(np.int32)
    q[0, :, :, 0, 0] = np.rint(x[0, :, :, 0, 0])
    return q


def _one_channel(walk: Walk, x: Scaled, q: Dense, rate: float) -> Dense:
    """One pass over one channel; leaves the channel in ``walk`` for the next ones."""
    shape, before = Channel(*q.shape), Coefficients.of(q)
    classes = context.class_of(before)
    class_bits = _class_costs(walk, shape, classes)
    active = context.active_positions(shape, classes)
    plain = active.plain(shape)
    scaled = x.ravel()[plain]
    magnitude = np.abs(scaled)
    best, cost = _choose(walk.context(Known.of(before)), active, magnitude, rate)
    v, u = shape.frequencies
    depth = (v + u)[active.place]
    keep = _cut_blocks(active.block, depth, classes, class_bits, cost - magnitude**2, rate)
    best[depth >= keep] = 0
    out = np.zeros(q.shape, np.int32)
    out.ravel()[plain] = np.where(scaled < 0, -best, best)
    out[0, :, :, 0, 0] = q[0, :, :, 0, 0]
    after = Coefficients.of(out)
    walk.lower[-1] = Known.of(after)
    walk.classes[-1] = context.class_of(after)
    return out


def _class_costs(walk: Walk, shape: Channel, classes: Bytes) -> NDArray[np.float32]:
    """Bits of every class symbol for each block, float32 [K, rows, columns, classes]."""
    bits = np.zeros((*classes.shape, len(context.BOUNDS)), np.float32)
    for k, mask, ids, plane in walk.class_planes(shape):
        plane[mask] = classes[k][mask]
        bits[k][mask] = _CLASS_BITS[ids]
    return bits


def _choose(
    around: Context, active: Active, magnitude: NDArray[np.float32], rate: float
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Best magnitude of every active position and its cost (squared steps)."""
    best = np.zeros(active.count, np.int32)
    cost = np.zeros(active.count, np.float32)
    every = around.all_tables(active)
    for start in range(0, active.count, _PART):
        part = slice(start, start + _PART)
        ids, y = every[part], magnitude[part]
        cost[part] = y * y + rate * _BITS[ids, 0]
        top = np.floor(y + 0.5).astype(np.int64)
        for drop in (1, 0):
            m = np.maximum(top - drop, 0)
            price = (y - m) ** 2 + rate * magnitude_bits(ids, m)
            better = (price < cost[part]) & (m > 0)
            cost[part][better] = price[better]
            best[part][better] = m[better]
    return best, cost


def _cut_blocks(
    block: NDArray[np.int32], depth: NDArray[np.int64], classes: Bytes,
    class_bits: NDArray[np.float32], gain: NDArray[np.float32], rate: float,
) -> NDArray[np.int64]:  # fmt: skip
    """Bound of the class that each position's block should get.

    Args:
        block, depth: block and diagonal of each position.
        classes: of the blocks so far, which are the largest to be had.
        class_bits: bits of each class for each block.
        gain: what coding each position costs beyond dropping it, in squared steps.
        rate: price of a bit.
    """
    ring = np.searchsorted(context.BOUNDS, depth, side="right") - 1
    size = len(context.BOUNDS)
    by_ring = np.bincount(block * size + ring, weights=gain, minlength=classes.size * size).reshape(
        -1, size
    )
    total = np.concatenate([np.zeros((classes.size, 1)), np.cumsum(by_ring, 1)[:, :-1]], 1)
    total += rate * class_bits.reshape(classes.size, -1)
    total[np.arange(size) > classes.ravel()[:, None]] = np.inf
    bounds: NDArray[np.int64] = context.BOUNDS[np.argmin(total, 1)][block]
    return bounds
