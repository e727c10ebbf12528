"""Entropy decoding of segments ahead of their rendering, beside it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)

from lincodec.bitstream.segment import SegmentCode, unpack_segment
from lincodec.container import LincFile
from lincodec.errors import LincError, ResourceError

#: Threads where there are no processes.
_THREADS = 2


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
            ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_follow)
            if workers > 0
            else ThreadPoolExecutor(_THREADS)
        )
        self._codes: dict[int, Future[SegmentCode]] = {}

    def close(self) -> None:
        """Stop the background work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def fetch(self, index: int, last: int) -> Future[SegmentCode]:
        """A segment, kept until a later one is wanted; starts on those after it up to ``last``.

        Its result is had by ``unpacked``.
        """
        self._codes = {k: code for k, code in self._codes.items() if k >= index}
        for k in range(index, min(index + self.ahead, max(last, index)) + 1):
            if k not in self._codes:
                self._codes[k] = self._begun(k)
        return self._codes[index]

    def _begun(self, index: int) -> Future[SegmentCode]:
        """Decoding of a segment, begun; it is read here, for a stream has one place only."""
        try:
            data = self._linc.read_segment(index)
            return self._pool.submit(
                unpack_segment, data, self._linc.arch, self._linc.info.plane_sizes
            )
        except (LincError, BrokenExecutor) as error:  # of those who come to ask for it
            failed: Future[SegmentCode] = Future()
            failed.set_exception(error)
            return failed


def unpacked(code: Future[SegmentCode]) -> SegmentCode:
    """A segment once it is entropy decoded.

    Raises:
        CorruptError: it breaks the format.
        ResourceError: the process that decoded it was killed.
    """
    try:
        return code.result()
    except BrokenExecutor as error:
        raise ResourceError(
            "a process that entropy decodes ended before it was done, perhaps out of memory; "
            "try --workers 0"
        ) from error


def _follow() -> None:
    """Leave Ctrl-C to the process that asked, and end when it does, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
