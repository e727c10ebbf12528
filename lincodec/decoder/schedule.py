"""When an output shows which pictures: its rate and speed beside those of the source."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from lincodec.decoder.shots import Shot, output_shots, shots_at, whole_frames
from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.options import DecodeOptions
from lincodec.types import Times
from lincodec.video.rates import rate_of
from lincodec.video.timing import constant, duration, scaled

_ONE = Fraction(1)
#: An output of up to so many frames a source frame only repeats some: 29.97 to 30 frames a second.
_SAME = Fraction(101, 100)


@dataclass(frozen=True)
class Pace:
    """What is asked of rate and speed."""

    fps: Fraction | None = None
    """Frames a second, evenly; None: ``scale`` times as many as the source has."""
    scale: Fraction = _ONE
    """Output frames for each frame of the source."""
    speed: Fraction = _ONE
    """Seconds of the source for each second of the output."""
    blend: bool | None = None
    """Whether moments between frames are shown; None: where there are more than frames."""

    @staticmethod
    def of(options: DecodeOptions) -> Pace:
        """The pace that options ask for.

        Raises:
            UsageError: a number is out of range, or there are two rates.
        """
        scale = rate_of(options.fps_scale, "fps_scale")
        fps = None if options.fps is None else rate_of(options.fps, "fps")
        if fps is not None and scale != 1:
            raise UsageError(f"fps {fps} and fps_scale {scale}: expected one of them")
        return Pace(fps, scale, rate_of(options.speed, "speed"), options.blend)


@dataclass(frozen=True)
class Schedule:
    """The frames of an output."""

    shots: list[Shot]
    """What each of them shows, in order."""
    times: Times
    """When each is shown; the first at 0."""
    fps: Fraction
    """Nominal frames a second."""


def schedule(times: Times, fps: Fraction, first: int, pace: Pace, limits: Limits) -> Schedule:
    """What to show when.

    At ``pace.fps`` frame k of the output is at k / fps seconds, and there are as many as come
    nearest to the duration of the source. Otherwise frame k is ``k / scale`` frames into the
    source, at the time which that place has, and the duration is that of the source. Where moments
    between frames are not shown, the frame nearest to such a place stands for it.

    Args:
        times: of the frames of the source that are shown, the first at 0.
        fps: nominal frames a second of the source.
        first: number of the first of these frames.
        pace: what is asked for.
        limits: ``frames`` is the most that an output has.

    Raises:
        UsageError: there would be more.
    """
    played = replace(times, time_base=times.time_base / pace.speed)
    number = len(times.pts)
    growth = pace.scale if pace.fps is None else duration(played) * pace.fps / number
    count = math.ceil(number * growth) if pace.fps is None else max(1, round(number * growth))
    if count > limits.frames:
        raise UsageError(
            f"the output would have {count} frames; expected at most {limits.frames}: choose a "
            f"lower rate, a part of the video, or --limit frames={count}"
        )
    if pace.fps is None:
        shots = output_shots(first, first + number, pace.scale)
        out, rate = scaled(played, pace.scale), fps * pace.speed * pace.scale
    else:
        found = shots_at(played, pace.fps, count)
        shots = [replace(shot, frame=shot.frame + first) for shot in found]
        out, rate = constant(count, pace.fps), pace.fps
    if not (growth > _SAME if pace.blend is None else pace.blend):
        shots = whole_frames(shots, first + number)
    return Schedule(shots, out, rate)
