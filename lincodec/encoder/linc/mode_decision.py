"""How a stretch of frames is best coded: blocks, overlap, segments and their kind, by trial coding.

Trials look at a window of the picture and compare ``ln(bits) - dB/slope``,
so that bytes and quality count as one figure. Without trials a rule gives blocks and overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from lincodec.container import LincArch
from lincodec.encoder.aim import DB_PER_LOG_BYTES, Trial
from lincodec.encoder.engine import SegmentPlan
from lincodec.encoder.linc.closed_form import closed_form
from lincodec.encoder.linc.partitioned_fit import TRIAL_EFFORT, PartitionedFit
from lincodec.encoder.segments import Range
from lincodec.types import Frame, Planes, VideoInfo

_WINDOW = (320, 448)  # rows and columns that a trial looks at
_SHORTEST = 8
_BLOCK_FRAMES = 24
_BLOCKS = (3, 4, 5)  # log2 of the sides that are tried
_LARGE = 700_000  # luma samples from which the smallest of them is not tried
_MARGIN = 0.01  # a cut must gain this much: it costs a seam and a table
_SURE = 0.2  # partitioned frames that gain this much are not compared with shorter segments
_REFINED = 0.3  # what refining a closed form gains at most, about
#: Without trials blocks of 16 and 32 samples change places where the square root of a picture's
#: luma samples times the step is this; a block grows with the root of that.
_SIDE_AT = 30_000.0
_OVERLAP = 2


class Layout:
    """Chooses for one video; every choice is made at the quantiser step that will be used."""

    def __init__(
        self,
        info: VideoInfo,
        step: float,
        effort: str | None = None,
        *,
        trials: bool = True,
        refined: bool = True,
        device: str = "cpu",
        threads: int = 1,
    ) -> None:
        """
        Args:
            info: the video.
            step: luma quantiser step.
            effort: of partitioned segments, see ``EFFORTS``; None: there are none.
            trials: whether blocks, overlap and segments are tried out.
            refined: whether the fits to come are refined; see ``SegmentFit``.
            device: where trials of closed forms are fitted.
            threads: that try partitioned segments.
        """
        self.device, self.threads = device, threads
        self.step, self.effort = step, effort
        self.trials, self.refined = trials, refined
        self._tried: tuple[Sequence[Planes], float] | None = None
        self.rows, self.columns = (
            _window(size, limit)
            for size, limit in zip((info.height, info.width), _WINDOW, strict=True)
        )
        self.info = replace(
            info,
            height=self.rows.stop - self.rows.start,
            width=self.columns.stop - self.columns.start,
        )

    def windows(self, frames: Sequence[Frame]) -> tuple[int, int]:
        """log2 of the luma block side, and the overlap, for the video, from its first frames."""
        usual = usual_block(frames[0].planes[0].size, self.step), _OVERLAP
        first = self._windows(frames[:_BLOCK_FRAMES])
        if not self.trials or self._surely_partitioned(first, LincArch(*usual, len(first))):
            return usual
        blocks = _BLOCKS if frames[0].planes[0].size < _LARGE else _BLOCKS[1:]

        @cache
        def scored(block: int, overlap: int) -> float:
            if 2 * overlap > 1 << block:
                return math.inf
            return self._score(first, LincArch(block, overlap, len(first)))

        block = min(blocks, key=lambda b: scored(b, 2))
        wide = scored(block, 4) < scored(block, 2)
        overlap = min((2, 4, 8) if wide else (2, 1), key=lambda o: scored(block, o))
        return min(blocks, key=lambda b: scored(b, overlap)), overlap

    def cut(self, part: Range, frames: Sequence[Frame], arch: LincArch) -> list[SegmentPlan]:
        """Segments for consecutive frames of one shot: halves wherever they code better.

        Where frames are better partitioned, or nothing is tried, they stay together.
        """
        if not self.trials:
            return [SegmentPlan(part, self.effort is not None)]
        window = self._windows(frames)
        if self._surely_partitioned(window, arch):
            return [SegmentPlan(part, partitioned=True)]
        whole = self._trial(window, arch)
        gain = self._gain(window, score(whole.bits, whole.psnr))
        lengths = [len(frames)]
        if gain < _SURE:
            lengths, best = self._lengths(window, arch, whole)
            gain -= score(whole.bits, whole.psnr) - score(best.bits, best.psnr)
        if gain > 0:
            return [SegmentPlan(part, partitioned=True)]
        out, first = [], part.first
        for count in lengths:
            continues = part.continues if first == part.first else True
            out.append(SegmentPlan(Range(first, count, continues), partitioned=False))
            first += count
        return out

    def partitioned(self, frames: Sequence[Frame], arch: LincArch) -> bool:
        """Whether the frames of a segment are better partitioned."""
        if not self.trials:
            return self.effort is not None
        window = self._windows(frames)
        return self._surely_partitioned(window, arch) or (
            self._gain(window, self._score(window, arch)) > 0
        )

    def _surely_partitioned(self, frames: Sequence[Planes], arch: LincArch) -> bool:
        """Whether partitioned frames win by so much that the closed form is not refined."""
        if self.effort is None:
            return False
        plain = closed_form(frames, self.info, arch, refined=False, device=self.device)
        found = plain.trial(self.step)
        return self._gain(frames, score(found.bits, found.psnr)) > _SURE + _REFINED

    def _gain(self, frames: Sequence[Planes], plain: float) -> float:
        """By how much partitioned frames beat the closed form, whose score is ``plain``."""
        if self.effort is None:
            return -math.inf
        if self._tried is None or self._tried[0] is not frames:
            fit = PartitionedFit(frames, self.info, TRIAL_EFFORT, self.threads)
            found = fit.trial(self.step)
            self._tried = frames, score(found.bits, found.psnr)
        return plain - self._tried[1]

    def _score(self, frames: Sequence[Planes], arch: LincArch) -> float:
        trial = self._trial(frames, arch)
        return score(trial.bits, trial.psnr)

    def _lengths(
        self, frames: Sequence[Planes], arch: LincArch, whole: Trial
    ) -> tuple[list[int], Trial]:
        """Lengths of the pieces of ``frames`` and what they take together.

        Args:
            frames: windows.
            arch: of the file.
            whole: their trial.
        """
        count = len(frames)
        if count < 2 * _SHORTEST:
            return [count], whole
        middle = count // 2
        halves = [frames[:middle], frames[middle:]]
        trials = [self._trial(half, arch) for half in halves]
        apart = _together(trials, [len(half) for half in halves])
        if score(apart.bits, apart.psnr) > score(whole.bits, whole.psnr) - _MARGIN:
            return [count], whole
        found = [self._lengths(h, arch, t) for h, t in zip(halves, trials, strict=True)]
        lengths = [length for pieces, _ in found for length in pieces]
        return lengths, _together([trial for _, trial in found], [len(half) for half in halves])

    def _trial(self, frames: Sequence[Planes], arch: LincArch) -> Trial:
        fit = closed_form(frames, self.info, arch, refined=self.refined, device=self.device)
        return fit.trial(self.step)

    def _windows(self, frames: Sequence[Frame]) -> list[Planes]:
        """The window of every frame."""
        sx, sy = self.info.chroma_shift or (0, 0)
        luma = (self.rows, self.columns)
        chroma = (_halved(self.rows, sy), _halved(self.columns, sx))
        return [
            tuple(plane[luma if index == 0 else chroma] for index, plane in enumerate(f.planes))
            for f in frames
        ]


def _together(trials: Sequence[Trial], counts: Sequence[int]) -> Trial:
    """One trial for pieces of ``counts`` frames."""
    quality = sum(t.psnr * n for t, n in zip(trials, counts, strict=True)) / sum(counts)
    return Trial(sum(trial.bits for trial in trials), quality)


def usual_block(area: int, step: float) -> int:
    """log2 of the luma block side that suits most pictures of ``area`` samples at a step."""
    share = math.sqrt(area) * step / _SIDE_AT
    return min(max(round(4.5 + math.log2(share) / 2), 3), 5)


def score(bits: float, psnr: float) -> float:
    """Lower is better: log of the bytes it would take at equal quality."""
    return math.log(max(bits, 1)) - psnr / DB_PER_LOG_BYTES


def _window(size: int, limit: int) -> slice:
    """The middle ``limit`` samples of an axis, on a multiple of 64."""
    if size <= limit:
        return slice(0, size)
    start = (size - limit) // 2 // 64 * 64
    return slice(start, start + limit)


def _halved(part: slice, shift: int) -> slice:
    return slice(part.start >> shift, (part.stop + (1 << shift) - 1) >> shift)
