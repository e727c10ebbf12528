"""Decoding of partitioned segments: one byte string to pictures (spec clause 8.12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from lincodec.core.records import BLOCKS, Held, Part, most_kept, planned
from lincodec.core.run import Run
from lincodec.core.segment import CoreSegment
from lincodec.core.tasks import Tasks
from lincodec.errors import CorruptError
from lincodec.registry import MAX_KEPT, Chroma
from lincodec.types import Planes

_EVERYTHING = sum(Part)


class PartitionedDecoder:
    """The frames of one segment, in any order; going forward nothing is reconstructed twice.

    Use it as a context manager, or close it: it holds threads, and memory of the core. Frames are
    asked for by one thread at a time.

    Attributes:
        records: what the frames say of themselves, in coding order.
    """

    def __init__(
        self,
        payload: bytes,
        width: int,
        height: int,
        chroma: Chroma,
        depth: int,
        frames: int,
        *,
        threads: int = 2,
    ) -> None:
        """Read and check all headers; no picture is decoded yet.

        Args:
            payload: the segment.
            width, height: of the picture, in luma samples.
            chroma: format of the picture.
            depth: bits of a sample, 8 to 16.
            frames: of the segment.
            threads: that decode.

        Raises:
            CorruptError: a header breaks the format, or too many records are needed at once.
            UnsupportedError: a frame uses a tool that is unknown.
            LimitError: the picture is larger than the format allows.
        """
        self._threads = threads
        self._tasks: Tasks | None = None
        self._held: frozenset[Held] = frozenset()
        self._segment = CoreSegment(payload, width, height, chroma, depth, frames)
        try:
            self.records = tuple(self._segment.record(at) for at in range(frames))
            kept = most_kept(self.records, planned(self.records, range(frames), self._held))
            if kept > MAX_KEPT:
                raise CorruptError(
                    f"headers of pictures: {kept} are needed at once; expected {MAX_KEPT} at most"
                )
        except BaseException:
            self.close()
            raise
        self._place = {record.display: at for at, record in enumerate(self.records)}

    def close(self) -> None:
        """End the threads and free the memory."""
        if self._tasks is not None:
            self._tasks.close()
            self._tasks = None
        self._segment.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def frame(self, display: int) -> Planes:
        """One frame; only what it depends on is decoded.

        Raises:
            CorruptError: the bytes of a frame it depends on break the format.
        """
        (planes,) = self.frames([display])
        return planes

    def frames(self, displays: Sequence[int] | None = None) -> Iterator[Planes]:
        """Frames in display order, decoded ahead by the threads.

        Args:
            displays: places in display order, ascending; None: all of them.

        Raises:
            CorruptError: the bytes of a frame break the format.
        """
        if displays is None:
            displays = range(len(self.records))
        shown = [self._place[display] for display in displays]
        plan = planned(self.records, shown, self._held)
        tasks = self._tasks = self._tasks or Tasks(self._threads)
        held, self._held = self._held, frozenset()
        run = Run(self._segment, self.records, plan, held, tasks, ahead=2 * self._threads)
        whole = False
        try:
            for at in shown:
                yield run.picture(at)
            whole = True
        finally:
            tasks.stop()
            if whole:
                self._held = plan.kept
            else:
                for at in range(len(self.records)):
                    self._segment.release(at, _EVERYTHING | BLOCKS)
