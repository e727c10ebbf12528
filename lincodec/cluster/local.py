"""Parts fitted by worker processes on this machine."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lincodec import errors
from lincodec.cluster.slots import Message, Slot, Slots
from lincodec.cluster.wire import plain, plan_fields
from lincodec.encoder.parts import PartResult, Plan
from lincodec.encoder.rate_control import Grant
from lincodec.encoder.rate_survey import RateSample
from lincodec.encoder.records import Records, parse_sections
from lincodec.encoder.segments import Range
from lincodec.errors import CorruptError, LincError, ResourceError, UsageError
from lincodec.options import StopRequest
from lincodec.system.cores import usable_cores

#: Times that a part is begun when workers die over it, and seconds between looks at a stop.
_ATTEMPTS, _LOOK = 3, 0.5


@dataclass
class _Task:
    """A part to do."""

    index: int
    task: Grant | RateSample
    attempts: int = 0
    alone: bool = False
    """Memory ran out: it gets all of it, and is cut where even that is too little."""
    frames: float = 0.0
    """Done of it so far."""


class LocalWorkers:
    """An executor of worker processes; use it as a context manager."""

    def __init__(self, jobs: int) -> None:
        """
        Args:
            jobs: processes.

        Raises:
            UsageError: that is not a number of processes.
        """
        if jobs < 1:
            raise UsageError(f"jobs: expected 1 or more, found {jobs}")
        self.jobs = jobs
        self._slots = Slots(jobs)
        self._queue: deque[_Task] = deque()
        self._plan: Plan | None = None
        self._fields: Message = {}
        self._told: Callable[[float], None] = _silent
        self._stop = StopRequest()

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self._slots.__exit__()

    def begin(self, plan: Plan, told: Callable[[float], None], stop: StopRequest) -> None:
        """Take an encode, see ``Executor``."""
        self._plan, self._told, self._stop = plan, told, stop
        threads = max(1, usable_cores() // self.jobs)
        self._fields = {"do": "plan", "plan": plan_fields(plan), "threads": threads}

    def submit(self, index: int, task: Grant | RateSample) -> None:
        """Queue a part."""
        self._queue.append(_Task(index, task))
        self._feed()

    def wait(self) -> tuple[int, PartResult | int]:
        """The next part that is done.

        Raises:
            LincError: what a worker failed of.
            ResourceError: workers died over a part again and again.
        """
        while True:
            self._feed()
            for slot, event in self._slots.events(_LOOK):
                found = self._taken(slot, event)
                if found is not None:
                    return found
            if self._stop.requested:
                for slot in self._slots.busy:
                    slot.send({"do": "stop"})

    def _feed(self) -> None:
        """Give idle workers something to do; a task that is to be alone waits until it is."""
        while self._queue:
            task, busy = self._queue[0], self._slots.busy
            if busy and (task.alone or any(slot.job.alone for slot in busy)):
                return
            slot = self._slots.idle()
            if slot is None:
                return
            self._queue.popleft()
            if slot.greeted is not self._plan:
                slot.send(self._fields)
                slot.greeted = self._plan
            slot.job, task.attempts = task, task.attempts + 1
            kind = "grant" if isinstance(task.task, Grant) else "sample"
            slot.send(
                {"do": "part", "index": task.index, kind: plain(task.task), "halving": task.alone}
            )

    def _taken(self, slot: Slot, event: Message) -> tuple[int, PartResult | int] | None:
        """What an event of a worker brings."""
        task: _Task | None = slot.job
        if task is None:
            return None
        if event["type"] == "progress":
            task.frames = event["frames"]
            self._told(sum(busy.job.frames for busy in self._slots.busy))
            return None
        slot.job = None
        if event["type"] == "done":
            return task.index, self._result(task.index, event)
        if event["type"] == "failed" and event["memory"] and not task.alone:
            task.alone = True
        elif event["type"] == "failed":
            raise failure(event)
        elif task.attempts >= _ATTEMPTS:
            raise ResourceError(
                f"part {task.index}: {task.attempts} workers died over it, the last with code "
                f"{event['code']}; is there enough memory for --jobs {self.jobs}?"
            )
        self._queue.append(task) if task.alone else self._queue.appendleft(task)
        return None

    def _result(self, index: int, event: Message) -> PartResult | int:
        assert self._plan is not None
        if "bits" in event:
            return int(event["bits"])
        return parsed_result(base64.b64decode(event["result"]), self._plan.ranges[index])


def parsed_result(data: bytes, part: Range) -> PartResult:
    """The result of a part from its sections.

    Raises:
        CorruptError: it is not whole.
    """
    records = Records()
    for kind, payload, _ in parse_sections(data):
        records.take(kind, payload)
    found = records.result(part)
    if found is None:
        raise CorruptError(f"frames {part.first} to {part.first + part.count - 1}: not whole")
    return found


def failure(event: Message) -> LincError:
    """What a worker failed of, as an error of the same class."""
    kind: Any = getattr(errors, event["error"], None)
    if isinstance(kind, type) and issubclass(kind, LincError):
        return kind(event["message"])
    return LincError(event["message"])


def _silent(_: float) -> None:
    """Before there is an encode."""
