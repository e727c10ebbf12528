"""Which pictures an output shows: places between the frames of the source."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Shot:
    """One output frame: a place between source frames."""

    frame: int
    """Source frame at or before it."""
    share: Fraction
    """How far on to the next frame, 0 <= share < 1."""


def output_shots(start: int, stop: int, fps_scale: int) -> list[Shot]:
    """``fps_scale`` output frames per source frame in start..stop-1 (paper Eq. 4)."""
    return [
        Shot(frame, Fraction(j, fps_scale))
        for frame in range(start, stop)
        for j in range(fps_scale)
    ]
