"""Parts fitted by the nodes of a Ray cluster."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import median
from typing import Any

from lincodec.cluster.local import failure, parsed_result
from lincodec.cluster.part_work import PartWork
from lincodec.cluster.wire import built, plain, plan_fields, plan_of
from lincodec.cluster.worker import answered, failed
from lincodec.encoder.parts import PartResult, Plan
from lincodec.encoder.rate_control import Grant
from lincodec.encoder.rate_survey import RateSample
from lincodec.errors import ResourceError
from lincodec.options import StopRequest
from lincodec.system.extras import need

#: Seconds between looks at what is late; how many times the usual time that is, and at least.
_LOOK, _LATE, _LEAST = 1.0, 3.0, 20.0
#: Seconds to wait for a head node.
_CONNECT = 5.0
#: Bytes that a worker takes beside the frames, and how many times it holds those.
_WORKER, _HELD = 300 << 20, 3
#: Times that a part is begun when workers die over it, and copies of it that run side by side.
_RETRIES, _COPIES = 2, 2


@dataclass
class _Running:
    """A part under way."""

    task: Grant | RateSample
    begun: float
    references: list[Any] = field(default_factory=list)
    """Of every copy."""


class RayWorkers:
    """An executor of Ray tasks; use it as a context manager.

    A part that takes far longer than others is given to a second worker: the answers are equal, so
    the first one counts, and a node that does not answer is waited for no longer.
    """

    def __init__(self, address: str) -> None:
        """
        Args:
            address: of the cluster, ``host:port``; ``auto``: the one that is found, else one
                with this machine alone.

        Raises:
            ResourceError: Ray is not installed, or there is no cluster.
        """
        self._ray = need("ray", "cluster")
        env = {"env_vars": {"OMP_NUM_THREADS": "1"}}
        settings = {"log_to_driver": False, "logging_level": logging.ERROR, "runtime_env": env}
        try:
            if address != "auto":
                _check(address)
            if not self._ray.is_initialized():
                self._ray.init(address=None if address == "auto" else address, **settings)
        except (OSError, ValueError, RuntimeError) as error:
            raise ResourceError(
                f"--ray {address}: no cluster there ({error}); expected host:port of a head node, "
                "or auto"
            ) from error
        options = {"num_cpus": 1, "max_retries": _RETRIES, "scheduling_strategy": "SPREAD"}
        self._remote = self._ray.remote(**options)(_do)
        self._running: dict[int, _Running] = {}
        self._seconds: list[float] = []
        self._plan: Plan | None = None
        self._told: Callable[[float], None] = lambda _: None

    def __enter__(self) -> RayWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        for running in self._running.values():
            self._cancel(running)
        self._ray.shutdown()

    def begin(self, plan: Plan, told: Callable[[float], None], stop: StopRequest) -> None:
        """Take an encode, see ``Executor``; parts that run are not told of a stop."""
        self._plan, self._told = plan, told
        self._packed = self._ray.put(json.dumps(plan_fields(plan)))
        self._running, self._seconds = {}, []

    def submit(self, index: int, task: Grant | RateSample) -> None:
        """Give a part to the cluster."""
        self._running[index] = _Running(task, time.monotonic())
        self._send(index)

    def wait(self) -> tuple[int, PartResult | int]:
        """The next part that is done.

        Raises:
            LincError: what a worker failed of.
            ResourceError: workers died over a part again and again.
        """
        while True:
            known = {r: index for index, run in self._running.items() for r in run.references}
            done, _ = self._ray.wait(list(known), num_returns=1, timeout=_LOOK)
            if done:
                return self._taken(known[done[0]], done[0])
            self._told(0.0)
            self._help_late()

    def _send(self, index: int) -> None:
        """Begin one copy of a part."""
        assert self._plan is not None
        running, info = self._running[index], self._plan.info
        samples = sum(height * width for height, width in info.plane_sizes)
        frames = samples * (1 if info.bit_depth == 8 else 2) * self._plan.ranges[index].count
        remote = self._remote.options(memory=_WORKER + _HELD * frames)
        kind = "grant" if isinstance(running.task, Grant) else "sample"
        running.references.append(remote.remote(self._packed, index, {kind: plain(running.task)}))

    def _taken(self, index: int, reference: Any) -> tuple[int, PartResult | int]:
        running = self._running[index]
        try:
            event = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            running.references.remove(reference)
            if running.references:  # another copy runs
                return self.wait()
            raise ResourceError(
                f"part {index}: {_RETRIES + 1} workers died over it ({type(error).__name__}); is "
                "there enough memory on the nodes?"
            ) from error
        if event["type"] == "failed":
            raise failure(event)
        running.references.remove(reference)
        self._cancel(self._running.pop(index))
        self._seconds.append(time.monotonic() - running.begun)
        if "bits" in event:
            return index, int(event["bits"])
        assert self._plan is not None
        return index, parsed_result(event["result"], self._plan.ranges[index])

    def _help_late(self) -> None:
        """Give parts that take far longer than others to a second worker."""
        if not self._seconds:
            return
        limit = max(_LATE * median(self._seconds), _LEAST)
        free = self._ray.available_resources().get("CPU", 0.0)
        for index, running in self._running.items():
            late = time.monotonic() - running.begun > limit * len(running.references)
            if late and free >= 1 and len(running.references) < _COPIES:
                self._send(index)
                free -= 1

    def _cancel(self, running: _Running) -> None:
        """End copies that nobody waits for."""
        for reference in running.references:
            self._ray.cancel(reference, force=True)


def _check(address: str) -> None:
    """Connect once: Ray itself would try for minutes.

    Raises:
        OSError: nobody answers.
        ValueError: that is no address.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    socket.create_connection((host, int(port)), _CONNECT).close()


def _do(packed: str, index: int, fields: dict[str, Any]) -> dict[str, Any]:
    """What a node does: one part, as events of ``cluster/worker.py`` have it."""
    task: Grant | RateSample
    try:
        if "grant" in fields:
            task = built(Grant, fields["grant"])
        else:
            task = built(RateSample, fields["sample"])
        work = _work(packed)
        return {"type": "done", **answered(work, index, work.do(index, task, lambda _: None))}
    except Exception as error:  # noqa: BLE001 (whatever it is, the coordinator tells)
        return failed(error)


@lru_cache(maxsize=1)
def _work(packed: str) -> PartWork:
    """The work of a plan, kept from one part to the next."""
    return PartWork(plan_of(json.loads(packed)), 1, StopRequest())
