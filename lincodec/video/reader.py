"""Reading a video as a stream of planes with exact times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from statistics import median
from types import TracebackType
from typing import Self

from lincodec.errors import InputError, LincError, UsageError
from lincodec.options import Span
from lincodec.types import AudioTrack, Beside, Frame, Times, VideoInfo
from lincodec.video.audio import Window, read_audio
from lincodec.video.beside import read_beside
from lincodec.video.media import FrameSource, Header, MediaSource, RawFrame
from lincodec.video.pipes import STANDARD, called, is_pipe
from lincodec.video.source import TilesError
from lincodec.video.tile_grid import TileGrid
from lincodec.video.timing import TimeRepair, nominal_step
from lincodec.video.y4m import Y4mSource, is_y4m

# Below this start time decoding through is as quick as seeking.
_SEEK_SECONDS = 5.0
# FFmpeg's rules: a clock that may be reset was when it jumps by more than this, any other by that.
_RESET_SECONDS, _LONGEST_SECONDS = 10, 30 * 3600
# A wait for a frame that is told: so many seconds, and usual intervals.
_GAP_SECONDS, _GAP_USUAL = 10.0, 50
# Times in a span are compared with this tolerance, in seconds.
_EPSILON = 1e-6


class FrameReader:
    """Streams the frames of a video; use it as a context manager, iterate once.

    Example:
        with FrameReader("in.mp4") as reader:
            for frame in reader:
                luma = frame.planes[0]
            times, audio = reader.times(), reader.audio()

    Attributes:
        info: Size, depth, colour, rate; ``n_frames`` is known once iteration has ended.
        time_base: Seconds per tick of ``Frame.pts``.
        header: What the container claims (codec, estimated number of frames, ...).
        warnings: One line per thing that was repaired, dropped or converted.
    """

    def __init__(
        self,
        source: str,
        *,
        span: Span = Span(),  # noqa: B008 (frozen)
        every: int = 1,
    ) -> None:
        """Open ``source`` and decode up to the first frame of ``span``.

        Args:
            source: Path of a video file, or ``-`` for YUV4MPEG2 on standard input.
            span: Part of the video to read.
            every: Yield the first frame of every so many, at its own time; the last one yielded
                stands for as many as the others.

        Raises:
            InputError: Not a readable video, or no frame lies in ``span``.
            UsageError: ``span`` does not fit (negative times on a pipe, start after end).
        """
        self._path = source
        self._source = _opened(source)
        try:
            self._span = self._resolved(span)
            self._every = every
            self.info: VideoInfo = self._source.info
            self.time_base: Fraction = self._source.time_base
            self._step = nominal_step(self.time_base, self.info.fps)
            self.info = replace(self.info, fps=self.info.fps / every)
            self._pts: list[int] = []
            self._last_duration = self._step
            self._last_seen: int | None = None
            self._shifts: tuple[Fraction, ...] = ()
            self._ended = False
            self._kept = self._select()
            self._pending = next(self._kept, None)
            if self._pending is None:
                raise self._nothing(span)
        except BaseException:
            self._source.close()
            raise
        self._origin = self._pending[0]

    @property
    def header(self) -> Header:
        """What the container's headers say."""
        return self._source.header

    @property
    def warnings(self) -> list[str]:
        """Lines about what was repaired, dropped or converted so far."""
        return self._source.warnings

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames of the span in display order; the first has pts 0.

        Planes are (Y, U, V) or (Y,), C-contiguous, uint8 or uint16, of ``info.plane_sizes``.
        """
        count = 0
        while self._pending is not None:
            time, raw = self._pending
            pts, duration = time - self._origin, raw.duration if raw.duration > 0 else self._step
            if count % self._every == 0:
                self._pts.append(pts)
                yield Frame(raw.planes(), pts)
            missing = self._every - 1 - count % self._every
            self._last_duration = pts - self._pts[-1] + (1 + missing) * duration
            count += 1
            self._pending = next(self._kept, None)
        self._ended = True
        self.info = replace(self.info, n_frames=len(self._pts))

    def times(self) -> Times:
        """Times of the frames iterated so far; of the whole span after the iteration."""
        return Times(self.time_base, tuple(self._pts), self._last_duration)

    def audio(self) -> AudioTrack | None:
        """Packets of the audio track with times relative to the first frame of the span.

        Reads the file a second time. After a complete iteration a trimmed span's audio ends
        with its last frame; before that, with ``span.end``.
        """
        window = self._window()
        return None if window is None else read_audio(self._path, window)

    def beside(self) -> Beside:
        """What the file holds beside its pictures and that audio, in the span; as for ``audio``."""
        window = self._window()
        if window is None or not isinstance(self._source, MediaSource):
            return Beside()
        found = read_beside(self._path, self._source.display, window)
        self._source.warnings += [each for each in found.losses if each not in self.warnings]
        return found.beside

    def _window(self) -> Window | None:
        """The part of the file that was read; None: it cannot be read again, or has one stream."""
        if not isinstance(self._source, MediaSource):
            return None
        length: Fraction | None = None
        if self._ended and (self._span.end is not None or self._span.frames is not None):
            length = (self._pts[-1] + self._last_duration) * self.time_base
        elif self._span.end is not None:
            length = Fraction(self._span.end) - Fraction(self._span.start or 0)
        origin = self._origin * self.time_base
        return Window(origin, length, bool(self._span.start), self._shifts)

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _select(self) -> Iterator[tuple[int, RawFrame]]:
        """(repaired time, frame) of every frame in the span."""
        start, end, limit = self._span.start or 0.0, self._span.end, self._span.frames
        raw = None
        origin: int | None = None
        if start >= _SEEK_SECONDS:
            first = next(iter(self._source.frames()), None)
            origin = first.pts if first is not None else None
            raw = self._source.frames_from(start) if origin is not None else None
        if raw is None:
            raw, origin = self._source.frames(), None
        longest = _RESET_SECONDS if self._source.clock_resets else _LONGEST_SECONDS
        repair = TimeRepair(self._step, int(longest / self.time_base))
        count = 0
        seen: list[int] = []
        for frame in raw:
            if limit is not None and count >= limit:
                break
            time = repair.next(frame.pts)
            seen.append(time)
            origin = time if origin is None else origin
            self._last_seen = time - origin
            seconds = float((time - origin) * self.time_base)
            if end is not None and seconds >= end - _EPSILON:
                break
            if seconds >= start - _EPSILON:
                count += 1
                yield time, frame
        self._shifts = tuple(shift * self.time_base for shift in repair.shifts)
        self._tell_repairs(repair, [b - a for a, b in pairwise(seen)])

    def _tell_repairs(self, repair: TimeRepair, gaps: list[int]) -> None:
        """Say what was done about times, and what was not: the longest wait for a frame."""
        notes = self._source.warnings
        if repair.repaired:
            rate = self.info.fps
            notes.append(f"{repair.repaired} frames had no usable time: placed at {rate} fps")
        if repair.shifts:
            times = "once" if len(repair.shifts) == 1 else f"{len(repair.shifts)} times"
            notes.append(f"the clock of the source jumps {times}: the frames follow on evenly")
        gap = max(gaps, default=0)
        seconds = float(gap * self.time_base)
        if seconds > _GAP_SECONDS and gap > _GAP_USUAL * median(gaps):
            notes.append(f"a gap of {seconds:.1f} s between two frames is kept")

    def _resolved(self, span: Span) -> Span:
        """``span`` with negative times counted from the start, checked."""
        start, end = span.start, span.end
        if (start is not None and start < 0) or (end is not None and end < 0):
            total = self._source.total_seconds()
            if total is None:
                raise UsageError(
                    "negative times count from the end, which is not known for this input; "
                    "give times from the start"
                )
            start = max(0.0, start + total) if start is not None and start < 0 else start
            end = max(0.0, end + total) if end is not None and end < 0 else end
        if end is not None and end <= (start or 0.0):
            raise UsageError(f"the span ends at {end:g} s, not after its start {start or 0:g} s")
        if span.frames is not None and span.frames < 1:
            raise UsageError(f"number of frames: expected at least 1, found {span.frames}")
        return Span(start, end, span.frames)

    def _nothing(self, span: Span) -> LincError:
        name = called(self._path)
        if span == Span() or self._last_seen is None:
            return InputError(f"{name}: the video has no frame")
        length = float((self._last_seen + self._step) * self.time_base)
        start = self._span.start or 0.0
        return UsageError(f"{name}: no frame at {start:g} s or after; the video has {length:g} s")


def _opened(source: str) -> FrameSource:
    """What gives the frames of ``source``.

    Raises:
        InputError: It cannot be read.
    """
    if source == STANDARD:
        return Y4mSource.from_stdin()
    if is_pipe(source) or is_y4m(source):
        return Y4mSource.from_file(source)
    try:
        return MediaSource(source)
    except TilesError:
        return TileGrid(source)
