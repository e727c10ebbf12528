"""Presentation times: repair while reading, tests for a constant rate, refinement."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

from lincodec.errors import UsageError
from lincodec.types import Times

#: What the parts of a time base and the ticks of a frame are below in media files.
_WORD = 1 << 31


class TimeRepair:
    """Turns the times a demuxer gives into strictly increasing ones, frame by frame.

    Rule: a frame without a time is placed one nominal interval after the one before it. A
    frame whose time is not after the one before it is placed half a nominal interval after
    (at least one tick), so that the next good time still fits; when it is more than ten
    intervals back, or more than ``longest`` ahead, the clock was reset, and the frame and all
    later ones are shifted so that it follows at one interval.
    """

    def __init__(self, step: int, longest: int | None = None) -> None:
        """Begin before the first frame.

        Args:
            step: the nominal frame interval in ticks, at least 1.
            longest: ticks that one frame may be shown; None: any number.
        """
        self._step = max(1, step)
        self._longest = longest
        self._last: int | None = None
        self._offset = 0
        self.repaired = 0
        """Frames whose time was changed or invented after the first."""
        self.shifts: list[int] = []
        """Ticks by which times are shifted since each reset of the clock."""

    def next(self, pts: int | None) -> int:
        """Return the time for the next frame, given what the demuxer said."""
        time = None if pts is None else pts + self._offset
        if self._last is None:
            self._last = 0 if time is None else time
        elif time is None:
            self._last += self._step
            self.repaired += 1
        elif self._is_reset(time - self._last):
            self._offset += self._last + self._step - time
            self._last += self._step
            self.shifts.append(self._offset)
        elif time > self._last:
            self._last = time
        else:
            self._last += max(1, self._step // 2)
            self.repaired += 1
        return self._last

    def _is_reset(self, ahead: int) -> bool:
        return -ahead > 10 * self._step or (self._longest is not None and ahead > self._longest)


def nominal_step(time_base: Fraction, fps: Fraction) -> int:
    """One frame interval of ``fps`` in ticks of ``time_base``, rounded, at least 1."""
    return max(1, round(1 / (fps * time_base)))


def constant(n_frames: int, fps: Fraction) -> Times:
    """Times of ``n_frames`` frames at exactly ``fps``: one tick per frame."""
    return Times(time_base=1 / fps, pts=tuple(range(n_frames)), last_duration=1)


def is_constant(times: Times, fps: Fraction) -> bool:
    """True when frame n is at n / fps, up to the rounding of a coarse clock.

    A clock that ticks at least four times per frame may be off by one tick (milliseconds in
    Matroska, say); coarser ones must match exactly.
    """
    interval = 1 / fps
    slack = times.time_base if 4 * times.time_base <= interval else Fraction(0)
    # Integers over one common denominator: long videos make a Fraction per frame too slow.
    common = (interval.denominator * times.time_base.denominator) or 1
    tick = int(times.time_base * common)
    frame = int(interval * common)
    allowed = int(slack * common)
    first = times.pts[0] if times.pts else 0
    return all(abs((pts - first) * tick - n * frame) <= allowed for n, pts in enumerate(times.pts))


def duration(times: Times) -> Fraction:
    """Seconds from the first frame to the end of the last one."""
    if not times.pts:
        return Fraction(0)
    return (times.pts[-1] - times.pts[0] + times.last_duration) * times.time_base


def frame_durations(times: Times) -> tuple[int, ...]:
    """Ticks each frame is shown; the last entry is ``last_duration``."""
    gaps = [later - earlier for earlier, later in pairwise(times.pts)]
    return (*gaps, times.last_duration) if times.pts else ()


def scaled(times: Times, alpha: int | Fraction) -> Times:
    """Times of ``alpha`` output frames per input frame.

    Output frame k stands at the place k / alpha, counted in frames: at the fraction s of the
    interval from frame n to frame n + 1 if that is n + s; after the last frame the interval is
    ``last_duration``. The time base is refined by the numerator of ``alpha``, so every time is an
    exact integer and the total duration is kept.

    Raises:
        UsageError: ``alpha`` is not above 0.
    """
    if alpha <= 0:
        raise UsageError(f"frame-rate factor: expected a number above 0, found {alpha}")
    if alpha == 1 or not times.pts:
        return times
    up, down = alpha.numerator, alpha.denominator
    gaps = frame_durations(times)
    places = (divmod(k * down, up) for k in range(math.ceil(len(gaps) * Fraction(alpha))))
    pts = tuple(up * times.pts[n] + part * gaps[n] for n, part in places)
    return Times(times.time_base / up, pts, up * (times.pts[-1] + gaps[-1]) - pts[-1])


def fitted(times: Times) -> Times:
    """The same times in a base that media files hold, rounded to it only where that must be.

    They hold 31 bits for the parts of the base and the ticks that a frame lasts. Where those are
    too few it is microseconds, or milliseconds for frames that are shown for half an hour.

    Raises:
        UsageError: no base holds them.
    """
    for base in (times.time_base, Fraction(1, 10**6), Fraction(1, 1000)):
        found = _rounded(times, base)
        gaps = frame_durations(found)
        if max(base.numerator, base.denominator, *gaps, 0) < _WORD and min(gaps, default=1) > 0:
            return found
    raise UsageError(
        "frames follow each other in less than a microsecond, or once in many days; expected a "
        "rate and speed that a media file can hold"
    )


def _rounded(times: Times, base: Fraction) -> Times:
    """Times to the nearest tick of another base."""
    if base == times.time_base or not times.pts:
        return times
    ratio = times.time_base / base
    pts = tuple(round(value * ratio) for value in times.pts)
    return Times(base, pts, round((times.pts[-1] + times.last_duration) * ratio) - pts[-1])


def sliced(times: Times, start: int, stop: int) -> Times:
    """Times of frames ``start`` .. ``stop - 1``, rebased so that the first is at 0.

    The last frame keeps the duration it has in ``times``.
    """
    stop = min(stop, len(times.pts))
    pts = times.pts[start:stop]
    if not pts:
        return Times(times.time_base, (), times.last_duration)
    last = times.last_duration if stop == len(times.pts) else times.pts[stop] - pts[-1]
    return Times(times.time_base, tuple(value - pts[0] for value in pts), last)
