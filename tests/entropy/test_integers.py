"""Integer blocks: any integers there and back, and the bytes the specification gives."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import pure_rans

from lincodec.entropy.integers import IntegerReader, IntegerWriter
from lincodec.entropy.tables import ESCAPE_TABLE, MAGNITUDE_TABLES
from lincodec.errors import CorruptError

#: The largest magnitude that the escape table reaches.
LARGEST = 14 + (1 << len(ESCAPE_TABLE)) - 1

Step = tuple[list[int], list[int]]

values = st.one_of(st.integers(-3, 3), st.integers(-40, 40), st.integers(-LARGEST, LARGEST))
ids = st.integers(0, len(MAGNITUDE_TABLES) - 1)
steps = st.lists(st.lists(st.tuples(values, ids), max_size=30), max_size=5)


def block_of(listed: list[list[tuple[int, int]]]) -> bytes:
    writer = IntegerWriter()
    for step in listed:
        writer.push(
            np.array([v for v, _ in step], np.int64), np.array([t for _, t in step], np.uint8)
        )
    return writer.block()


def plain_block(listed: list[list[tuple[int, int]]]) -> bytes:
    """The block by the text of clause 7.7."""
    symbols, models, order = [], [], [v for step in listed for v, _ in step]
    for step in listed:
        for value, table in sorted(step, key=lambda pair: pair[1]):
            symbols.append(min(abs(value), 15))
            models.append(MAGNITUDE_TABLES[table])
    bits = ["1" if v < 0 else "0" for v in order if v]
    for value in order:
        if abs(value) >= 15:
            rest = abs(value) - 14
            e = rest.bit_length() - 1
            symbols.append(e)
            models.append(ESCAPE_TABLE)
            bits += list(f"{rest:b}"[1:][::-1]) if e else []
    words = pure_rans.encode(symbols, models)
    packed = bytes(int("".join(bits[i : i + 8])[::-1], 2) for i in range(0, len(bits), 8))
    head = struct.pack(f"<I{len(words)}I", len(words), *words)
    return head + struct.pack("<I", len(packed)) + packed


@given(steps)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_there_and_back(listed: list[list[tuple[int, int]]]) -> None:
    block = block_of(listed)
    assert block == plain_block(listed)
    reader = IntegerReader(block)
    for step in listed:
        capped = reader.pull(np.array([t for _, t in step], np.uint8))
        assert capped.tolist() == [min(abs(v), 15) for v, _ in step]
    assert reader.finish().tolist() == [v for step in listed for v, _ in step]


@pytest.mark.parametrize("value", [14, 15, 16, 17, LARGEST - 1, LARGEST])
def test_around_the_escape(value: int) -> None:
    block = block_of([[(value, 39), (-value, 39)]])
    reader = IntegerReader(block)
    reader.pull(np.full(2, 39, np.uint8))
    assert reader.finish().tolist() == [value, -value]


def test_what_no_symbol_reaches_is_refused() -> None:
    with pytest.raises((ValueError, KeyError, AssertionError)):
        block_of([[(LARGEST + 1, 0)]])


def test_an_empty_block_is_eight_zeros() -> None:
    assert block_of([]) == bytes(8)
    assert IntegerReader(bytes(8)).finish().size == 0


def _read(block: bytes, tables: np.ndarray) -> list[int]:
    reader = IntegerReader(block)
    reader.pull(tables)
    return reader.finish().tolist()


def test_damage_is_corrupt_or_other_integers() -> None:
    rng = np.random.default_rng(3)
    given_values = np.rint(rng.laplace(0, 6, 200)).astype(np.int64)
    given_values[::17] *= 900
    tables = rng.integers(10, 40, 200).astype(np.uint8)
    writer = IntegerWriter()
    writer.push(given_values, tables)
    block = writer.block()
    assert _read(block, tables) == given_values.tolist()
    refused = 0
    for _ in range(300):
        damaged = bytearray(block)
        damaged[rng.integers(len(block))] ^= 1 << rng.integers(8)
        try:
            found = _read(bytes(damaged), tables)
        except CorruptError:
            refused += 1
        else:
            assert len(found) == 200
            assert found != given_values.tolist()
    assert refused > 150


@pytest.mark.parametrize("cut", [0, 1, 7, 11, -1, -5])
def test_cut_short(cut: int) -> None:
    block = block_of([[(5, 20), (-70, 20), (900, 39)]])
    with pytest.raises(CorruptError):
        _read(block[:cut], np.array([20, 20, 39], np.uint8))


def test_bits_too_many() -> None:
    block = block_of([[(5, 20)]])
    with pytest.raises(CorruptError, match="bypass"):
        _read(block[:-1] + bytes([block[-1] | 2]), np.array([20], np.uint8))
    longer = block[:-5] + struct.pack("<I", 2) + block[-1:] + b"\0"
    with pytest.raises(CorruptError, match="bypass"):
        _read(longer, np.array([20], np.uint8))
