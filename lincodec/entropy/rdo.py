"""Rate-distortion optimised quantisation of spectral weights against the context model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy import context, tables
from lincodec.entropy.context import Active, Bytes, Channel, Coefficients
from lincodec.entropy.integers import ESCAPE
from lincodec.entropy.spectral import Walk

Scaled = NDArray[np.float32]

_BITS = (24 - np.log2(np.array(tables.MAGNITUDE_TABLES, np.float64))).astype(np.float32)
_BITS[:, 1:] += 1  # the sign
_CLASS_BITS = (24 - np.log2(np.array(tables.CLASS_TABLES, np.float64))).astype(np.float32)
_BOUNDS = np.array(tables.CLASS_BOUNDS)


def magnitude_bits(ids: Bytes, magnitudes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Bits of each magnitude in its table, sign and escape bits included."""
    bits = _BITS[ids, np.minimum(magnitudes, ESCAPE)]
    large = np.flatnonzero(magnitudes >= ESCAPE)
    if large.size:
        bits[large] += (2 * np.floor(np.log2(magnitudes[large] - ESCAPE + 1)) + 1).astype(
            np.float32
        )
    return bits


def optimise(scaled: list[Scaled], rate: float, rounds: int = 2) -> list[Coefficients]:
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


def _start(x: Scaled) -> Coefficients:
    """Dead-zone rounding, a little above what the optimum keeps."""
    q = (np.floor(np.abs(x) + 0.42) * np.sign(x)).astype(np.int32)
    q[0, :, :, 0, 0] = np.rint(x[0, :, :, 0, 0])
    return q


def _one_channel(walk: Walk, x: Scaled, q: Coefficients, rate: float) -> Coefficients:
    """One pass over one channel; leaves the channel in ``walk`` for the next ones."""
    shape = Channel(*q.shape)
    channel = len(walk.lower)
    classes = context.class_of(q)
    class_bits = _class_costs(walk, shape, classes)
    active = context.active_positions(shape, classes)
    magnitude = np.abs(x.ravel()[active.plain])
    best, cost = _choose(walk, shape, shape.magnitudes(q), active, magnitude, channel, rate)
    keep = _cut_blocks(active, shape, classes, class_bits, magnitude, cost, rate)
    best[active.diagonal >= keep] = 0
    out = np.zeros(q.shape, np.int32)
    out.ravel()[active.plain] = np.where(x.ravel()[active.plain] < 0, -best, best)
    out[0, :, :, 0, 0] = q[0, :, :, 0, 0]
    walk.lower.append((shape.magnitudes(out), shape))
    walk.classes[-1] = context.class_of(out)
    return out


def _class_costs(walk: Walk, shape: Channel, classes: Bytes) -> NDArray[np.float32]:
    """Bits of every class symbol for each block, float32 [K, rows, columns, classes]."""
    bits = np.zeros((*classes.shape, len(_BOUNDS)), np.float32)
    for k, mask, ids, plane in walk.class_planes(shape):
        plane[mask] = classes[k][mask]
        bits[k][mask] = _CLASS_BITS[ids]
    return bits


def _choose(
    walk: Walk, shape: Channel, flat: Bytes, active: Active,
    magnitude: NDArray[np.float32], channel: int, rate: float,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:  # fmt: skip
    """Best magnitude of every active position and its cost (squared steps)."""
    best = np.zeros(active.index.size, np.int32)
    cost = np.zeros(active.index.size, np.float32)
    for late in (False, True):
        for part in np.array_split(
            np.flatnonzero((active.time & 1) == late), 1 + active.time.size // (1 << 21)
        ):
            step = context.step_at(active, part, late)
            lower = context.lower_planes(walk.lower, shape, active.plain[part])
            terms = context.features(step, flat, lower, shape)
            ids = context.table_ids(step, terms, channel)
            y = magnitude[part]
            cost[part] = y * y + rate * _BITS[ids, 0]
            top = np.floor(y + 0.5).astype(np.int64)
            for drop in (1, 0):
                m = np.maximum(top - drop, 0)
                price = (y - m) ** 2 + rate * magnitude_bits(ids, m)
                better = (price < cost[part]) & (m > 0)
                cost[part[better]] = price[better]
                best[part[better]] = m[better]
    return best, cost


def _cut_blocks(
    active: Active, shape: Channel, classes: Bytes, class_bits: NDArray[np.float32],
    magnitude: NDArray[np.float32], cost: NDArray[np.float32], rate: float,
) -> NDArray[np.int64]:  # fmt: skip
    """Bound of the class that each position's block should get."""
    block = active.plain // (shape.height * shape.width)
    ring = np.searchsorted(_BOUNDS, active.diagonal, side="right") - 1
    size = len(_BOUNDS)
    gain = np.bincount(
        block * size + ring, weights=cost - magnitude**2, minlength=classes.size * size
    ).reshape(-1, size)
    total = np.concatenate([np.zeros((classes.size, 1)), np.cumsum(gain, 1)[:, :-1]], 1)
    total += rate * class_bits.reshape(classes.size, -1)
    total[np.arange(len(_BOUNDS)) > classes.ravel()[:, None]] = np.inf
    bounds: NDArray[np.int64] = _BOUNDS[np.argmin(total, 1)][block]
    return bounds
