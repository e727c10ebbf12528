"""Rows of integers: a table and a prediction order per row (spec: lattice tensors)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy import tables
from lincodec.entropy.integers import ESCAPE, IntegerReader, IntegerWriter
from lincodec.errors import CorruptError

Rows = NDArray[np.int64]
MAX_ORDER = 2
_COSTS = 24 - np.log2(np.array(tables.MAGNITUDE_TABLES, np.float64))


def table_bits(values: NDArray[np.int64]) -> NDArray[np.float64]:
    """Approximate bits of ``values`` under every magnitude table, signs and escapes included."""
    magnitudes = np.abs(values).ravel()
    counts = np.bincount(np.minimum(magnitudes, ESCAPE), minlength=ESCAPE + 1)
    escaped = magnitudes[magnitudes >= ESCAPE] - ESCAPE + 1
    extra = (2 * np.floor(np.log2(escaped)) + 1).sum() if escaped.size else 0.0
    bits: NDArray[np.float64] = _COSTS @ counts + counts[1:].sum() + extra
    return bits


def best_table(values: NDArray[np.int64]) -> int:
    """The magnitude table that codes ``values`` in the fewest bits (lowest index on ties)."""
    return int(np.argmin(table_bits(values)))


def residual(row: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    """``order`` differences along the row; the first elements keep lower-order differences."""
    for _ in range(order):
        row = np.concatenate([row[:1], np.diff(row)])
    return row


def encode(rows: Rows) -> bytes:
    """Rows to bytes: one byte ``order << 6 | table`` per row, then an integer block.

    Args:
        rows: int64 [R, N].
    """
    writer, heads = IntegerWriter(), bytearray()
    for row in rows:
        tried = [residual(row, order) for order in range(MAX_ORDER + 1)]
        order = min(range(MAX_ORDER + 1), key=lambda o: float(table_bits(tried[o]).min()))
        table = best_table(tried[order])
        heads.append(order << 6 | table)
        writer.push(tried[order], np.full(row.size, table, np.uint8))
    return bytes(heads) + writer.block()


def decode(payload: bytes, count: int, width: int) -> Rows:
    """The inverse of ``encode``: int64 [count, width].

    Raises:
        CorruptError: a row's table or order does not exist, or the block is malformed.
    """
    heads = payload[:count]
    for index, head in enumerate(heads):
        if head >> 6 > MAX_ORDER or head & 63 >= len(tables.MAGNITUDE_TABLES):
            raise CorruptError(
                f"lattice row {index}: order {head >> 6}, table {head & 63} do not exist"
            )
    if len(heads) < count:
        raise CorruptError(f"lattice tensor: {len(payload)} bytes for {count} rows")
    reader = IntegerReader(payload[count:])
    for head in heads:
        reader.pull(np.full(width, head & 63, np.uint8))
    rows = reader.finish().reshape(count, width)
    for index, head in enumerate(heads):
        for _ in range(head >> 6):
            rows[index] = np.cumsum(rows[index])
    return rows


def pack(exponents: NDArray[np.int8], rows: Rows) -> bytes:
    """The payload of a lattice tensor (spec clause 7.4).

    Args:
        exponents: int8 [R], one a row.
        rows: int64 [R, N].
    """
    return exponents.astype(np.int8).tobytes() + encode(rows)


def unpack(payload: bytes, count: int, width: int, what: str) -> tuple[NDArray[np.int8], Rows]:
    """The inverse of ``pack``: exponents int8 [count] and rows int64 [count, width].

    Args:
        payload: of ``what``, which messages name.
        count: rows.
        width: integers of a row.

    Raises:
        CorruptError: it is cut short, or the rows are malformed.
    """
    if len(payload) < count:
        raise CorruptError(f"{what}: {len(payload)} bytes for {count} rows")
    return np.frombuffer(payload[:count], np.int8), decode(payload[count:], count, width)
