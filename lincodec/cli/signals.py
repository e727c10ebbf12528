"""Ctrl-C and termination: finish now, or stop and leave nothing behind."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from lincodec.options import StopRequest
from lincodec.system.atomic import discard_unfinished

_NOTICE = b"\nlinc: finishing with what there is; press Ctrl-C again to stop without a file\n"
#: Signals that stop a job; not every system has all of them.
_STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Interrupts:
    """What the signals of one run have asked for.

    A handler's exception is lost when the signal arrives inside a weak-reference callback, a
    finaliser or a C library's call back into Python. So the wish is also kept here, and
    ``check`` raises it again wherever the job comes by; the next signal ends the process.
    """

    def __init__(self) -> None:
        self.number = 0
        """The signal that asked to stop at once; 0: none did."""
        self._finish: StopRequest | None = None
        self._quiet = False

    @property
    def exit_code(self) -> int:
        """128 plus the number of the signal, as shells have it."""
        return 128 + (self.number or signal.SIGINT)

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` when a signal asked to stop."""
        if self.number:
            raise KeyboardInterrupt

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the signals within the block; nothing is done outside of the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, self._handle) for number in _STOPPING}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            if self.number:
                discard_unfinished()  # one may have been created and not yet been entered

    @contextmanager
    def finishing(self, *, quiet: bool) -> Iterator[StopRequest]:
        """A stop request that the first SIGINT sets; only the second one stops at once."""
        self._finish, self._quiet = StopRequest(), quiet
        try:
            yield self._finish
        finally:
            self._finish = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number:
            discard_unfinished()
            os._exit(128 + number)
        if number == signal.SIGINT and self._finish is not None and not self._finish.requested:
            self._finish.set()
            if not self._quiet:
                # a handler may run in the middle of a print: only the bare call is safe here
                os.write(2, _NOTICE)
            return
        self.number = number
        raise KeyboardInterrupt
