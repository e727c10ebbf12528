"""Range asymmetric numeral system over integer frequency tables (spec: entropy coder).

The only module that knows constriction. A stream is a stack of 32-bit words; its tables
are integers that sum to ``2**PRECISION``, so no float steers the decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import constriction
import numpy as np
from numpy.typing import NDArray

from lincodec.errors import CorruptError

PRECISION = 24

_stream = constriction.stream


@lru_cache(maxsize=4096)
def _model(table: tuple[int, ...]) -> object:
    """The constriction model whose cumulative table is exactly ``table``."""
    if len(table) < 2 or min(table) < 1 or sum(table) != 1 << PRECISION:
        raise CorruptError(
            f"frequency table of {len(table)} entries sums to {sum(table)}; "
            f"expected 2..65536 entries >= 1 with sum {1 << PRECISION}"
        )
    weights = np.array(table, np.float64) - 1
    return _stream.model.Categorical(weights, perfect=False)


class RansEncoder:
    """Collects groups of symbols in decode order; ``words`` codes them last to first."""

    def __init__(self) -> None:
        self._groups: list[tuple[NDArray[np.int32], tuple[int, ...]]] = []

    def push(self, symbols: NDArray[np.int32], table: tuple[int, ...]) -> None:
        """Append ``symbols`` [n], each in 0..len(table)-1, coded with one ``table``."""
        if symbols.size:
            self._groups.append((np.ascontiguousarray(symbols, np.int32), table))

    def words(self) -> NDArray[np.uint32]:
        """Returns the whole stream, uint32 [m] in file order."""
        coder = _stream.stack.AnsCoder()
        for symbols, table in reversed(self._groups):
            coder.encode_reverse(symbols, _model(table))
        return np.asarray(coder.get_compressed(), np.uint32)


class RansDecoder:
    """Reads groups back in the order they were pushed."""

    def __init__(self, words: NDArray[np.uint32]) -> None:
        try:
            self._coder = _stream.stack.AnsCoder(np.ascontiguousarray(words, np.uint32))
        except ValueError as error:
            raise CorruptError(
                "rANS stream: last word is zero; expected a non-zero word"
            ) from error

    def pull(self, count: int, table: tuple[int, ...]) -> NDArray[np.int32]:
        """Returns the next ``count`` symbols, int32 [count]."""
        if count == 0:
            return np.zeros(0, np.int32)
        try:
            return np.asarray(self._coder.decode(_model(table), count), np.int32)
        except (ValueError, AssertionError) as error:
            raise CorruptError(f"rANS stream: {count} symbols cannot be decoded") from error

    def finish(self) -> None:
        """Raises CorruptError unless every word was used and the state is empty."""
        if not self._coder.is_empty():
            raise CorruptError("rANS stream: state left over after the last declared symbol")


def normalise(counts: Sequence[int] | NDArray[np.int64]) -> tuple[int, ...]:
    """Counts to a canonical table: largest remainder, lowest index first, floor 1.

    Args:
        counts: n >= 2 non-negative integers, not all zero.

    Returns:
        n integers >= 1 that sum to ``2**PRECISION``.
    """
    total = 1 << PRECISION
    values = [int(c) for c in counts]
    n, mass = len(values), sum(values)
    spare = total - n
    shares = [divmod(value * spare, mass) for value in values]
    table = [1 + whole for whole, _ in shares]
    missing = total - sum(table)
    order = sorted(range(n), key=lambda i: (-shares[i][1], i))
    for i in order[:missing]:
        table[i] += 1
    return tuple(table)
