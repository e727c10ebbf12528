"""Symbols of a small alphabet under one stored table (spec: minmax tensors)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy.rans import PRECISION, RansDecoder, RansEncoder, normalise
from lincodec.errors import CorruptError


def encode(symbols: NDArray[np.int64], bits: int) -> bytes:
    """Symbols in 0..2^bits-1 to ``2^bits`` varints (frequency - 1), then u32 words."""
    counts = np.bincount(symbols.ravel(), minlength=1 << bits)
    table = normalise(counts)
    rans = RansEncoder()
    rans.push(symbols.ravel().astype(np.int32), table)
    head = b"".join(_varint(f - 1) for f in table)
    return head + rans.words().astype("<u4").tobytes()


def decode(payload: bytes, bits: int, count: int) -> NDArray[np.int64]:
    """The inverse of ``encode``: int64 [count].

    Raises:
        CorruptError: the table or the words are malformed.
    """
    table, at = [], 0
    for _ in range(1 << bits):
        value, at = _read_varint(payload, at)
        table.append(value + 1)
    if sum(table) != 1 << PRECISION:
        raise CorruptError(f"minmax tensor: table sums to {sum(table)}; expected {1 << PRECISION}")
    if (len(payload) - at) % 4:
        raise CorruptError(
            f"minmax tensor: {len(payload) - at} bytes of words; expected whole words"
        )
    rans = RansDecoder(np.frombuffer(payload, "<u4", offset=at))
    symbols = rans.pull(count, tuple(table)).astype(np.int64)
    rans.finish()
    return symbols


def _varint(value: int) -> bytes:
    """Base-128, least significant group first, the top bit marks continuation."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The value at ``at`` and where the next one starts; at most four bytes, none redundant."""
    value = 0
    for shift in range(0, 28, 7):
        if at >= len(data):
            raise CorruptError("minmax tensor: table cut short")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if byte == 0 and shift:
                break
            return value, at
    raise CorruptError("minmax tensor: malformed varint in the table")
