"""One worker: tasks as JSON lines on standard input, events as JSON lines on standard output.

It lives until its input ends. Tasks are ``plan`` (what those that follow are about), ``part``,
``encode`` and ``stop``; events are ``progress``, ``done`` and ``failed``.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from lincodec.cluster.part_work import PartWork
from lincodec.cluster.remote import SourceCache
from lincodec.cluster.wire import built, plain, plan_of
from lincodec.encoder.encode import encode
from lincodec.encoder.journal import drop_other
from lincodec.encoder.parts import PartResult
from lincodec.encoder.rate_control import Grant
from lincodec.encoder.rate_survey import RateSample
from lincodec.encoder.records import pack_sections, result_sections
from lincodec.errors import LincError
from lincodec.options import EncodeOptions, Progress, StopRequest
from lincodec.system.memory import ran_out

#: Wall seconds between reports.
_REPORT_EVERY = 0.3

Message = dict[str, Any]


class Worker:
    """Does what it is told, one task at a time."""

    def __init__(self, out: TextIO) -> None:
        """
        Args:
            out: where events go.
        """
        self._out = out
        self._work: PartWork | None = None
        self._told = 0.0
        self._tasks: queue.Queue[Message] = queue.Queue()
        self.stop = StopRequest()

    def listen(self, lines: TextIO) -> None:
        """Take messages until they end; then nobody wants the answer, and the process ends."""
        for line in lines:
            message = json.loads(line)
            if message["do"] == "stop":
                self.stop.set()
            else:
                self._tasks.put(message)
        os._exit(0)

    def run(self) -> None:
        """Do tasks for ever."""
        tasks: dict[str, Callable[[Message], Message | None]] = {
            "plan": self._plan, "part": self._part, "encode": self._encode,
        }  # fmt: skip
        while True:
            message = self._tasks.get()
            try:
                done = tasks[message["do"]](message)
            except Exception as error:  # noqa: BLE001 (whatever it is, the coordinator tells)
                self._say(failed(error))
            else:
                if done is not None:
                    self._say({"type": "done", **done})

    def _say(self, event: Message) -> None:
        print(json.dumps(event), file=self._out, flush=True)

    def _progress(self, **fields: Any) -> None:
        now = time.monotonic()
        if now - self._told > _REPORT_EVERY:
            self._told = now
            self._say({"type": "progress", **fields})

    def _plan(self, message: Message) -> None:
        if self._work is not None:
            self._work.close()
        self.stop = StopRequest()
        self._work = PartWork(plan_of(message["plan"]), message["threads"], self.stop)

    def _part(self, message: Message) -> Message:
        assert self._work is not None, "no plan"
        task: Grant | RateSample
        if "grant" in message:
            task = built(Grant, message["grant"])
        else:
            task = built(RateSample, message["sample"])
        found = self._work.do(
            message["index"], task, lambda frames: self._progress(frames=frames),
            halving=message["halving"],
        )  # fmt: skip
        answer = answered(self._work, message["index"], found)
        if "result" in answer:
            answer["result"] = base64.b64encode(answer["result"]).decode()
        return answer

    def _encode(self, message: Message) -> Message:
        def progress(found: Progress) -> None:
            self._progress(fraction=found.fraction, stage=found.stage)

        source, output = message["source"], message["output"]
        options = built(EncodeOptions, message["options"])
        folder, limit = message["cache"] or ("", 0)
        with SourceCache(Path(folder), limit).local(source) as path:
            drop_other(output, path, options)
            report = encode(
                path, output, options, progress=progress, stop=self.stop, overwrite=True,
                threads=message["threads"],
            )  # fmt: skip
        return {"report": plain(report)}


def answered(work: PartWork, index: int, found: PartResult | int) -> Message:
    """What came of a part: ``bits``, or ``result`` as sections."""
    if not isinstance(found, PartResult):
        return {"bits": found}
    return {"result": pack_sections(result_sections(work.plan.ranges[index], found))}


def failed(error: Exception) -> Message:
    """The event of a task that could not be done."""
    known = isinstance(error, LincError)
    return {
        "type": "failed",
        "error": type(error).__name__,
        "code": error.exit_code if isinstance(error, LincError) else 1,
        "message": str(error) if known else f"{type(error).__name__}: {error}",
        "memory": ran_out(error),
    }


def main() -> None:
    """Work for whoever holds the pipes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no event
    worker = Worker(out)
    threading.Thread(target=worker.listen, args=(sys.stdin,), daemon=True).start()
    worker.run()
