"""Long-lived worker processes that speak JSON lines: messages in, events out."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

Message = dict[str, Any]

#: Seconds that a worker gets to end by itself, and bytes that are read at once.
_FAREWELL, _CHUNK = 5.0, 1 << 16


class Slot:
    """One worker process.

    Attributes:
        job: what it works on, for who uses it; None: it is idle.
        process: the process, with its input and output.
        greeted: what it was told once since it began, for who uses it.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.job: Any = None
        self.greeted: Any = None
        self._buffer = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lincodec", "worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the coordinator, who passes it on
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.inward, self.outward = self.process.stdin, self.process.stdout

    def send(self, message: Message) -> None:
        """Send a message; one that is dead is noticed by its end."""
        with suppress(BrokenPipeError):
            self.inward.write(json.dumps(message).encode() + b"\n")
            self.inward.flush()

    def read(self) -> Iterator[Message]:
        """Events that have come; the last one is ``{"type": "ended"}`` when the process has."""
        found = os.read(self.outward.fileno(), _CHUNK)
        if not found:
            yield {"type": "ended", "code": self.process.wait()}
            return
        *lines, self._buffer = (self._buffer + found).split(b"\n")
        for line in lines:
            yield json.loads(line)

    def close(self, *, wait: bool) -> None:
        """End the process: once it is done, or at once."""
        with suppress(BrokenPipeError):
            self.inward.close()
        try:
            self.process.wait(_FAREWELL if wait else 0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.outward.close()


class Slots:
    """Some worker processes, begun when they are wanted.

    Use it as a context manager; those that work when it is left are killed.
    """

    def __init__(self, count: int) -> None:
        """
        Args:
            count: workers at most.
        """
        self.count = count
        self._slots: list[Slot] = []
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Slots:
        return self

    def __exit__(self, *_: object) -> None:
        for slot in self._slots:
            self._selector.unregister(slot.outward)
            slot.close(wait=slot.job is None)
        self._slots = []
        self._selector.close()

    @property
    def busy(self) -> list[Slot]:
        """Those that have a job."""
        return [slot for slot in self._slots if slot.job is not None]

    def idle(self) -> Slot | None:
        """One without a job; None: all that there may be are busy."""
        for slot in self._slots:
            if slot.job is None:
                return slot
        if len(self._slots) == self.count:
            return None
        used = {slot.number for slot in self._slots}
        slot = Slot(next(n for n in range(self.count) if n not in used))
        self._slots.append(slot)
        self._selector.register(slot.outward, selectors.EVENT_READ, slot)
        return slot

    def events(self, seconds: float) -> Iterator[tuple[Slot, Message]]:
        """What workers say within so many seconds at most; one that ended is let go of."""
        for key, _ in self._selector.select(seconds):
            slot: Slot = key.data
            for event in slot.read():
                if event["type"] == "ended":
                    self._selector.unregister(slot.outward)
                    self._slots.remove(slot)
                    slot.close(wait=True)
                yield slot, event
