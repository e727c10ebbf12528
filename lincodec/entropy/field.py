"""Smooth fields over time: integers predicted from three neighbours (spec: field tensors).

A field is int [n, components, rows, columns]. An element is predicted by the median of the
elements left of it, above it and before it; the residual is coded with one of a few
tables, chosen by the residuals around it that are already known. Elements of equal
``2 n + row + column`` depend on earlier ones only, so they are coded together: those of
even components first, which the odd ones look at.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy.integers import ESCAPE, IntegerReader, IntegerWriter
from lincodec.entropy.lattice import best_table
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
#: Weight of the even component's residual in the context of the odd one after it.
_PAIR = 2
_LARGEST = 1 << 15


class _Layout:
    """Where the elements of a field stand in a flat array with a border.

    The border is one element before n and above, and one on both sides of rows.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        n, components, rows, columns = shape
        self.padded = (n + 1, components, rows + 2, columns + 2)
        places = np.arange(int(np.prod(self.padded))).reshape(self.padded)
        #: int64 [elements], row major
        self.places = np.ascontiguousarray(places[1:, :, 1:-1, 1:-1]).ravel()

    def blank(self) -> NDArray[np.int64]:
        """Zeros in the flat array."""
        return np.zeros(int(np.prod(self.padded)), np.int64)

    def back(self, n: int, row: int, column: int) -> int:
        """How far a neighbour lies before an element."""
        _, components, rows, columns = self.padded
        return (n * components * rows + row) * columns + column

    def steps(self) -> Iterator[NDArray[np.int64]]:
        """Indices of the elements of each step, in coding order."""
        n, components, rows, columns = self.shape
        time = 2 * np.arange(n)[:, None, None, None] + (
            np.arange(rows)[:, None] + np.arange(columns)[None]
        )
        time = 2 * time + np.arange(components)[:, None, None] % 2
        flat = np.broadcast_to(time, self.shape).ravel()
        order = np.argsort(flat, kind="stable")
        ends = np.flatnonzero(np.diff(flat[order])) + 1
        yield from np.split(order, ends)

    def activity(self, magnitudes: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
        """Context of each element from the residual magnitudes in the flat array."""
        places = self.places[step]
        total = np.zeros(places.size, np.int64)
        for weight, move in _AROUND:
            total += weight * magnitudes[places - self.back(*move)]
        plane = self.shape[2] * self.shape[3]
        odd = step // plane % self.shape[1] % 2
        total += _PAIR * odd * magnitudes[places - self.back(0, self.padded[2], 0) * odd]
        return np.searchsorted(np.array(BOUNDS), total, side="right")

    def predicted(self, values: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
        """The median of the three values around each element."""
        places, columns = self.places[step], self.shape[3]
        before = places - self.back(1, 0, 0)
        beside = step % columns > 0
        below = step // columns % self.shape[2] > 0
        left, above = places - self.back(0, 0, 1), places - self.back(0, 1, 0)
        either = np.where(beside, left, np.where(below, above, before))
        a, b, c = values[either], values[np.where(below, above, either)], values[before]
        found: NDArray[np.int64] = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
        return found


def encode(field: Field) -> bytes:
    """A field to bytes: tables of the contexts, then an integer block.

    Args:
        field: int64 [n, components, rows, columns], magnitudes below 2^15.
    """
    layout = _Layout(field.shape)
    steps = list(layout.steps())
    values, residual = layout.blank(), np.zeros(field.size, np.int64)
    values[layout.places] = field.ravel()
    for step in steps:
        residual[step] = values[layout.places[step]] - layout.predicted(values, step)
    magnitudes = layout.blank()
    magnitudes[layout.places] = np.minimum(np.abs(residual), ESCAPE)
    contexts = layout.activity(magnitudes, np.arange(residual.size))
    tables = np.array(
        [best_table(residual[contexts == context]) for context in range(CONTEXTS)], np.uint8
    )
    writer = IntegerWriter()
    for step in steps:
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
    reader = IntegerReader(payload[CONTEXTS:])
    layout = _Layout(shape)
    steps, magnitudes = list(layout.steps()), layout.blank()
    for step in steps:
        magnitudes[layout.places[step]] = reader.pull(tables[layout.activity(magnitudes, step)])
    residual, values = np.zeros(layout.places.size, np.int64), layout.blank()
    residual[np.concatenate(steps)] = reader.finish()
    for step in steps:
        values[layout.places[step]] = residual[step] + layout.predicted(values, step)
    field = values[layout.places].reshape(shape)
    if np.abs(field).max() >= _LARGEST:
        raise CorruptError("field tensor: a value exceeds 15 bits; expected |q| < 32768")
    return field
