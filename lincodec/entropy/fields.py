"""Smooth fields over time: integers predicted from three neighbours (spec: field tensors).

A field is int [n, components, rows, columns]. An element is predicted by the median of the
elements left of it, above it and before it; the residual is coded with one of a few
tables, chosen by the residuals around it that are already known. Elements of equal
``2 n + row + column`` depend on earlier ones only, so they are coded together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy.integers import ESCAPE, IntegerReader, IntegerWriter
from lincodec.entropy.rows import best_table
from lincodec.entropy.tables import MAGNITUDE_TABLES
from lincodec.errors import CorruptError

Field = NDArray[np.int64]

#: Least activity of contexts 1, 2, ...
BOUNDS = (1, 2, 3, 5, 7, 10, 14, 20, 30)
CONTEXTS = len(BOUNDS) + 1
#: Weights of the residuals around an element: (n, row, column) back from it.
_AROUND = (
    (2, (0, 0, 1)),
    (2, (0, 1, 0)),
    (1, (0, 1, 1)),
    (2, (1, 0, 0)),
    (1, (1, 0, -1)),
    (1, (1, -1, 0)),
)
_LARGEST = 1 << 15


def _padded(shape: tuple[int, ...]) -> tuple[int, ...]:
    """One element of border before n, and on both sides of rows and columns."""
    n, components, rows, columns = shape
    return (n + 1, components, rows + 2, columns + 2)


def _inner(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Flat places in the padded array of all elements, row major, int64."""
    padded = _padded(shape)
    places = np.arange(int(np.prod(padded))).reshape(padded)
    return np.ascontiguousarray(places[1:, :, 1:-1, 1:-1]).ravel()


def _back(shape: tuple[int, ...], move: tuple[int, int, int]) -> int:
    """How far a neighbour lies before an element in the flat padded array."""
    _, components, rows, columns = _padded(shape)
    n, row, column = move
    return (n * components * rows + row) * columns + column


def _steps(shape: tuple[int, ...]) -> Iterator[NDArray[np.int64]]:
    """Indices of the elements of each step, in coding order."""
    n, _, rows, columns = shape
    time = 2 * np.arange(n)[:, None, None, None] + (
        np.arange(rows)[:, None] + np.arange(columns)[None]
    )
    flat = np.broadcast_to(time, shape).ravel()
    order = np.argsort(flat, kind="stable")
    ends = np.flatnonzero(np.diff(flat[order])) + 1
    yield from np.split(order, ends)


def _activity(
    magnitudes: NDArray[np.int64], places: NDArray[np.int64], shape: tuple[int, ...]
) -> NDArray[np.int64]:
    """Context of each element from the padded residual magnitudes around it."""
    total = np.zeros(places.size, np.int64)
    for weight, move in _AROUND:
        total += weight * magnitudes[places - _back(shape, move)]
    return np.searchsorted(np.array(BOUNDS), total, side="right")


def _median(a: Field, b: Field, c: Field) -> Field:
    result: Field = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return result


def encode(field: Field) -> bytes:
    """A field to bytes: one table index for each context, then an integer block.

    Args:
        field: int64 [n, components, rows, columns], magnitudes below 2^15.
    """
    around = np.pad(field, ((1, 0), (0, 0), (1, 0), (1, 0)))
    left, above, before = around[1:, :, 1:, :-1], around[1:, :, :-1, 1:], around[:-1, :, 1:, 1:]
    residual = (field - _median(left, above, before)).ravel()
    places = _inner(field.shape)
    magnitudes = np.zeros(_padded(field.shape), np.int64).ravel()
    magnitudes[places] = np.minimum(np.abs(residual), ESCAPE)
    contexts = _activity(magnitudes, places, field.shape)
    tables = np.array(
        [best_table(residual[contexts == context]) for context in range(CONTEXTS)], np.uint8
    )
    writer = IntegerWriter()
    for step in _steps(field.shape):
        writer.push(residual[step], tables[contexts[step]])
    return tables.tobytes() + writer.block()


def decode(payload: bytes, shape: tuple[int, ...]) -> Field:
    """The inverse of ``encode``: int64 of four-dimensional ``shape``.

    Raises:
        CorruptError: a table does not exist, the block is malformed, or a value is too large.
    """
    tables = np.frombuffer(payload[:CONTEXTS], np.uint8)
    if tables.size < CONTEXTS or tables.max() >= len(MAGNITUDE_TABLES):
        raise CorruptError(f"field tensor: tables {tables.tolist()} do not exist")
    reader, places = IntegerReader(payload[CONTEXTS:]), _inner(shape)
    magnitudes = np.zeros(_padded(shape), np.int64).ravel()
    steps = list(_steps(shape))
    for step in steps:
        where = places[step]
        magnitudes[where] = reader.pull(tables[_activity(magnitudes, where, shape)])
    residual, values = reader.finish(), np.zeros_like(magnitudes)
    at = 0
    for step in steps:
        where = places[step]
        left, above, before = (
            values[where - _back(shape, move)] for move in ((0, 0, 1), (0, 1, 0), (1, 0, 0))
        )
        values[where] = residual[at : at + step.size] + _median(left, above, before)
        at += step.size
    field = values[places].reshape(shape)
    if np.abs(field).max() >= _LARGEST:
        raise CorruptError("field tensor: a value exceeds 15 bits; expected |q| < 32768")
    return field
