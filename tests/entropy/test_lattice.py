"""Rows of a lattice tensor and tensors of few symbols."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import pure_rans

from lincodec.entropy import lattice, minmax
from lincodec.entropy.rans import PRECISION
from lincodec.errors import CorruptError


@given(
    st.integers(1, 5).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(-200_000, 200_000), min_size=width, max_size=width),
            min_size=1,
            max_size=6,
        )
    )
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_rows_there_and_back(listed: list[list[int]]) -> None:
    given_rows = np.array(listed, np.int64)
    payload = lattice.encode(given_rows)
    found = lattice.decode(payload, *given_rows.shape)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, given_rows)


def test_each_row_takes_the_order_that_suits_it() -> None:
    rng = np.random.default_rng(1)
    t = np.arange(60)
    noise = rng.integers(-2, 3, 60)
    listed = np.stack([noise, np.cumsum(noise), 3 * t * t - 80 * t])
    payload = lattice.encode(listed)
    assert [head >> 6 for head in payload[:3]] == [0, 1, 2]
    np.testing.assert_array_equal(lattice.decode(payload, 3, 60), listed)
    as_one = lattice.encode(listed.reshape(1, -1))
    assert len(payload) < 0.9 * len(as_one)


def test_the_best_table_is_the_best() -> None:
    rng = np.random.default_rng(2)
    for scale in (0.1, 1, 8, 300):
        values = np.rint(rng.laplace(0, scale, 400)).astype(np.int64)
        bits = lattice.table_bits(values)
        best = lattice.best_table(values)
        assert bits[best] == bits.min()
        written = 8 * len(lattice.encode(values[None]))
        assert written <= bits[best] + 8 * 9 + 64


@pytest.mark.parametrize("head", [3 << 6, 40, 63, 2 << 6 | 41])
def test_a_row_of_no_such_table(head: int) -> None:
    payload = bytearray(lattice.encode(np.array([[1, 2, 3]])))
    payload[0] = head
    with pytest.raises(CorruptError, match="row 0"):
        lattice.decode(bytes(payload), 1, 3)


def test_rows_cut_short() -> None:
    payload = lattice.encode(np.arange(40).reshape(4, 10) * 91)
    for length in range(len(payload)):
        with pytest.raises(CorruptError):
            lattice.decode(payload[:length], 4, 10)


@pytest.mark.parametrize("bits", [1, 3, 8, 11])
def test_symbols_there_and_back(bits: int) -> None:
    rng = np.random.default_rng(bits)
    top = (1 << bits) - 1
    given_symbols = np.clip(np.rint(rng.normal(top / 2, top / 6 + 0.3, 700)), 0, top).astype(int)
    payload = minmax.encode(given_symbols, bits)
    np.testing.assert_array_equal(minmax.decode(payload, bits, 700), given_symbols)


@pytest.mark.parametrize("symbol", [0, 5, 15])
def test_one_symbol_again_and_again(symbol: int) -> None:
    given_symbols = np.full(3000, symbol)
    payload = minmax.encode(given_symbols, 4)
    assert len(payload) < 30
    np.testing.assert_array_equal(minmax.decode(payload, 4, 3000), given_symbols)


def _varint(value: int) -> bytes:
    head = b""
    while value > 127:
        head, value = head + bytes([value & 127 | 128]), value >> 7
    return head + bytes([value])


def test_the_payload_is_that_of_the_specification() -> None:
    symbols = [0, 3, 3, 1, 3, 0, 3, 3]
    counts, spare = [2, 1, 0, 5], (1 << PRECISION) - 4
    table = [1 + c * spare // 8 for c in counts]
    missing = (1 << PRECISION) - sum(table)
    for index in sorted(range(4), key=lambda i: (-(counts[i] * spare % 8), i))[:missing]:
        table[index] += 1
    words = pure_rans.encode(symbols, [tuple(table)] * 8)
    expected = b"".join(_varint(f - 1) for f in table)
    expected += b"".join(word.to_bytes(4, "little") for word in words)
    assert minmax.encode(np.array(symbols), 2) == expected


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "cut short"),
        (_varint(5) * 4, "sums to 24"),
        (_varint((1 << 22) - 1) * 4 + b"abc", "whole words"),
        (_varint((1 << 22) - 1) * 4 + bytes(4), "zero"),
        (b"\x80\x00" * 4, "varint"),
        (b"\xff" * 4 + b"\x01", "varint"),
        (_varint((1 << 22) - 1) * 4 + b"\xff" * 12, "left over"),
    ],
)
def test_malformed_symbols(payload: bytes, words: str) -> None:
    with pytest.raises(CorruptError, match=words):
        minmax.decode(payload, 2, 1)
