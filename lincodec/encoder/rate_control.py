"""Choosing the quantiser of every segment so that a rate or quality target is met."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lincodec.bitstream.segment import SegmentCode
from lincodec.encoder.budget import Budget
from lincodec.encoder.presets import Preset, step_of
from lincodec.encoder.segments import Range
from lincodec.options import EncodeOptions
from lincodec.types import VideoInfo

#: Measured slope of the closed form: dB gained per factor e of bytes.
DB_PER_LOG_BYTES = 3.5
_LOW, _HIGH = 1.0, 4096.0
_TRIES = 7
#: Bytes of a file beside its segments: HEAD, ARCH, dGST, qLTY, mETa, DONE and their frames.
_FILE_BYTES = 350
#: Bytes of a segment beside its table and payloads: three section frames, its row in iNDX, its
#: figure in qLTY.
_SEGMENT_BYTES = 68


@dataclass(frozen=True)
class Trial:
    """What a quantiser step gives."""

    bits: float
    psnr: float


class StepFit(Protocol):
    """One segment's fit, tried at several quantiser steps and then run at one of them."""

    def trial(self, step: float, every: int = 4) -> Trial:
        """Bits, and mean RGB PSNR in dB of every ``every``-th frame, about as ``run`` gives them.

        Args:
            step: luma quantiser step in 8-bit code values.
            every: so many frames are measured once.
        """

    def run(
        self, part: Range, step: float, budget: Budget, wanted: float | None = None
    ) -> SegmentCode:
        """The final fit.

        Args:
            part: the segment.
            step: luma step.
            budget: how long it may take.
            wanted: bits of table and payloads that the segment is to take, when ``step`` is where
                a trial takes them; None: whatever it takes.
        """


class RateControl:
    """Hands every segment its step; keeps the account of bits for a size target."""

    def __init__(
        self, options: EncodeOptions, preset: Preset, info: VideoInfo, frames: int | None
    ) -> None:
        self.options = options
        default = preset.quality if options.quality is None else options.quality
        self.step = step_of(default)
        self.samples = info.width * info.height
        self.per_sample = self._rate(info, frames)
        self.spent = 0.0
        self.due = 0.0

    def _rate(self, info: VideoInfo, frames: int | None) -> float | None:
        """Wanted bits per luma sample, None without a rate target."""
        options = self.options
        if options.bpp is not None:
            return options.bpp
        if options.bitrate is not None:
            return options.bitrate / float(info.fps) / self.samples
        if options.size is not None and frames:
            return max(options.size - _FILE_BYTES, 1) * 8 / (frames * self.samples)
        return None

    def choose(self, fit: StepFit, part: Range, budget: Budget, reserved: int = 0) -> SegmentCode:
        """Fit one segment at the step its target asks for, ``reserved`` bytes kept back."""
        wanted = None
        if self.per_sample is not None:
            share = self.per_sample * part.count * self.samples
            fixed = 8 * (reserved + _SEGMENT_BYTES)
            wanted = max(self.due + share - self.spent - fixed, 0.2 * share)
            self.step = self._search(fit, math.log(wanted), lambda f: math.log(f.bits), -1.0)
        elif self.options.psnr is not None:
            wanted_db = self.options.psnr + 0.05
            self.step = self._search(fit, wanted_db, lambda f: f.psnr, -6.0, every=1)
        return fit.run(part, self.step, budget, wanted)

    def account(self, part: Range, coded: int) -> None:
        """Note what a segment's table and payloads really took, in bytes."""
        self.spent += 8 * (coded + _SEGMENT_BYTES)
        if self.per_sample is not None:
            self.due += self.per_sample * part.count * self.samples

    def _search(
        self,
        fit: StepFit,
        wanted: float,
        measure: Callable[[Trial], float],
        slope: float,
        every: int = 4,
    ) -> float:
        """Step at which ``measure`` of the closed form meets ``wanted``.

        ``measure`` falls with the step, about ``slope`` per unit of ln(step) to begin with;
        quality is measured on every ``every``-th frame.
        """
        at = math.log(self.step)
        low, high = math.log(_LOW), math.log(_HIGH)
        before: tuple[float, float] | None = None
        for _ in range(_TRIES):
            value = measure(fit.trial(math.exp(at), every))
            if abs(value - wanted) < (0.01 if slope == -1.0 else 0.03):
                break
            if value > wanted:
                low = at
            else:
                high = at
            if before and abs(at - before[0]) > 1e-6:
                slope = min((value - before[1]) / (at - before[0]), -0.1)
            before = (at, value)
            guess = at + (wanted - value) / slope
            at = guess if low < guess < high else (low + high) / 2
        return math.exp(at)
