"""Reading the frames of one part, and proof that they are those of the plan."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from lincodec.encoder.first_pass import frame_print
from lincodec.encoder.parts import Plan
from lincodec.errors import InputError
from lincodec.options import Span
from lincodec.types import Frame
from lincodec.video.reader import FrameReader

#: Frames that a seek may land too early, and seconds that it aims before the frame.
_EARLY, _BEFORE = 8, 1e-7


class PartFrames:
    """The frames of parts of one plan, by a seek each; by reading on where seeks do not lead there.

    Use it as a context manager.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._open = ExitStack()
        self._reader: Iterator[Frame] | None = None
        self._at = 0

    def __enter__(self) -> PartFrames:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read(self, first: int, count: int) -> list[Frame]:
        """Frames of the plan, with its times.

        Raises:
            InputError: the source cannot be read, or is not what it was.
        """
        wanted = self.plan.prints[first : first + count]
        found = self._sought(first, wanted) or self._read_on(first, count)
        if tuple(frame_print(frame.planes) for frame in found) != wanted:
            raise InputError(
                f"{self.plan.source}: frames {first} to {first + count - 1} are not those of the "
                "first pass; the file was changed, or is read otherwise here: encode it again"
            )
        pts = self.plan.times.pts[first : first + count]
        return [replace(frame, pts=time) for frame, time in zip(found, pts, strict=True)]

    def _sought(self, first: int, wanted: tuple[int, ...]) -> list[Frame] | None:
        """The same by a seek; None when something else is found there."""
        plan, span = self.plan, self.plan.options.span
        start, every = span.start or 0.0, plan.options.hold_out
        if start < 0:
            return None
        at = max(float(plan.times.pts[first] * plan.times.time_base) + start - _BEFORE, 0.0)
        early = _EARLY if every == 1 else 0
        asked = Span(at, None, (len(wanted) + early) * every)
        found: list[Frame] = []
        try:
            with FrameReader(plan.source, span=asked, every=every) as reader:
                for skipped, frame in enumerate(reader):
                    if frame_print(frame.planes) == wanted[len(found)]:
                        found.append(frame)
                    elif found or skipped >= early:
                        return None
                    if len(found) == len(wanted):
                        return found
        except InputError:  # nothing is there
            return None
        return None

    def _read_on(self, first: int, count: int) -> list[Frame]:
        """The same by decoding all before it."""
        if self._reader is None or self._at > first:
            self._open.close()
            options = self.plan.options
            reader = FrameReader(self.plan.source, span=options.span, every=options.hold_out)
            self._reader, self._at = iter(self._open.enter_context(reader)), 0
        for _ in itertools.islice(self._reader, first - self._at):
            pass
        found = list(itertools.islice(self._reader, count))
        self._at = first + count
        return found
