"""How a stretch of frames is best cut: blocks, overlap and segments, by trial coding.

Trials run the closed form on a window of the picture and compare ``ln(bits) - dB/slope``,
so that bytes and quality count as one figure. Without trials a rule gives blocks and overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import torch

from lincodec.container import LincArch
from lincodec.encoder.linc.segment_fit import DB_PER_LOG_BYTES, SegmentFit, Trial
from lincodec.encoder.segments import Range
from lincodec.model.devices import CPU
from lincodec.types import Frame, Planes, VideoInfo

_WINDOW = (320, 448)  # rows and columns that a trial looks at
_SHORTEST = 8
_BLOCK_FRAMES = 24
_BLOCKS = (3, 4, 5)  # log2 of the sides that are tried
_LARGE = 700_000  # luma samples from which the smallest of them is not tried
_MARGIN = 0.01  # a cut must gain this much: it costs a seam and a table
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
        *,
        trials: bool = True,
        refined: bool = True,
        device: torch.device = CPU,
    ) -> None:
        """
        Args:
            info: the video.
            step: luma quantiser step.
            trials: whether blocks, overlap and segments are tried out.
            refined: whether the fits to come are refined; see ``SegmentFit``.
            device: where trials are fitted.
        """
        self.device = device
        self.step, self.trials, self.refined = step, trials, refined
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
        if not self.trials:
            return usual_block(frames[0].planes[0].size, self.step), _OVERLAP
        blocks = _BLOCKS if frames[0].planes[0].size < _LARGE else _BLOCKS[1:]
        first = self._windows(frames[:_BLOCK_FRAMES])

        @cache
        def scored(block: int, overlap: int) -> float:
            if 2 * overlap > 1 << block:
                return math.inf
            return self._score(first, LincArch(block, overlap, len(first)))

        block = min(blocks, key=lambda b: scored(b, 2))
        wide = scored(block, 4) < scored(block, 2)
        overlap = min((2, 4, 8) if wide else (2, 1), key=lambda o: scored(block, o))
        return min(blocks, key=lambda b: scored(b, overlap)), overlap

    def cut(self, part: Range, frames: Sequence[Frame], arch: LincArch) -> list[Range]:
        """Segments for consecutive frames of one shot: halves wherever they code better."""
        if not self.trials:
            return [part]
        window = self._windows(frames)
        lengths, _ = self._lengths(window, arch, self._trial(window, arch))
        out, first = [], part.first
        for count in lengths:
            out.append(Range(first, count, part.continues if first == part.first else True))
            first += count
        return out

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

    def _score(self, frames: Sequence[Planes], arch: LincArch) -> float:
        trial = self._trial(frames, arch)
        return score(trial.bits, trial.psnr)

    def _trial(self, frames: Sequence[Planes], arch: LincArch) -> Trial:
        fit = SegmentFit(frames, self.info, arch, refined=self.refined, device=self.device)
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
