"""Smooth fields over time: integers predicted from three neighbours (spec: field tensors).

A field is int [n, components, rows, columns]. An element is predicted by the median of the
elements left of it, above it and before it; the residual is coded with one of a few
tables, chosen by the residuals around it that are already known. Elements of equal
``2 n + row + column`` depend on earlier ones only, so they are coded together: those of
even components first, which the odd ones look at.

Five components are two vectors and a choice between them: the choices are coded first, then
of a vector that is not chosen nothing, and it is what is predicted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy.integers import ESCAPE, IntegerReader, IntegerWriter
from lincodec.entropy.lattice import best_table
from lincodec.entropy.rans import PRECISION
from lincodec.entropy.tables import MAGNITUDE_TABLES
from lincodec.errors import CorruptError

Field = NDArray[np.int64]

#: Least activity of contexts 1, 2, ...
BOUNDS = (1, 2, 3, 5, 7, 10, 14, 20, 30)
CONTEXTS = len(BOUNDS) + 1
#: Components of a field with choices; the last one is -1 where components 0 and 1 are needed
#: alone, 1 where 2 and 3 are, and 0 where all are.
WITH_CHOICE = 5
#: Contexts of a choice: those left of it and above it.
CHOICES = 9
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
_SHARE = PRECISION - 8  # frequencies of choices are in 256ths of all: their log2


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


def settled(field: Field) -> Field:
    """The field that ``decode`` gives back: what choices leave open is what is predicted.

    Args:
        field: int64 [n, components, rows, columns]. Of five components the last is a choice;
            where it is -1, components 2 and 3 are open; where it is 1, components 0 and 1 are,
            and the difference of 2 and 3 from them is kept.
    """
    if field.shape[1] != WITH_CHOICE:
        return field
    vectors, choices = field[:, :4], field[:, 4]
    layout = _Layout(vectors.shape)
    _, found = _traced(vectors, _needed(choices), layout, list(layout.steps()))
    return np.concatenate([found, choices[:, None]], 1)


def encode(field: Field) -> bytes:
    """A field to bytes: tables of the contexts, then an integer block.

    Args:
        field: int64 [n, components, rows, columns], magnitudes below 2^15, settled.
    """
    writer, head = IntegerWriter(), b""
    coded = np.ones(field.shape, bool)
    if field.shape[1] == WITH_CHOICE:
        head = _push_choices(field[:, 4], writer)
        coded, field = _needed(field[:, 4]), field[:, :4]
    layout = _Layout(field.shape)
    steps = list(layout.steps())
    residual, _ = _traced(field, coded, layout, steps)
    magnitudes = layout.blank()
    magnitudes[layout.places] = np.minimum(np.abs(residual), ESCAPE)
    contexts = layout.activity(magnitudes, np.arange(residual.size))
    known = coded.ravel()
    tables = np.array(
        [best_table(residual[(contexts == context) & known]) for context in range(CONTEXTS)],
        np.uint8,
    )
    for step in steps:
        picked = step[known[step]]
        writer.push(residual[picked], tables[contexts[picked]])
    return head + tables.tobytes() + writer.block()


def _traced(
    field: Field, coded: NDArray[np.bool_], layout: _Layout, steps: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], Field]:
    """Residuals [elements], 0 where nothing is coded, and the field with what is open settled."""
    values, residual = layout.blank(), np.zeros(field.size, np.int64)
    flat, known = field.ravel(), coded.ravel()
    plane = field.shape[2] * field.shape[3]
    for step in steps:
        guess = layout.predicted(values, step)
        places, picked = layout.places[step], known[step]
        values[places] = np.where(picked, flat[step], guess)
        if not picked.all():  # the second vector keeps its difference from the first
            second = picked & (step // plane % field.shape[1] >= 2)
            first = step[second] - 2 * plane
            values[places[second]] += values[layout.places[first]] - flat[first]
        residual[step] = values[places] - guess
    return residual, values[layout.places].reshape(field.shape)


def decode(payload: bytes, shape: tuple[int, ...]) -> Field:
    """The inverse of ``encode``: int64 of four-dimensional ``shape``.

    Raises:
        CorruptError: a table does not exist, the block is malformed, or a value is too large.
    """
    chosen = shape[1] == WITH_CHOICE
    head = 2 * CHOICES if chosen else 0
    tables = np.frombuffer(payload[head : head + CONTEXTS], np.uint8)
    if tables.size < CONTEXTS or tables.max() >= len(MAGNITUDE_TABLES):
        raise CorruptError(f"field tensor: tables {tables.tolist()} do not exist")
    reader = IntegerReader(payload[head + CONTEXTS :])
    if chosen:
        choices = _pull_choices(payload[:head], (shape[0], *shape[2:]), reader)
        known, shape = _needed(choices).ravel(), (shape[0], 4, *shape[2:])
    else:
        known = np.ones(int(np.prod(shape)), bool)
    layout = _Layout(shape)
    steps, magnitudes = list(layout.steps()), layout.blank()
    for step in steps:
        picked = step[known[step]]
        found = reader.pull(tables[layout.activity(magnitudes, picked)])
        magnitudes[layout.places[picked]] = found
    residual, values = np.zeros(known.size, np.int64), layout.blank()
    residual[np.concatenate([step[known[step]] for step in steps])] = reader.finish()
    for step in steps:
        values[layout.places[step]] = residual[step] + layout.predicted(values, step)
    field = values[layout.places].reshape(shape)
    if np.abs(field).max() >= _LARGEST:
        raise CorruptError("field tensor: a value exceeds 15 bits; expected |q| < 32768")
    return np.concatenate([field, choices[:, None]], 1) if chosen else field


def _needed(choices: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which elements of the two vectors are coded, bool [n, 4, rows, columns]."""
    first, second = choices < 1, choices > -1
    return np.stack([first, first, second, second], 1)


def _diagonals(shape: tuple[int, ...]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows and columns of the places of equal row + column."""
    rows, columns = shape[1:]
    for time in range(rows + columns - 1):
        row = np.arange(max(0, time - columns + 1), min(rows, time + 1))
        yield row, time - row


def _choice_contexts(
    padded: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Contexts of choices [n, places] from a copy with a border above and to the left."""
    left, above = padded[:, row + 1, column], padded[:, row, column + 1]
    found: NDArray[np.int64] = 3 * (left + 1) + above + 1
    return found


def _push_choices(choices: NDArray[np.int64], writer: IntegerWriter) -> bytes:
    """Append all choices [n, rows, columns]; returns the frequencies of every context."""
    padded = np.pad(choices, ((0, 0), (1, 0), (1, 0)))
    counts = np.zeros((CHOICES, 3), np.int64)
    groups = []
    for row, column in _diagonals(choices.shape):
        contexts = _choice_contexts(padded, row, column)
        symbols = choices[:, row, column] + 1
        np.add.at(counts, (contexts, symbols), 1)
        groups.append((contexts, symbols))
    parts = np.stack([_parts(row) for row in counts])
    for contexts, symbols in groups:
        for context in range(CHOICES):
            found = symbols[contexts == context].astype(np.int32)
            writer.push_symbols(found, _frequencies(parts[context]))
    return parts[:, :2].astype(np.uint8).tobytes()


def _parts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts of three symbols as 256ths, each at least one."""
    shares = np.rint(256 * counts / max(1, counts.sum())).astype(np.int64)
    parts: NDArray[np.int64] = np.maximum(1, shares)
    parts[np.argmax(parts)] += 256 - parts.sum()
    return parts


def _frequencies(parts: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(int(part) << _SHARE for part in parts)


def _pull_choices(head: bytes, shape: tuple[int, ...], reader: IntegerReader) -> NDArray[np.int64]:
    """The inverse of ``_push_choices``."""
    parts = np.frombuffer(head, np.uint8).astype(np.int64).reshape(CHOICES, 2)
    parts = np.concatenate([parts, 256 - parts.sum(1, keepdims=True)], 1)
    if parts.min() < 1:
        raise CorruptError("field tensor: frequencies of choices; expected 1 at least, 255 both")
    tables = [_frequencies(each) for each in parts]
    padded = np.zeros((shape[0], shape[1] + 1, shape[2] + 1), np.int64)
    for row, column in _diagonals(shape):
        contexts = _choice_contexts(padded, row, column)
        found = np.zeros(contexts.shape, np.int64)
        for context in range(CHOICES):
            pick = contexts == context
            found[pick] = reader.pull_symbols(int(pick.sum()), tables[context])
        padded[:, row + 1, column + 1] = found - 1
    choices: NDArray[np.int64] = np.ascontiguousarray(padded[:, 1:, 1:])
    return choices
