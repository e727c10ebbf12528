"""Work that several requests wait for: done once, in a bounded pool, ended when all have gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from lincodec.errors import ResourceError

#: Makes something piece by piece; it looks between pieces whether it should stop.
Maker = Callable[["Stop"], Iterator[bytes]]


class Cancelled(Exception):
    """Nobody waits for it any more."""


class Stop(threading.Event):
    """Set when work should end; ``check`` raises then."""

    def check(self) -> None:
        """
        Raises:
            Cancelled: it was set.
        """
        if self.is_set():
            raise Cancelled


class Flight:
    """One piece of work and those who wait for it; its methods are the event loop's but ``run``."""

    def __init__(self, key: str, loop: asyncio.AbstractEventLoop) -> None:
        self.key, self.stop = key, Stop()
        self.pieces: list[bytes] = []
        self.done = False
        self.error: Exception | None = None
        self._loop, self._listeners = loop, 0
        self._changed = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While this is open somebody waits; the work is stopped when the last one goes."""
        self._listeners += 1
        try:
            yield
        finally:
            self._listeners -= 1
            if self._listeners == 0 and not self.done:
                self.stop.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """The pieces, those there are and those to come.

        Raises:
            Exception: whatever the work raised.
        """
        at = 0
        while True:
            while at < len(self.pieces):
                at += 1
                yield self.pieces[at - 1]
            if self.done:
                if self.error is not None:
                    raise self.error
                return
            await self._changed.wait()

    def run(self, make: Maker, keep: Callable[[list[bytes]], object]) -> None:
        """Do the work, in a thread; ``keep`` is given all pieces of one that succeeded."""
        error: Exception | None = None
        try:
            self.stop.check()
            for piece in make(self.stop):
                self.stop.check()
                self._loop.call_soon_threadsafe(self._add, piece)
        except Exception as failure:  # noqa: BLE001 (of those who wait for it)
            error = failure
        self._loop.call_soon_threadsafe(self._end, error, keep)

    def _add(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self._wake()

    def _end(self, error: Exception | None, keep: Callable[[list[bytes]], object]) -> None:
        self.done, self.error = True, error
        if error is None:
            keep(self.pieces)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Flights:
    """All work under way."""

    def __init__(self, workers: int, most: int) -> None:
        """
        Args:
            workers: threads that work.
            most: pieces of work under way or waiting for a thread.
        """
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="render")
        self._most = most
        self._open: dict[str, Flight] = {}
        self.cancelled = 0
        """How much was given up."""

    def __len__(self) -> int:
        return len(self._open)

    def close(self) -> None:
        """Stop everything."""
        for flight in self._open.values():
            flight.stop.set()
        self._pool.shutdown(cancel_futures=True)

    def join(self, key: str, make: Maker, keep: Callable[[list[bytes]], object]) -> Flight:
        """The work of a key: what is under way, or begun now.

        Raises:
            ResourceError: too much is under way.
        """
        flight = self._open.get(key)
        if flight is not None and not flight.stop.is_set():
            return flight
        if len(self._open) >= self._most:
            raise ResourceError("too many pictures are being made; try again in a moment")
        flight = self._open[key] = Flight(key, asyncio.get_running_loop())
        made = self._pool.submit(flight.run, make, keep)
        loop = asyncio.get_running_loop()
        made.add_done_callback(lambda _: loop.call_soon_threadsafe(self._landed, flight))
        return flight

    def _landed(self, flight: Flight) -> None:
        if self._open.get(flight.key) is flight:
            del self._open[flight.key]
        if isinstance(flight.error, Cancelled):
            self.cancelled += 1
