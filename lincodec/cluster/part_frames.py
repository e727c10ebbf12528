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
#: Frames that are rather read and let go than sought beyond: a seek decodes some, too.
_NEAR = 250


class PartFrames:
    """The frames of parts of one plan: by reading on, by a seek, or from the start.

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
        near = self._reader is not None and 0 <= first - self._at <= _NEAR
        found = self._read_on(first, wanted) if near else None
        found = found or self._sought(first, wanted)
        if found is None:
            self._begin(self.plan.options.span, 0)
            found = self._read_on(first, wanted)
        if found is None:
            raise InputError(
                f"{self.plan.source}: frames {first} to {first + count - 1} are not those of the "
                "first pass; the file was changed, or is read otherwise here: encode it again"
            )
        pts = self.plan.times.pts[first : first + count]
        return [replace(frame, pts=time) for frame, time in zip(found, pts, strict=True)]

    def _begin(self, span: Span, at: int) -> Iterator[Frame]:
        """Open the source where a span begins, which is frame ``at`` of the plan."""
        self._open.close()
        reader = FrameReader(self.plan.source, span=span, every=self.plan.options.hold_out)
        self._reader, self._at = iter(self._open.enter_context(reader)), at
        return self._reader

    def _read_on(self, first: int, wanted: tuple[int, ...]) -> list[Frame] | None:
        """Frames with these prints from where the reader is; None when others are there."""
        assert self._reader is not None
        for _ in itertools.islice(self._reader, first - self._at):
            pass
        found = list(itertools.islice(self._reader, len(wanted)))
        self._at = first + len(found)
        return found if tuple(frame_print(frame.planes) for frame in found) == wanted else None

    def _sought(self, first: int, wanted: tuple[int, ...]) -> list[Frame] | None:
        """The same by a seek."""
        plan, span = self.plan, self.plan.options.span
        start = span.start or 0.0
        if start < 0:
            return None
        at = max(float(plan.times.pts[first] * plan.times.time_base) + start - _BEFORE, 0.0)
        try:
            reader = self._begin(Span(at), first)
        except InputError:  # nothing is there
            return None
        early = _EARLY if plan.options.hold_out == 1 else 0
        for frame in itertools.islice(reader, early + 1):
            if frame_print(frame.planes) == wanted[0]:
                self._at = first + 1
                rest = self._read_on(first + 1, wanted[1:])
                return None if rest is None else [frame, *rest]
        return None
