"""How a stretch of frames is best coded: blocks, overlap, segments and their kind, by trial coding.

Where something moves, frames are partitioned without further ado; trials say what is better where
nothing does. They look at a window of the picture and compare ``ln(bits) - dB/slope``,
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
from lincodec.encoder.linc.stillness import still_runs
from lincodec.encoder.segments import Range
from lincodec.types import Frame, Planes, VideoInfo

_WINDOW = (320, 448)  # rows and columns that a trial looks at
_PART_OF_UNITS = 64  # and where it codes partitioned frames too, half a side and such a unit
_SHORTEST = 8
_STILL = 24  # frames that stand still at least to be a segment of their own
_SEGMENT_BITS = 8 * 250  # of tables, latents and index that a further segment takes
_BLOCK_FRAMES = 24
_BLOCKS = (3, 4, 5)  # log2 of the sides that are tried
_LARGE = 700_000  # luma samples from which the smallest of them is not tried
_REFINED = 0.3  # what refining a closed form gains at most, about
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
        limits = _WINDOW
        if effort is not None:  # a trial shall cost little beside the encode
            sides = (info.height, info.width)
            limits = min(_WINDOW[0], _middle(sides[0])), min(_WINDOW[1], _middle(sides[1]))
        self.rows, self.columns = (
            _window(size, limit)
            for size, limit in zip((info.height, info.width), limits, strict=True)
        )
        self.share = (self.rows.stop - self.rows.start) * (self.columns.stop - self.columns.start)
        self.share /= info.height * info.width
        self.info = replace(
            info,
            height=self.rows.stop - self.rows.start,
            width=self.columns.stop - self.columns.start,
        )

    def windows(self, frames: Sequence[Frame]) -> tuple[int, int]:
        """log2 of the luma block side, and the overlap, for the video, from its first frames."""
        usual = usual_block(frames[0].planes[0].size, self.step), _OVERLAP
        start = frames[:_BLOCK_FRAMES]
        if not self.trials or self._surely_partitioned(start, LincArch(*usual, len(start))):
            return usual
        first = self._windows(start)
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
        """Segments for consecutive frames of one shot.

        Partitioned ones, but for stretches that stand still and code better drawn from latents;
        those are cut in halves wherever they code better.
        """
        if not self.trials:
            return [SegmentPlan(part, self.effort is not None)]
        runs = [range(len(frames))]
        if self.effort is not None:
            runs = self._still_runs(frames, arch)
        pieces: list[tuple[int, bool]] = []
        at = 0
        for run in runs:
            pieces += [(run.start - at, True)] if run.start > at else []
            window = self._windows(frames[run.start : run.stop])
            lengths, _ = self._lengths(window, arch, self._trial(window, arch))
            pieces += [(length, False) for length in lengths]
            at = run.stop
        pieces += [(len(frames) - at, True)] if at < len(frames) else []
        return _plans(part, pieces)

    def partitioned(self, frames: Sequence[Frame], arch: LincArch) -> bool:
        """Whether the frames of a segment are better partitioned."""
        if not self.trials or self.effort is None:
            return self.effort is not None
        return self._still_runs(frames, arch) != [range(len(frames))]

    def _surely_partitioned(self, frames: Sequence[Frame], arch: LincArch) -> bool:
        """Whether the first frames say nothing about segments that are drawn from latents."""
        return self.effort is not None and not self._still_runs(frames, arch)

    def _still_runs(self, frames: Sequence[Frame], arch: LincArch) -> list[range]:
        """Stretches that stand still and are better drawn from latents than partitioned."""
        shortest = min(_STILL, len(frames))
        runs = still_runs([f.planes[0] for f in frames], self.info.bit_depth, shortest)
        if not runs or self.effort is None:
            return []
        window = self._windows(frames)
        coded = PartitionedFit(window, self.info, TRIAL_EFFORT, self.threads)
        found = coded.frame_trials(self.step)
        return [run for run in runs if self._drawn(run, window, found, arch)]

    def _drawn(
        self, run: range, window: Sequence[Planes], found: list[Trial], arch: LincArch
    ) -> bool:
        """Whether all frames take less when a stretch is drawn from latents; if so, it is.

        Args:
            run: the stretch.
            window: windows of all frames.
            found: what every frame takes and gives, which the stretch is replaced in.
            arch: of the file.
        """
        stretch = window[run.start : run.stop]
        if self.refined:
            plain = self._trial(stretch, arch, refined=False)
            hoped = replace(plain, bits=plain.bits * math.exp(-_REFINED))
            if self._replaced(run, hoped, found) is None:
                return False
        trials = self._replaced(run, self._trial(stretch, arch), found)
        if trials is None:
            return False
        found[:] = trials
        return True

    def _replaced(self, run: range, drawn: Trial, found: Sequence[Trial]) -> list[Trial] | None:
        """Trials of all frames with ``drawn`` in the place of a stretch; None: it does not pay."""
        first, after = found[0], found[run.stop : run.stop + 1]
        trials = list(found)
        trials[run.start : run.stop] = [Trial(drawn.bits / len(run), drawn.psnr)] * len(run)
        for frame in after:  # nothing goes before it any more
            trials[run.stop] = Trial(max(first.bits, frame.bits), frame.psnr)
        more = ((run.start > 0) + len(after)) * _SEGMENT_BITS * self.share
        return trials if _whole(trials, more) < _whole(found) - _MARGIN else None

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

    def _trial(
        self, frames: Sequence[Planes], arch: LincArch, *, refined: bool | None = None
    ) -> Trial:
        """What a closed form gives, refined as fits to come are unless said otherwise."""
        wish = self.refined if refined is None else refined
        fit = closed_form(frames, self.info, arch, refined=wish, device=self.device)
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


def _plans(part: Range, pieces: Sequence[tuple[int, bool]]) -> list[SegmentPlan]:
    """Plans for pieces of a part, (frames, whether partitioned) each."""
    out, first = [], part.first
    for count, partitioned in pieces:
        continues = part.continues if first == part.first else True
        out.append(SegmentPlan(Range(first, count, continues), partitioned))
        first += count
    return out


def _whole(trials: Sequence[Trial], more: float = 0.0) -> float:
    """The score of frames together, with ``more`` bits."""
    quality = sum(trial.psnr for trial in trials) / len(trials)
    return score(sum(trial.bits for trial in trials) + more, quality)


def _middle(size: int) -> int:
    """Half a side, rounded up to whole units."""
    return -(-size // (2 * _PART_OF_UNITS)) * _PART_OF_UNITS


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
