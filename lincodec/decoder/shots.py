"""Which pictures an output shows: places between the frames of the source."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

from lincodec.types import Times
from lincodec.video.timing import frame_durations


@dataclass(frozen=True)
class Shot:
    """One output frame: a place between source frames."""

    frame: int
    """Source frame at or before it."""
    share: Fraction
    """How far on to the next frame, 0 <= share < 1."""


def output_shots(start: int, stop: int, fps_scale: int | Fraction) -> list[Shot]:
    """``fps_scale`` output frames per source frame in start..stop-1 (paper Eq. 4).

    Output frame k is at the place ``k / fps_scale`` frames on from ``start``; there are as many as
    lie before ``stop``.
    """
    up, down = fps_scale.numerator, fps_scale.denominator
    count = math.ceil((stop - start) * Fraction(fps_scale))
    return [Shot(start + k * down // up, Fraction(k * down % up, up)) for k in range(count)]


def shots_at(times: Times, fps: Fraction, count: int) -> list[Shot]:
    """What is to be seen at ``count`` times at ``fps``, from the first frame on; the last holds.

    Args:
        times: of the frames, which are numbered from 0.
        fps: of the output.
        count: of the output, too.
    """
    step = 1 / (fps * times.time_base)  # ticks from one output frame to the next
    gaps, out = frame_durations(times), []
    for k in range(count):
        # in parts of a tick, as whole numbers
        at = k * step.numerator + times.pts[0] * step.denominator
        frame = bisect_right(times.pts, at // step.denominator) - 1
        past = at - times.pts[frame] * step.denominator
        share = Fraction(past, gaps[frame] * step.denominator)
        out.append(Shot(frame, share if share < 1 else Fraction(0)))
    return out


def whole_frames(shots: list[Shot], stop: int) -> list[Shot]:
    """For each shot the frame nearest to it, the earlier of two, below ``stop``."""
    return [
        Shot(shot.frame + (shot.share > Fraction(1, 2) and shot.frame + 1 < stop), Fraction(0))
        for shot in shots
    ]
