"""What the first pass of a rate target found: bits of every part of a video at one step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lincodec.encoder.segments import Range


@dataclass(frozen=True)
class RateSample:
    """What a few frames of the first part tell before the whole is surveyed."""

    step: float
    """Luma step where they take about their share."""
    bits: int
    """Bits of a quick encode of them."""
    slope: float
    """By how many factors e bits fall when the step grows by one."""
    ratio: float
    """Bits of the final encode over those of the quick one."""


@dataclass(frozen=True)
class RateSurvey:
    """Bits as a quick encode takes them; what the final one takes is ``ratio`` times that."""

    step: float
    """Luma step of the quick encode."""
    parts: tuple[tuple[Range, int], ...]
    """Consecutive parts of the video with their bits."""
    slope: float
    """By how many factors e bits fall when the step grows by one."""
    ratio: float
    """Bits of the final encode over those of the quick one, as far as a sample tells."""
    sampled: int
    """Bits of the quick encode of that sample."""

    @staticmethod
    def of(sample: RateSample, parts: Sequence[tuple[Range, int]]) -> RateSurvey:
        """The survey of a video that begins as ``sample`` says."""
        return RateSurvey(sample.step, tuple(parts), sample.slope, sample.ratio, sample.bits)

    def bits(self, first: int, last: int, step: float) -> float:
        """Bits of the quick encode of frames ``first`` to ``last``, exclusive, at a step."""
        found = 0.0
        for part, bits in self.parts:
            inside = min(last, part.first + part.count) - max(first, part.first)
            found += bits * max(inside, 0) / part.count
        return found * math.exp(self.slope * math.log(self.step / step))

    def step_for(self, bits: float, wanted: float) -> float:
        """Step at which what takes ``bits`` at the survey's step takes ``wanted``."""
        return self.step * math.exp(math.log(max(bits, 1) / max(wanted, 1)) / self.slope)

    @property
    def frames(self) -> int:
        """Frames of the video."""
        last = self.parts[-1][0]
        return last.first + last.count

    def pieces(self, first: int) -> int:
        """Parts that begin at a frame or after it."""
        return sum(part.first >= first for part, _ in self.parts)


def sample_of(count: int, most: int) -> slice:
    """The middle ``most`` of so many frames."""
    begin = max(0, (count - most) // 2)
    return slice(begin, min(begin + most, count))


def mean_slope(points: Sequence[tuple[float, int]], usual: float) -> float:
    """How fast bits fall with the step from the outermost of some (step, bits), else ``usual``."""
    (low, more), (high, less) = min(points), max(points)
    if math.log(high / low) < 0.1 or less >= more:
        return usual
    return min(max(math.log(more / less) / math.log(high / low), 0.5), 2.5)
