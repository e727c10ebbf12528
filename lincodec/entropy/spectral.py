"""Context-modelled coding of the spectral weights (spec: spectral tensors).

Coefficients of one channel are ``q[k, by, bx, v, u]``: eigen-frame k, block row and column,
vertical and horizontal frequency. Every block has a class that bounds its last coded
anti-diagonal; each coded magnitude picks its table by an integer prediction from
magnitudes already known. Steps are wavefronts over (k, diagonal, checkerboard pass), so
that whole arrays are coded at once and the decoder walks the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy import tables
from lincodec.entropy.integers import ESCAPE, IntegerReader, IntegerWriter
from lincodec.entropy.rows import best_table
from lincodec.errors import CorruptError

Coefficients = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Index = NDArray[np.int64]
Grid = NDArray[np.int64]

LOW, HIGH = 2, 1  # padding of the frequency axes
_CLASS_WEIGHTS = np.array(tables.CLASS_WEIGHTS, np.int64)
_WEIGHTS = np.array(tables.MAGNITUDE_WEIGHTS, np.int64)
_ROOT = np.array(tables.ROOT, np.int64)
_BOUNDS = np.array(tables.CLASS_BOUNDS, np.int64)


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
    return padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]


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
    return np.clip(prediction >> tables.CLASS_SHIFT, 0, len(tables.CLASS_TABLES) - 1)


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
        return (k + 2) * s[0] + (row + 1) * s[1] + (column + 1) * s[2] + (v + LOW) * s[3] + u + LOW

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
    depth = sum(np.divmod(place, channel.width))
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
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
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
    return (
        _PRIOR[chroma, late][step.block_class, place]
        + _PLANE_PRIOR[chroma][np.minimum(step.plane, tables.PRIOR_PLANES - 1)]
    )


_PRIOR = np.array(tables.PRIOR, np.int64)
_PLANE_PRIOR = np.array(tables.PLANE_PRIOR, np.int64)
_THRESHOLDS = np.array(tables.THRESHOLDS, np.int64)


def table_ids(step: Step, terms: list[Index], channel: int) -> Bytes:
    """The table of every position: prediction, then thresholds (spec: magnitude context)."""
    weights = _WEIGHTS[min(channel, 2), int(step.second)]
    total = prior(step, channel)
    for weight, term in zip(weights, terms, strict=False):
        if weight:
            total = total + int(weight) * term
    return np.searchsorted(_THRESHOLDS, total >> tables.WEIGHT_SHIFT, side="right").astype(np.uint8)


def median_edge(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Residuals of [rows, columns] integers under the median edge predictor (spec: DC)."""
    up = np.pad(values, ((1, 0), (1, 0)))[:-1, 1:]
    left = np.pad(values, ((1, 0), (1, 0)))[1:, :-1]
    corner = np.pad(values, ((1, 0), (1, 0)))[:-1, :-1]
    up[0] = left[0]
    left[:, 0] = up[:, 0]
    corner[0], corner[:, 0] = left[0], up[:, 0]
    guess = np.clip(left + up - corner, np.minimum(left, up), np.maximum(left, up))
    return values - guess


def undo_median_edge(residuals: NDArray[np.int64]) -> NDArray[np.int64]:
    """The inverse of ``median_edge``."""
    rows, columns = residuals.shape
    out = [[0] * columns for _ in range(rows)]
    source = residuals.tolist()
    for y in range(rows):
        row, above = out[y], out[y - 1] if y else None
        for x in range(columns):
            if above is None:
                guess = row[x - 1] if x else 0
            elif x == 0:
                guess = above[0]
            else:
                left, up = row[x - 1], above[x]
                low, high = (left, up) if left < up else (up, left)
                guess = min(max(left + up - above[x - 1], low), high)
            row[x] = source[y][x] + guess
    return np.array(out, np.int64).reshape(rows, columns)


class Walk:
    """Channel after channel through classes and wavefront steps, writing or reading."""

    def __init__(self) -> None:
        self.lower: list[tuple[Bytes, Channel]] = []
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

    def steps(
        self, shape: Channel, flat: Bytes, active: Active
    ) -> Iterator[tuple[slice, Step, Bytes]]:
        """Yields (part of the coding order, step, tables); ``flat`` must be filled before the next."""
        channel = len(self.lower)
        everywhere = lower_planes(self.lower, shape, active.plain)
        for part, step in steps(active):
            terms = features(step, flat, [(m, at[part]) for m, at in everywhere], shape)
            yield part, step, table_ids(step, terms, channel)
        self.lower.append((flat, shape))


def encode(channels: list[Coefficients]) -> bytes:
    """Spectral weights to the payload of a spectral tensor.

    Args:
        channels: int32 [K, rows, columns, Bv, Bu] each, same K, rows and columns.

    Returns:
        One DC table index per channel (u8), then an integer block.
    """
    writer, walk, dc_tables = IntegerWriter(), Walk(), bytearray()
    for values in channels:
        shape = Channel(*values.shape)
        dc = median_edge(values[0, :, :, 0, 0].astype(np.int64)).ravel()
        dc_tables.append(best_table(dc))
        writer.push(dc, np.full(dc.size, dc_tables[-1], np.uint8))
        classes = class_of(values)
        for k, mask, ids, plane in walk.class_planes(shape):
            plane[mask] = classes[k][mask]
            for table, where in _by_table(ids):
                writer.push_symbols(plane[mask][where].astype(np.int32), tables.CLASS_TABLES[table])
        flat = shape.magnitudes(values)
        active = active_positions(shape, classes)
        ordered = values.ravel()[active.plain].astype(np.int64)
        for part, _, ids in walk.steps(shape, flat, active):
            writer.push(ordered[part], ids)
    return bytes(dc_tables) + writer.block()


def decode(payload: bytes, shapes: list[Channel]) -> list[Coefficients]:
    """The inverse of ``encode`` for channels of known geometry.

    Raises:
        CorruptError: the payload does not decode to exactly these channels.
    """
    count = len(shapes)
    if len(payload) < count or any(t >= len(tables.MAGNITUDE_TABLES) for t in payload[:count]):
        raise CorruptError(f"spectral tensor: bad DC tables {payload[:count].hex()!r}")
    reader, walk = IntegerReader(payload[count:]), Walk()
    orders: list[Index] = []
    for channel, shape in enumerate(shapes):
        reader.pull(np.full(shape.rows * shape.columns, payload[channel], np.uint8))
        for _, mask, ids, plane in walk.class_planes(shape):
            fresh = np.zeros(ids.size, np.int64)
            for table, where in _by_table(ids):
                fresh[where] = reader.pull_symbols(where.size, tables.CLASS_TABLES[table])
            plane[mask] = fresh
        active = active_positions(shape, walk.classes[-1])
        flat = np.zeros(shape.padded, np.uint8).ravel()
        for _, step, ids in walk.steps(shape, flat, active):
            flat[step.index] = reader.pull(ids)
        orders.append(active.plain)
    return _scatter(reader.finish(), shapes, orders)


def _by_table(ids: Index) -> Iterator[tuple[int, Index]]:
    """(table, positions in order) of every table present, ascending."""
    for table in np.flatnonzero(np.bincount(ids)):
        yield int(table), np.flatnonzero(ids == table)


def _scatter(
    values: NDArray[np.int64], shapes: list[Channel], orders: list[Index]
) -> list[Coefficients]:
    """Puts decoded values back in place and undoes the DC prediction."""
    out, at = [], 0
    if values.size and np.abs(values).max() >= 1 << 30:
        raise CorruptError("spectral tensor: a weight exceeds 30 bits")
    for shape, order in zip(shapes, orders, strict=True):
        blocks = shape.rows * shape.columns
        q = np.zeros((shape.planes, shape.rows, shape.columns, shape.height, shape.width), np.int32)
        dc = undo_median_edge(values[at : at + blocks].reshape(shape.rows, shape.columns))
        at += blocks
        q.ravel()[order] = values[at : at + order.size]
        at += order.size
        q[0, :, :, 0, 0] = dc
        out.append(q)
    return out
