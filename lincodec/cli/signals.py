"""Ctrl-C and termination: finish now, or stop and leave nothing behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from lincodec.jobs import StopRequest

_NOTICE = b"\nlinc: finishing with what there is; press Ctrl-C again to stop without a file\n"


def stop_at_once(number: int, frame: FrameType | None) -> None:
    """Signal handler: unwind as Ctrl-C does, so that temporary files go away."""
    raise KeyboardInterrupt


def install() -> None:
    """Make SIGTERM unwind like Ctrl-C. Call from the main thread."""
    signal.signal(signal.SIGTERM, stop_at_once)


@contextmanager
def finish_on_interrupt(*, quiet: bool) -> Iterator[StopRequest]:
    """A stop request that the first SIGINT sets; the second one raises ``KeyboardInterrupt``."""
    stop = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.set()
        if not quiet:
            # a handler may run in the middle of a print: only the bare call is safe here
            os.write(2, _NOTICE)

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous)
