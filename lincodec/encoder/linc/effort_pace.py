"""How hard frames are searched so that a time limit is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

#: Weight of a new measurement of what a frame takes.
_FRESH = 0.3
#: What may be planned of the time that is left.
_SHARE = 0.95


class EffortPace:
    """Knows what every effort takes on this machine, from tables at first, then as measured."""

    def __init__(self, expected: dict[str, float], threads: int) -> None:
        """
        Args:
            expected: seconds of a megasample of luma by effort, fastest first.
            threads: that encode side by side.
        """
        self._expected = dict(expected)
        self._threads = threads
        self._measured: dict[str, float] = {}
        self._lock = Lock()

    def seconds(self, effort: str) -> float:
        """Wall seconds of a megasample.

        What was not measured is taken to be as far from the table as the nearest effort that was.
        """
        with self._lock:
            if not self._measured:
                return self._expected[effort]
            names = list(self._expected)
            at = names.index(effort)
            near = min(self._measured, key=lambda name: abs(names.index(name) - at))
            return self._measured[near] * self._expected[effort] / self._expected[near]

    @contextmanager
    def timing(self, effort: str, megasamples: float) -> Iterator[None]:
        """Measure what is done inside in one thread: frames worth so many megasamples."""
        begun = time.monotonic()
        yield
        found = (time.monotonic() - begun) / self._threads / megasamples
        with self._lock:
            before = self._measured.get(effort, found)
            self._measured[effort] = before * (found / before) ** _FRESH

    def choose(self, wish: str, megasamples: float, left: float) -> str:
        """The slowest effort up to ``wish`` that codes so much in the seconds left.

        The fastest one where none does.
        """
        names = list(self._expected)
        for name in reversed(names[: names.index(wish) + 1]):
            if self.seconds(name) * megasamples < _SHARE * left:
                return name
        return names[0]
