"""Parts fitted in this process, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from lincodec.cluster.part_work import PartWork
from lincodec.encoder.parts import PartResult, Plan
from lincodec.encoder.rate_control import Grant
from lincodec.encoder.rate_survey import RateSample
from lincodec.options import StopRequest
from lincodec.system.cores import usable_cores


class Inline:
    """An executor without workers; use it as a context manager."""

    def __init__(self) -> None:
        self._work: PartWork | None = None
        self._told: Callable[[float], None] = lambda _: None
        self._queue: deque[tuple[int, Grant | RateSample]] = deque()

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        if self._work is not None:
            self._work.close()

    def begin(self, plan: Plan, told: Callable[[float], None], stop: StopRequest) -> None:
        """Take an encode, see ``Executor``."""
        self._work, self._told = PartWork(plan, usable_cores(), stop), told

    def submit(self, index: int, task: Grant | RateSample) -> None:
        """Queue a part."""
        self._queue.append((index, task))

    def wait(self) -> tuple[int, PartResult | int]:
        """Do the next part."""
        assert self._work is not None
        index, task = self._queue.popleft()
        return index, self._work.do(index, task, self._told, halving=True)
