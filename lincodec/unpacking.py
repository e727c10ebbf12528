"""Entropy decoding of segments ahead of their rendering, beside it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

from lincodec.bitstream import SegmentCode, unpack_segment
from lincodec.container import LincFile
from lincodec.errors import LincError

#: Threads where there are no processes.
_THREADS = 2
_MOST = 8


def usual_workers() -> int:
    """Processes that keep up with rendering on this machine, 0 on a small one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(_MOST, max(0, (cores or 1) // 2 - 1))


class Unpacker:
    """Entropy decodes the segments of a file that will be wanted soon.

    Python holds back all but one of its threads most of that time; processes go on. They import
    neither PyTorch nor PyAV, and what they give back is small.
    """

    def __init__(self, linc: LincFile, workers: int = 0) -> None:
        """
        Args:
            linc: an open file.
            workers: processes; 0: threads of this process.
        """
        self._linc = linc
        workers = min(workers, len(linc.segments) - 1)
        self.ahead = max(1, workers)
        """Segments after the one that is wanted."""
        self._pool: Executor = (
            ProcessPoolExecutor(
                workers, multiprocessing.get_context("spawn"), initializer=_ignore_interrupts
            )
            if workers > 0
            else ThreadPoolExecutor(_THREADS)
        )
        self._codes: dict[int, Future[SegmentCode]] = {}

    def close(self) -> None:
        """Stop the background work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def fetch(self, index: int, last: int) -> Future[SegmentCode]:
        """A segment, kept until a later one is wanted; starts on those after it up to ``last``."""
        self._codes = {k: code for k, code in self._codes.items() if k >= index}
        for k in range(index, min(index + self.ahead, max(last, index)) + 1):
            if k not in self._codes:
                self._codes[k] = self._begun(k)
        return self._codes[index]

    def _begun(self, index: int) -> Future[SegmentCode]:
        """Decoding of a segment, begun; it is read here, for a stream has one place only."""
        try:
            data = self._linc.read_segment(index)
        except LincError as error:  # of those who come to ask for it
            failed: Future[SegmentCode] = Future()
            failed.set_exception(error)
            return failed
        return self._pool.submit(unpack_segment, data, self._linc.arch, self._linc.info.plane_sizes)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
