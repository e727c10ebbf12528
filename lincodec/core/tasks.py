"""Tasks that wait for one another, run by a few threads."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks:
    """Runs each task once those it waits for are done; of those that may run, the most urgent.

    A task fails with the error of one it waits for.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads)
        self._lock = Lock()
        self._count = itertools.count()
        self._ready: list[tuple[int, int, Callable[[], None]]] = []
        self._open: set[Future[Any]] = set()
        self._stopped = False

    def add(self, urgency: int, action: Callable[[], T], after: Sequence[Future[Any]]) -> Future[T]:
        """Have ``action`` run when all of ``after`` are done; the least ``urgency`` goes first."""
        future: Future[T] = Future()
        missing = itertools.count(len(after), -1)
        # Taken out when it runs: futures keep their callbacks, and one must not keep the result of
        # what waited for it.
        waiting = [(action, after, future)]
        with self._lock:
            self._open.add(future)

        def run() -> None:
            self._run(*waiting.pop())

        def arrived(_: object = None) -> None:
            with self._lock:
                if next(missing):
                    return
                heapq.heappush(self._ready, (urgency, next(self._count), run))
            self._pool.submit(self._next)

        for each in after:
            each.add_done_callback(arrived)
        arrived()
        return future

    def stop(self) -> None:
        """Let what runs come to its end, and nothing else begin; further tasks may be added."""
        with self._lock:
            self._stopped, running = True, list(self._open)
        wait(running)
        self._stopped = False

    def close(self) -> None:
        """Stop and end the threads."""
        self.stop()
        self._pool.shutdown()

    def _next(self) -> None:
        with self._lock:
            run = heapq.heappop(self._ready)[2]
        run()

    def _run(
        self, action: Callable[[], T], after: Sequence[Future[Any]], future: Future[T]
    ) -> None:
        error = next((e for each in after if (e := each.exception()) is not None), None)
        if error is None and self._stopped:
            error = CancelledError()
        result: Any = None
        if error is None:
            try:
                result = action()
            except BaseException as failure:  # noqa: BLE001 (of those who ask for the result)
                error = failure
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
        with self._lock:
            self._open.discard(future)
