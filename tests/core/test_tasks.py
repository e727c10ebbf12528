"""Tasks run after those they wait for, and fail with them."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import CancelledError, Future

import pytest

from lincodec.core.tasks import Tasks


@pytest.mark.parametrize("threads", [1, 4])
def test_order(threads: int) -> None:
    tasks, done = Tasks(threads), []
    futures: list[Future[None]] = []
    for at in range(200):
        after = futures[at // 2 : at // 2 + 1] + futures[-3:-2]
        futures.append(tasks.add(at, lambda at=at: done.append(at), after))
    for future in futures:
        future.result(10)
    tasks.close()
    place = {at: k for k, at in enumerate(done)}
    assert sorted(done) == list(range(200))
    assert all(place[at // 2] <= place[at] for at in range(200))


def test_the_most_urgent_goes_first() -> None:
    tasks, gate, done = Tasks(1), threading.Event(), []
    tasks.add(0, gate.wait, [])
    futures = [tasks.add(at, lambda at=at: done.append(at), []) for at in (5, 3, 9, 1)]
    gate.set()
    for future in futures:
        future.result(10)
    tasks.close()
    assert done == [1, 3, 5, 9]


def test_failures_go_on() -> None:
    tasks = Tasks(2)

    def fail() -> None:
        raise KeyError("no")

    first = tasks.add(0, fail, [])
    second = tasks.add(1, lambda: 7, [first])
    for future in (first, second):
        with pytest.raises(KeyError, match="no"):
            future.result(10)
    assert tasks.add(2, lambda: 8, []).result(10) == 8
    tasks.close()


def test_stop_lets_nothing_begin() -> None:
    tasks, begun, gate = Tasks(1), threading.Event(), threading.Event()

    def hold() -> int:
        begun.set()
        gate.wait(10)
        return 1

    running = tasks.add(0, hold, [])
    waiting = tasks.add(1, lambda: 2, [running])
    begun.wait(10)
    stopper = threading.Thread(target=tasks.stop)
    stopper.start()
    while not tasks._stopped:
        pass
    gate.set()
    stopper.join(10)
    assert running.result(1) == 1
    with pytest.raises(CancelledError):
        waiting.result(1)
    assert tasks.add(2, lambda: 3, []).result(10) == 3
    tasks.close()


def test_results_are_not_kept() -> None:
    """A future that is kept keeps nothing of what waited for it, once that has run."""

    class Result:
        pass

    tasks, gate = Tasks(1), threading.Event()
    first = tasks.add(0, gate.wait, [])
    second = tasks.add(1, Result, [first])
    gate.set()
    result = weakref.ref(second.result(10))
    tasks.close()
    del second
    gc.collect()
    assert result() is None
