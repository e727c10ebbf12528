"""rANS with Python's integers alone, written from clause 7.6 of the specification."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

PRECISION = 24
Table = tuple[int, ...]


def encode(symbols: Sequence[int], models: Sequence[Table]) -> list[int]:
    """Words of ``symbols``, each with the table of the same index."""
    state, words = 0, []
    for symbol, table in zip(reversed(symbols), reversed(models), strict=True):
        frequency, below = table[symbol], sum(table[:symbol])
        if state >> 40 >= frequency:
            words.append(state & 0xFFFFFFFF)
            state >>= 32
        state = (state // frequency << PRECISION) + below + state % frequency
    while state:
        words.append(state & 0xFFFFFFFF)
        state >>= 32
    return words


def decode(words: Sequence[int], models: Sequence[Table]) -> list[int]:
    """Symbols of ``words``, one a table; a stream that breaks a rule is a ValueError."""
    left = list(words)
    if left and left[-1] == 0:
        raise ValueError("the last word is zero")

    def refilled(state: int) -> int:
        return state << 32 | left.pop() if state < 1 << 32 and left else state

    state, symbols = refilled(refilled(0)), []
    for table in models:
        place = state & (1 << PRECISION) - 1
        ends = list(accumulate(table))
        symbol = next(index for index, end in enumerate(ends) if place < end)
        below = ends[symbol] - table[symbol]
        state = refilled((state >> PRECISION) * table[symbol] + place - below)
        symbols.append(symbol)
    if state or left:
        raise ValueError("something is left over")
    return symbols
