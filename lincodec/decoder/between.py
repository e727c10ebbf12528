"""Pictures between the frames of a video, made ahead by threads (spec clause 8.7)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from fractions import Fraction

from lincodec.core.flow import Field, Interpolator, Motion, Picture
from lincodec.core.tasks import Tasks
from lincodec.decoder.shots import Shot
from lincodec.decoder.sizing import codes_of
from lincodec.system.cores import usable_cores
from lincodec.types import Planes, VideoInfo

#: More threads than this wait for memory.
_MOST_THREADS = 16
#: Output pictures that are begun for each thread before the next one is asked for.
_AHEAD = 3


def frames_of(shots: Iterable[Shot]) -> list[int]:
    """The frames that shots are made of, ascending."""
    return sorted({at for s in shots for at in (s.frame, s.frame + (s.share > 0))})


class Between:
    """Makes what lies between frames of one size; it holds threads: close it."""

    def __init__(self, info: VideoInfo) -> None:
        """
        Args:
            info: of the frames.
        """
        threads = min(usable_cores(), _MOST_THREADS)
        self._interpolator = Interpolator(info.plane_sizes, info.bit_depth)
        self._depth, self._tasks, self._ahead = info.bit_depth, Tasks(threads), _AHEAD * threads

    def close(self) -> None:
        """End the threads."""
        self._tasks.close()

    def pictures(
        self, shots: Iterable[Shot], frames: Iterator[tuple[int, Planes]]
    ) -> Iterator[Planes]:
        """What every shot shows: a frame as it is given, or codes of a picture between two.

        Args:
            shots: ascending.
            frames: those of ``frames_of`` with their numbers: codes [h, w], or float32 in centred
                8-bit code values.
        """
        known = _Known(self._interpolator, self._tasks, self._depth)
        begun: deque[Planes | Future[Planes]] = deque()
        try:
            for shot in shots:
                known.forget_before(shot.frame)
                while shot.frame + (shot.share > 0) not in known.frames:
                    number, planes = next(frames)
                    known.frames[number] = planes
                begun.append(
                    known.between(shot.frame, shot.share)
                    if shot.share
                    else known.frames[shot.frame]
                )
                if len(begun) > self._ahead:
                    yield _finished(begun.popleft())
            while begun:
                yield _finished(begun.popleft())
        finally:
            self._tasks.stop()


def _finished(made: Planes | Future[Planes]) -> Planes:
    return made.result() if isinstance(made, Future) else made


class _Known:
    """Frames in use and what is known about them; motion between two is searched once."""

    def __init__(self, interpolator: Interpolator, tasks: Tasks, depth: int) -> None:
        self._interpolator, self._tasks, self._depth = interpolator, tasks, depth
        self.frames: dict[int, Planes] = {}
        self._pictures: dict[int, Future[Picture]] = {}
        self._fields: dict[int, tuple[Future[Field], Future[Field]]] = {}

    def forget_before(self, frame: int) -> None:
        """Let go of what later shots do not need."""
        for found in (self.frames, self._pictures, self._fields):
            for at in [at for at in found if at < frame]:
                del found[at]

    def between(self, frame: int, share: Fraction) -> Future[Planes]:
        """The picture at a share of the way to the next frame."""
        if frame not in self._fields:
            self._fields[frame] = self._pair(frame)
        first, second = self._fields[frame]
        return self._tasks.add(
            frame,
            lambda: self._interpolator.between(first.result(), second.result(), share),
            [first, second],
        )

    def _pair(self, frame: int) -> tuple[Future[Field], Future[Field]]:
        """A frame and the next one, with the motion between them."""
        first, second = self._picture(frame), self._picture(frame + 1)
        ahead, back = self._motion(frame, first, second), self._motion(frame, second, first)
        return self._field(frame, first, ahead, back), self._field(frame, second, back, ahead)

    def _picture(self, frame: int) -> Future[Picture]:
        if frame not in self._pictures:
            planes = self.frames[frame]
            self._pictures[frame] = self._tasks.add(
                frame, lambda: self._interpolator.picture(codes_of(planes, self._depth)), []
            )
        return self._pictures[frame]

    def _motion(
        self, urgency: int, picture: Future[Picture], other: Future[Picture]
    ) -> Future[Motion]:
        return self._tasks.add(
            urgency,
            lambda: self._interpolator.motion(picture.result(), other.result()),
            [picture, other],
        )

    def _field(
        self, urgency: int, picture: Future[Picture], own: Future[Motion], other: Future[Motion]
    ) -> Future[Field]:
        return self._tasks.add(
            urgency,
            lambda: self._interpolator.field(picture.result(), own.result(), other.result()),
            [picture, own, other],
        )
