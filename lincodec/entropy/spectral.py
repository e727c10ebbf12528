"""Coding the spectral weights (spec: spectral tensors).

Steps are wavefronts over component, diagonal and checkerboard pass, so that whole arrays
are coded at once and the decoder walks the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy import tables
from lincodec.entropy.coefficients import Coefficients
from lincodec.entropy.context import (
    Active,
    Bytes,
    Channel,
    Grid,
    Index,
    active_positions,
    checkerboard,
    class_of,
    class_tables,
    class_terms,
    steps,
)
from lincodec.entropy.integers import IntegerReader, IntegerWriter
from lincodec.entropy.lattice import best_table
from lincodec.entropy.magnitudes import Context, Known, block_terms
from lincodec.errors import CorruptError


def median_edge(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Residuals of [rows, columns] integers under the median edge predictor (spec: DC)."""
    up = np.pad(values, ((1, 0), (1, 0)))[:-1, 1:]
    left = np.pad(values, ((1, 0), (1, 0)))[1:, :-1]
    corner = np.pad(values, ((1, 0), (1, 0)))[:-1, :-1]
    up[0] = left[0]
    left[:, 0] = up[:, 0]
    corner[0], corner[:, 0] = left[0], up[:, 0]
    guess = np.clip(left + up - corner, np.minimum(left, up), np.maximum(left, up))
    residuals: NDArray[np.int64] = values - guess
    return residuals


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


def encode(channels: list[Coefficients]) -> bytes:
    """Spectral weights to the payload of a spectral tensor.

    Args:
        channels: of the same K, rows and columns.

    Returns:
        One DC table index per channel (u8), then an integer block.
    """
    writer, walk, dc_tables = IntegerWriter(), Walk(), bytearray()
    for channel in channels:
        shape, values = Channel(*channel.shape), channel.dense()
        dc = median_edge(values[0, :, :, 0, 0].astype(np.int64)).ravel()
        dc_tables.append(best_table(dc))
        writer.push(dc, np.full(dc.size, dc_tables[-1], np.uint8))
        classes = class_of(channel)
        for k, mask, ids, plane in walk.class_planes(shape):
            plane[mask] = classes[k][mask]
            for table, where in _by_table(ids):
                writer.push_symbols(plane[mask][where].astype(np.int32), tables.CLASS_TABLES[table])
        context = walk.context(Known.of(channel))
        active = active_positions(shape, classes)
        ordered = values.ravel()[active.plain(shape)].astype(np.int64)
        named = context.all_tables(active)
        for part in steps(active):
            writer.push(ordered[part], named[part], tables.SPECTRAL_TABLES)
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
    orders: list[Active] = []
    for channel, shape in enumerate(shapes):
        reader.pull(np.full(shape.rows * shape.columns, payload[channel], np.uint8))
        for _, mask, ids, plane in walk.class_planes(shape):
            fresh = np.zeros(ids.size, np.int64)
            for table, where in _by_table(ids):
                fresh[where] = reader.pull_symbols(where.size, tables.CLASS_TABLES[table])
            plane[mask] = fresh
        context = walk.context(Known(shape))
        active = active_positions(shape, walk.classes[-1])
        for part in steps(active):
            step = active.part(part)
            named = context.tables(step)
            context.known.put(step, reader.pull(named, tables.SPECTRAL_TABLES))
        orders.append(active)
    return _scatter(reader.finish(), shapes, orders)


def _by_table(ids: Index) -> Iterator[tuple[int, Index]]:
    """(table, positions in order) of every table present, ascending."""
    for table in np.flatnonzero(np.bincount(ids)):
        yield int(table), np.flatnonzero(ids == table)


def _scatter(
    values: NDArray[np.int64], shapes: list[Channel], orders: list[Active]
) -> list[Coefficients]:
    """Puts decoded values back in place and undoes the DC prediction."""
    out, at = [], 0
    if values.size and np.abs(values).max() >= 1 << 30:
        raise CorruptError("spectral tensor: a weight exceeds 30 bits")
    for shape, order in zip(shapes, orders, strict=True):
        blocks = shape.rows * shape.columns
        dc = undo_median_edge(values[at : at + blocks].reshape(shape.rows, shape.columns)).ravel()
        if np.abs(dc).max() >= 1 << 16:
            raise CorruptError("spectral tensor: a first coefficient exceeds 16 bits")
        at += blocks
        first = dc.nonzero()[0]
        found = values[at : at + order.count].nonzero()[0]
        where = np.concatenate([first * shape.area, order.part(found).plain(shape)])
        sort = np.argsort(where)
        numbers = np.concatenate([dc[first], values[at + found]])
        size = (shape.planes, shape.rows, shape.columns, shape.height, shape.width)
        out.append(Coefficients(size, where[sort], numbers[sort].astype(np.int32)))
        at += order.count
    return out
