"""What was used last, up to a number of bytes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """Values by key; the least recently used ones go when there are too many bytes.

    >>> gone = []
    >>> cache = Cache(10, gone.append)
    >>> cache.put("a", "first", 6)
    >>> cache.put("b", "second", 4)
    >>> cache.get("a")
    'first'
    >>> cache.put("c", "third", 4)
    >>> gone, cache.bytes
    (['second'], 10)
    """

    def __init__(self, limit: int, dropped: Callable[[Value], None]) -> None:
        """
        Args:
            limit: bytes of all values together; the last one is kept even if it is larger.
            dropped: told about every value that goes.
        """
        self._limit, self._dropped = limit, dropped
        self._values: dict[Hashable, tuple[Value, int]] = {}  # the least recently used one first
        self.bytes = 0
        """Of all values."""

    def get(self, key: Hashable) -> Value | None:
        """A value, which counts as used now."""
        found = self._values.pop(key, None)
        if found is None:
            return None
        self._values[key] = found
        return found[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of ``size`` bytes under a key that is not taken."""
        self._values[key] = (value, size)
        self.bytes += size
        while self.bytes > self._limit and len(self._values) > 1:
            self._forget(next(iter(self._values)))

    def clear(self) -> None:
        """Drop everything."""
        for key in list(self._values):
            self._forget(key)

    def _forget(self, key: Hashable) -> None:
        value, size = self._values.pop(key)
        self.bytes -= size
        self._dropped(value)
