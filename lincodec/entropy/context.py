"""Contexts of the spectral weights: which positions are coded, and from what they are predicted.

Coefficients of one channel are ``q[k, by, bx, v, u]``: eigen-frame k, block row and column,
vertical and horizontal frequency. Every block has a class that bounds its last coded
anti-diagonal; each coded magnitude picks its table by an integer prediction from
magnitudes already known (spec: spectral tensors).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy import tables
from lincodec.entropy.integers import ESCAPE

Coefficients = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Index = NDArray[np.int64]
Grid = NDArray[np.int64]

LOW, HIGH = 2, 1  # padding of the frequency axes
_CLASS_WEIGHTS = np.array(tables.CLASS_WEIGHTS, np.int64)
_WEIGHTS = np.array(tables.MAGNITUDE_WEIGHTS, np.int64)
_ROOT = np.array(tables.ROOT, np.int64)
_BOUNDS = np.array(tables.CLASS_BOUNDS, np.int64)
_PRIOR = np.array(tables.PRIOR, np.int64)
_PLANE_PRIOR = np.array(tables.PLANE_PRIOR, np.int64)
_THRESHOLDS = np.array(tables.THRESHOLDS, np.int64)


def class_of(q: Coefficients) -> Bytes:
    """The class of every block: the least whose bound covers its last non-zero diagonal.

    Args:
        q: int32 [K, rows, columns, Bv, Bu].

    Returns:
        uint8 [K, rows, columns].
    """
    area = q.shape[3] * q.shape[4]
    block, inside = np.divmod(np.flatnonzero(q), area)
    diagonal = np.add.outer(np.arange(q.shape[3]), np.arange(q.shape[4])).ravel() + 1
    last = np.zeros(q.size // area, np.int64)
    if block.size:
        starts = np.flatnonzero(np.diff(block, prepend=-1))
        last[block[starts]] = np.maximum.reduceat(diagonal[inside], starts)
    return np.searchsorted(_BOUNDS, last).astype(np.uint8).reshape(q.shape[:3])


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
        """Shape of the magnitude array with its borders."""
        edge = LOW + HIGH
        return (
            self.planes + 2, self.rows + 2, self.columns + 2, self.height + edge, self.width + edge
        )  # fmt: skip

    def inner(self, padded: Bytes) -> Bytes:
        """The part of a padded array that holds the channel."""
        return padded[2:, 1:-1, 1:-1, LOW:-HIGH, LOW:-HIGH]

    def padded_index(self, plain: Index) -> Index:
        """Flat indices into the padded array of flat indices into the coefficients."""
        s = self.strides
        block, inside = np.divmod(plain, self.height * self.width)
        k, row, column = np.unravel_index(block, (self.planes, self.rows, self.columns))
        v, u = np.divmod(inside, self.width)
        at: Index = (k + 2) * s[0] + (row + 1) * s[1] + (column + 1) * s[2] + (v + LOW) * s[3]
        return at + u + LOW

    def magnitudes(self, values: Coefficients) -> Bytes:
        """Flat padded magnitudes capped at ESCAPE, zero at the DC of eigen-frame 0."""
        out = np.zeros(self.padded, np.uint8).ravel()
        where = np.flatnonzero(values)
        out[self.padded_index(where)] = np.minimum(np.abs(values.ravel()[where]), ESCAPE)
        self.inner(out.reshape(self.padded))[0, :, :, 0, 0] = 0
        return out

    @property
    def strides(self) -> tuple[int, int, int, int, int]:
        """Element strides of the padded array."""
        _, b, c, d, e = self.padded
        return (b * c * d * e, c * d * e, d * e, e, 1)


@dataclass(frozen=True)
class Step:
    """Positions coded together: flat indices into the padded magnitudes and their terms."""

    index: Index
    second: bool
    diagonal: Index
    block_class: Index
    plane: Index


@dataclass(frozen=True)
class Active:
    """All coded positions of a channel in coding order."""

    index: Index
    plain: Index
    """Flat indices into the unpadded coefficients."""
    time: Index
    diagonal: Index
    block_class: Index
    plane: Index


def active_positions(channel: Channel, classes: Bytes) -> Active:
    """Every position below its block's class bound, in coding order.

    Order: wavefront time ``4 k + 2 d + pass``, then k, block row, column, v, u. The DC of
    eigen-frame 0 is coded elsewhere and left out.
    """
    place = np.arange(channel.height * channel.width)
    depth = place // channel.width + place % channel.width
    inside = [place[depth < bound] for bound in _BOUNDS]
    counts = np.array([len(p) for p in inside])[classes.ravel()]
    first = np.cumsum([0, *(len(p) for p in inside)])[:-1]
    block = np.repeat(np.arange(classes.size), counts)
    rank = np.arange(block.size) - np.repeat(np.cumsum(counts) - counts, counts)
    at = np.concatenate(inside)[np.repeat(first[classes.ravel()], counts) + rank]
    plain = block * place.size + at
    k, row, column = np.unravel_index(np.arange(classes.size), classes.shape)
    base = (4 * k + (row + column) % 2).astype(np.int16)
    time = base[block] + (2 * depth).astype(np.int16)[at]
    order = np.argsort(time, kind="stable")
    order = order[(k[block[order]] > 0) | (at[order] > 0)]
    block, at = block[order], at[order]
    return Active(
        channel.padded_index(plain[order]), plain[order], time[order].astype(np.int64),
        depth[at], classes.ravel()[block].astype(np.int64), k[block],
    )  # fmt: skip


def step_at(active: Active, part: Index | slice, second: bool) -> Step:
    """The positions ``part`` of the coding order as one step."""
    return Step(
        active.index[part], second, active.diagonal[part],
        active.block_class[part], active.plane[part],
    )  # fmt: skip


def steps(active: Active) -> Iterator[tuple[slice, Step]]:
    """Cuts the coding order where the wavefront time changes."""
    cuts = np.flatnonzero(np.diff(active.time)) + 1
    edges = [0, *cuts.tolist(), active.time.size]
    for start, stop in itertools.pairwise(edges):
        if stop > start:
            part = slice(start, stop)
            yield part, step_at(active, part, bool(active.time[start] & 1))


def lower_planes(
    lower: list[tuple[Bytes, Channel]], shape: Channel, plain: Index
) -> list[tuple[Bytes, Index]]:
    """Positions, flat indices into ``shape``, in the padded magnitudes of earlier channels."""
    if not lower:
        return []
    block, inside = np.divmod(plain, shape.height * shape.width)
    v, u = np.divmod(inside, shape.width)
    return [
        (magnitudes, other.padded_index((block * other.height + v) * other.width + u))
        for magnitudes, other in lower
    ]


def features(
    step: Step, magnitudes: Bytes, lower: list[tuple[Bytes, Index]], shape: Channel
) -> list[Index]:
    """Square-rooted neighbour magnitudes of every position of a step.

    Args:
        step: positions.
        magnitudes: flat padded magnitudes of this channel, uint8, capped at ESCAPE.
        lower: (flat padded magnitudes, indices of the step in it) of each earlier channel.
        shape: geometry of this channel.

    Returns:
        List of int64 [n], the order of the spec's table of features.
    """
    sk, sr, sc, sv, su = shape.strides
    at = step.index

    def near(offset: int) -> Index:
        return magnitudes[at + offset].astype(np.int64)

    around = [-sr, sr, -sc, sc]
    terms = [
        near(-sv), near(-su), near(-sv - su), near(-2 * sv), near(-2 * su),
        near(-sk), near(-2 * sk),
        sum((near(-sk + o) for o in around), np.zeros(1, np.int64)),
        near(-sk + sv) + near(-sk + su),
    ]  # fmt: skip
    terms += [plane[where].astype(np.int64) for plane, where in lower]
    terms += [np.zeros(at.size, np.int64)] * (2 - len(lower))
    if step.second:
        terms.append(sum((near(o) for o in around), np.zeros(1, np.int64)))
    return [_ROOT[t] for t in terms]


def prior(step: Step, channel: int) -> Index:
    """The part of the prediction that depends on place alone."""
    late, chroma = int(step.second), int(channel > 0)
    place = np.minimum(step.diagonal, tables.PRIOR_DIAGONALS - 1)
    total: Index = _PRIOR[chroma, late][step.block_class, place]
    by_plane: Index = _PLANE_PRIOR[chroma][np.minimum(step.plane, tables.PRIOR_PLANES - 1)]
    return total + by_plane


def table_ids(step: Step, terms: list[Index], channel: int) -> Bytes:
    """The table of every position: prediction, then thresholds (spec: magnitude context)."""
    weights = _WEIGHTS[min(channel, 2), int(step.second)]
    total = prior(step, channel)
    for weight, term in zip(weights, terms, strict=False):
        if weight:
            total = total + int(weight) * term
    return np.searchsorted(_THRESHOLDS, total >> tables.WEIGHT_SHIFT, side="right").astype(np.uint8)
