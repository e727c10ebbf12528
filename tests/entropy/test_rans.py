"""The rANS stream against one made of Python's integers alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import pure_rans

from lincodec.entropy import tables
from lincodec.entropy.rans import PRECISION, RansDecoder, RansEncoder, normalise
from lincodec.errors import CorruptError

Table = tuple[int, ...]
FULL = 1 << PRECISION


def random_table(dice: random.Random) -> Table:
    """Tables of all shapes: flat, steep, with symbols of frequency 1."""
    n = dice.choice([2, 3, 8, 16, 20, 100, 256])
    kind = dice.randrange(3)
    if kind == 0:
        return normalise([dice.randrange(1, 1000) for _ in range(n)])
    if kind == 1:
        return normalise([10**9 if i == n // 2 else 0 for i in range(n)])
    return normalise([int(1e6 * 0.5**i) for i in range(n)])


def random_stream(seed: int) -> list[tuple[list[int], Table]]:
    """Groups of symbols; within a group one table. Some symbols are likely, some are not."""
    dice = random.Random(seed)
    groups = []
    for _ in range(dice.randrange(1, 6)):
        table = random_table(dice)
        weights = table if dice.random() < 0.5 else None
        count = dice.choice([1, 2, 7, 60])
        groups.append((dice.choices(range(len(table)), weights, k=count), table))
    return groups


def words_of(groups: list[tuple[list[int], Table]]) -> list[int]:
    rans = RansEncoder()
    for symbols, table in groups:
        rans.push(np.array(symbols, np.int32), table)
    return [int(word) for word in rans.words()]


@pytest.mark.parametrize("first", range(0, 160, 20))
def test_words_are_those_of_plain_integers(first: int) -> None:
    for seed in range(first, first + 20):
        groups = random_stream(seed)
        symbols = [s for group, _ in groups for s in group]
        models = [table for group, table in groups for _ in group]
        words = words_of(groups)
        assert words == pure_rans.encode(symbols, models)
        assert pure_rans.decode(words, models) == symbols
        reader = RansDecoder(np.array(words, np.uint32))
        for group, table in groups:
            assert reader.pull(len(group), table).tolist() == group
        reader.finish()


def test_a_long_stream_of_every_fixed_table() -> None:
    family = [*tables.MAGNITUDE_TABLES, tables.ESCAPE_TABLE]
    dice = random.Random(5)
    groups = [(dice.choices(range(len(t)), t, k=40), t) for t in family]
    symbols = [s for group, _ in groups for s in group]
    models = [table for group, table in groups for _ in group]
    assert words_of(groups) == pure_rans.encode(symbols, models)


def test_fixed_tables_are_tables() -> None:
    family = [*tables.MAGNITUDE_TABLES, tables.ESCAPE_TABLE]
    assert {len(t) for t in tables.MAGNITUDE_TABLES} == {16}
    assert all(sum(t) == FULL and min(t) >= 1 for t in family)


def test_every_symbol_of_the_largest_alphabet() -> None:
    table = normalise([1] * 4096)
    symbols = list(range(4096))
    words = words_of([(symbols, table)])
    assert 0 <= len(words) - 4096 * 12 // 32 <= 1
    reader = RansDecoder(np.array(words, np.uint32))
    assert reader.pull(4096, table).tolist() == symbols


def test_nothing_takes_no_word() -> None:
    assert words_of([]) == []
    reader = RansDecoder(np.zeros(0, np.uint32))
    assert reader.pull(0, (FULL // 2, FULL // 2)).size == 0
    reader.finish()


def test_likely_symbols_cost_what_they_should() -> None:
    table = normalise([900, 100])
    dice = random.Random(2)
    symbols = dice.choices([0, 1], table, k=20_000)
    share = symbols.count(1) / len(symbols)
    ideal = -np.log2(np.array(table) / FULL)
    bits = len(symbols) * ((1 - share) * ideal[0] + share * ideal[1])
    assert 32 * len(words_of([(symbols, table)])) == pytest.approx(bits, abs=64)


@pytest.mark.parametrize(
    "words", [[1, 0], [0], [7, 7, 7, 7, 7, 7], [0xFFFFFFFF], [1], [0x12345678, 0x9ABCDEF0]]
)
def test_words_that_no_writer_makes(words: list[int]) -> None:
    table = normalise([5, 3, 1])

    def read() -> None:
        reader = RansDecoder(np.array(words, np.uint32))
        reader.pull(4, table)
        reader.finish()

    with pytest.raises(ValueError, match=r"zero|left over"):
        pure_rans.decode(words, [table] * 4)
    with pytest.raises(CorruptError):
        read()


@given(st.lists(st.integers(0, 2**32 - 1), max_size=12), st.integers(0, 40))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_random_words_mean_the_same_to_both_readers(words: list[int], count: int) -> None:
    table = normalise([8, 4, 2, 1, 1])
    try:
        expected: list[int] | None = pure_rans.decode(words, [table] * count)
    except ValueError:
        expected = None
    try:
        reader = RansDecoder(np.array(words, np.uint32))
        found: list[int] | None = reader.pull(count, table).tolist()
        reader.finish()
    except CorruptError:
        found = None
    assert found == expected


@pytest.mark.parametrize(
    "table", [(FULL,), (0, FULL), (1, 2), (FULL, 1), (-1, FULL + 1)], ids=lambda t: str(t)
)
def test_tables_that_are_none(table: Table) -> None:
    with pytest.raises(CorruptError, match="table"):
        RansDecoder(np.array([5, 9], np.uint32)).pull(1, table)


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=300).filter(any))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_normalised_tables_follow_the_rule(counts: list[int]) -> None:
    table = normalise(counts)
    assert sum(table) == FULL
    assert min(table) >= 1
    assert table == normalise(np.array(counts, np.int64))
    # clause 7.3: a floor, and the missing units to the largest remainders, lowest index first
    n, total = len(counts), sum(counts)
    plain = [1 + c * (FULL - n) // total for c in counts]
    extra = [t - p for t, p in zip(table, plain, strict=True)]
    assert set(extra) <= {0, 1}
    remainders = [c * (FULL - n) % total for c in counts]
    given_to = [(-remainders[i], i) for i in range(n) if extra[i]]
    kept_from = [(-remainders[i], i) for i in range(n) if not extra[i]]
    assert not given_to or not kept_from or max(given_to) < min(kept_from)


def test_normalised_examples() -> None:
    assert normalise([1, 1]) == (FULL // 2, FULL // 2)
    assert normalise([0, 5]) == (1, FULL - 1)
    assert normalise([1, 1, 1]) == (5592406, 5592405, 5592405)
