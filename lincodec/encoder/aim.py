"""A figure that a segment is to come to, and the search for the quantiser step that gives it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from lincodec.bitstream.segment import SegmentCode
from lincodec.encoder.budget import Budget
from lincodec.encoder.segments import Range

#: Measured slope of the closed form: dB gained per factor e of bytes.
DB_PER_LOG_BYTES = 3.5
#: Luma steps that are tried, in 8-bit code values.
LOW, HIGH = 0.25, 4096.0


class Figure(StrEnum):
    """What can be asked of a segment."""

    BITS = "bits"
    PSNR = "psnr"
    MS_SSIM = "ms_ssim"


#: What a factor e of the step changes about, on the scale of ``Aim.off``.
_SLOPES = {Figure.BITS: -1.2, Figure.PSNR: -5.0, Figure.MS_SSIM: -5.0}
#: Steps that are nearer than this factor e do not tell a slope.
_APART = 0.05
#: How far the slope may be from the usual one, as a factor.
_BEND = 8
#: How far above and how far below an aim a trial may lie on that scale.
_ABOVE = {Figure.BITS: 0.01, Figure.PSNR: 0.06, Figure.MS_SSIM: 0.06}
_BELOW = {Figure.BITS: 0.01, Figure.PSNR: 0.0, Figure.MS_SSIM: 0.0}
#: What is aimed at beyond the figure, so that most answers lie between the two.
_BEYOND = {Figure.BITS: 0.0, Figure.PSNR: 0.03, Figure.MS_SSIM: 0.03}


@dataclass(frozen=True)
class Trial:
    """What a quantiser step gives."""

    bits: float
    psnr: float
    """Mean RGB PSNR in dB."""
    ms_ssim: float = math.nan
    """Mean MS-SSIM of luma, where it was asked for."""


@dataclass(frozen=True)
class Aim:
    """What a segment is to come to: so many bits, or at least such a quality."""

    figure: Figure
    value: float
    """Bits of table and payloads; dB; MS-SSIM below 1."""
    near: bool = False
    """Whether the step that comes with it is known to be about right."""

    def off(self, trial: Trial) -> float:
        """How far a trial lies above the aim: ln of the ratio of bits, or dB.

        MS-SSIM is taken as dB of what it lacks to 1.
        """
        if self.figure is Figure.BITS:
            return math.log(max(trial.bits, 1) / max(self.value, 1.0))
        if self.figure is Figure.PSNR:
            return trial.psnr - self.value
        return decibels(trial.ms_ssim) - decibels(self.value)

    def less(self, bits: float) -> Aim:
        """The same when so many bits of those it counts are taken by others."""
        if self.figure is not Figure.BITS:
            return self
        return replace(self, value=max(self.value - bits, 1.0))

    def met(self, off: float) -> bool:
        """Whether a trial so far off need not be bettered."""
        return -_BELOW[self.figure] <= off <= _ABOVE[self.figure]

    def badness(self, off: float) -> float:
        """Lower is better; a quality that is not reached is worse than any that is."""
        short = self.figure is not Figure.BITS and off < 0
        return abs(off) + (1e3 if short else 0.0)


def decibels(similarity: float) -> float:
    """MS-SSIM as ``-10 log10(1 - value)``, at most 100."""
    return -10 * math.log10(max(1 - similarity, 1e-10))


class StepFit(Protocol):
    """One segment's fit, run at a quantiser step or where it comes to an aim."""

    def run(self, part: Range, step: float, budget: Budget, aim: Aim | None = None) -> SegmentCode:
        """The final fit.

        Args:
            part: the segment.
            step: luma step in 8-bit code values; with an aim, where the search begins.
            budget: how long it may take.
            aim: what the segment is to come to; None: whatever ``step`` gives.
        """


def seek(aim: Aim, step: float, trial: Callable[[float], Trial], tries: int) -> float:
    """The step, of those tried, that comes nearest to an aim.

    Secants inside a bracket, on the logarithm of the step.

    Args:
        aim: what to come to.
        step: to begin with.
        trial: what a step gives; figures fall as it grows.
        tries: trials at most.
    """
    low, high = math.log(LOW), math.log(HIGH)
    slope = usual = _SLOPES[aim.figure]
    at = min(max(math.log(step), low), high)
    before: tuple[float, float] | None = None
    best: tuple[float, float] | None = None
    for _ in range(tries):
        off = aim.off(trial(math.exp(at)))
        if best is None or aim.badness(off) < best[0]:
            best = aim.badness(off), at
        if aim.met(off):
            break
        low, high = (at, high) if off > _BEYOND[aim.figure] else (low, at)
        if before and abs(at - before[0]) > _APART:
            found = (off - before[1]) / (at - before[0])
            slope = min(max(found, _BEND * usual), usual / _BEND)
        before = at, off
        guess = at - (off - _BEYOND[aim.figure]) / slope
        at = guess if low < guess < high else (low + high) / 2
        if high - low < 1e-4:
            break
    assert best is not None
    return math.exp(best[1])
