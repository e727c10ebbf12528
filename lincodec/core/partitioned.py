"""Decoding of partitioned segments: one byte string to pictures (spec clause 8.12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from lincodec.core.records import BLOCKS, Held, Part, most_kept, planned
from lincodec.core.resample import Resampler
from lincodec.core.run import Run
from lincodec.core.segment import CoreSegment
from lincodec.core.tasks import Tasks
from lincodec.errors import CorruptError
from lincodec.registry import MAX_KEPT, Chroma
from lincodec.types import Planes

_EVERYTHING = sum(Part) | BLOCKS
#: Records that are open for each thread beyond those that must be, so that none of them waits for
#: the first of a pyramid: so many, but at least two, as take no more than these bytes together.
_AHEAD, _AHEAD_BYTES = 4, 1 << 27


class PartitionedDecoder:
    """The frames of one segment, in any order; going forward nothing is reconstructed twice.

    Use it as a context manager, or close it: it holds threads, and memory of the core. Frames are
    asked for by one thread at a time.

    Attributes:
        records: what the frames say of themselves, in coding order.
        kept: most of them that are needed at once.
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
        self._run: Run | None = None
        self._begun: list[int] | None = None
        self._held: frozenset[Held] = frozenset()
        self._segment = CoreSegment(payload, width, height, chroma, depth, frames)
        try:
            self.records = tuple(self._segment.record(at) for at in range(frames))
            plan = planned(self.records, range(frames), self._held)
            self.kept = most_kept(self.records, plan)
            if self.kept > MAX_KEPT:
                raise CorruptError(
                    f"headers of pictures: {self.kept} are needed at once; expected {MAX_KEPT} "
                    "at most"
                )
        except BaseException:
            self.close()
            raise
        self._place = {record.display: at for at, record in enumerate(self.records)}

    def close(self) -> None:
        """End the threads and free the memory."""
        if self._tasks is not None:
            self._tasks.close()
        self._tasks = self._run = None
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

    @property
    def is_ending(self) -> bool:
        """Whether all that was asked for is being decoded, so that threads will idle."""
        return self._run is None or self._run.is_ending

    def begin(self, displays: Sequence[int], resampler: Resampler | None = None) -> None:
        """Have the threads begin on frames; ``frames`` of the same ones goes on from there."""
        self._begun = [self._place[display] for display in displays]
        self._begin(self._begun, resampler).fill()

    def frames(
        self, displays: Sequence[int] | None = None, resampler: Resampler | None = None
    ) -> Iterator[Planes]:
        """Frames in display order, decoded ahead by the threads.

        Args:
            displays: places in display order, ascending; None: all of them.
            resampler: brings them to another size, in the same threads; None: they are native.

        Raises:
            CorruptError: the bytes of a frame break the format.
        """
        if displays is None:
            displays = range(len(self.records))
        shown, done = [self._place[display] for display in displays], 0
        while done < len(shown):
            begun, self._begun = self._begun, None
            run = self._run if begun == shown[done:] else None
            if run is None or run.resampler is not resampler:
                run = self._begin(shown[done:], resampler)
            try:
                while self._run is run and done < len(shown):
                    planes = run.picture(shown[done])
                    done += 1
                    yield planes
            except BaseException:
                self._leave(run, frozenset())
                raise
            self._leave(run, run.kept)

    def _begin(self, shown: Sequence[int], resampler: Resampler | None) -> Run:
        """A pass over some records; one that has not come to its end will have to begin anew."""
        if self._run is not None:
            self._leave(self._run, frozenset())
        self._tasks = self._tasks or Tasks(self._threads)
        plan = planned(self.records, shown, self._held)
        room = _AHEAD_BYTES // self._segment.record_bytes
        ahead = self._threads * min(max(room // self._threads, 2), _AHEAD)
        self._run = Run(
            self._segment, self.records, plan, self._held, self._tasks, ahead, resampler
        )
        return self._run

    def _leave(self, run: Run, kept: frozenset[Held]) -> None:
        """End a pass, unless another one has; all that is not ``kept`` is out of memory then."""
        if self._run is not run or self._tasks is None:
            return
        self._tasks.stop()
        self._run, self._held = None, kept
        if not kept:
            for at in range(len(self.records)):
                self._segment.release(at, _EVERYTHING)
