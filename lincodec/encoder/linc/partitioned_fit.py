"""Fitting a partitioned segment: frames predicted from one another block by block (spec 8.12).

The compiled core decides on the blocks of a frame; here stand the order of frames, the quantiser
step and the price of a bit of each level, and the latents that say what frames show.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property, partial

from lincodec.bitstream.pictures import PictureDigest, Pictures, units
from lincodec.bitstream.segment import Key, SegmentCode, code_bits
from lincodec.bitstream.segment import Tensor as Coding
from lincodec.container import chroma_of
from lincodec.core.encoder import PartitionedEncoder
from lincodec.core.signatures import Effort, Task
from lincodec.core.tasks import Tasks
from lincodec.encoder.aim import Aim, Figure, Trial, seek
from lincodec.encoder.budget import Budget
from lincodec.encoder.linc.anchor_trials import choose_anchors
from lincodec.encoder.linc.effort_pace import EffortPace
from lincodec.encoder.linc.pyramid import GROUP, Place, even_anchors, pyramid
from lincodec.encoder.linc.themes import Rows, appearance, themes
from lincodec.encoder.segments import Range
from lincodec.registry import Role
from lincodec.semantics.pull import Pull
from lincodec.types import Planes, VideoInfo
from lincodec.video.metrics import ms_ssim, psnr, rgb_error

#: Step of the pyramid's base over the luma step that a quality stands for: a bit then buys about
#: as much in the frames that nothing is predicted from as it does in the closed form.
_BASE = 0.3
#: Steps of the levels over the base, in eighths, and the price of a bit in squared steps: what
#: others are predicted from is worth more bits. The last ones repeat.
_EIGHTHS = (6.5, 9.0, 11.0, 15.0, 21.0, 30.0)
_PRICES = (0.10, 0.10, 0.095, 0.09, 0.085, 0.08)
#: Squared error in RGB of an error of one in U and V over that of one in luma (between those of
#: BT.601 and BT.709), where planes are of one size.
_CHROMA_WEIGHTS = (1.04, 0.79)
#: Step indices an octave, the index of a step of one 8-bit code value, and the last (spec 8.12.2).
_OCTAVE, _UNIT_INDEX, _LAST_INDEX = 16, 64, 175
#: Tools of every frame, as bits: deblocking, the loop filter, hidden signs; and on screens, which
#: the core tells from other pictures, plain residuals and copies (spec 8.12.3).
_TOOLS = 1 | 2 | 8 | 16 | 32
_MERGE_SIZE, _COUNT_LIMIT = 6, 16
#: Frames each way along whose motion the source is filtered, by effort, how much, and up to which
#: level: noise that others would be predicted from is not worth its bits.
_DENOISE_REACH, _DENOISE_STRENGTH, _DENOISE_LEVEL = {"medium": 2, "slow": 3}, 0.5, 2
#: Efforts that weigh areas by what is predicted from them, and eighths of an octave of the step
#: that a doubling of it is worth.
_WEIGHED, _WEIGHT = ("medium", "slow"), 2.0
#: Quick encodes, and encodes at the effort asked for, that may be made to come to an aim.
_QUICK_TRIES, _TRIES = 5, 4
#: Of so many frames one is measured where a quality is aimed at.
_MEASURED_EVERY = 4
#: Efforts whose search is too short for anchors that are far apart.
_NEAR = ("instant",)
#: Efforts that try how far anchors stand apart; the step that tells how many dB a factor e of the
#: bytes buys, over the one asked for, and between which figures that is believed.
_TRIED, _COARSER, _SLOPES = ("slow",), 1.25, (2.0, 8.0)
#: Share of the bytes of the frames that latents of their appearance may take.
_THEMES = 0.01

#: How hard the core searches, see ``LincEffort``.
EFFORTS: dict[str, dict[str, int]] = {
    "instant": {
        "merge_trials": 1, "intra_trials": 2, "intra_inter_trials": 1, "both_rounds": 0,
        "parts": 0, "transform_split": 0, "rdo": 1, "vectors": -1, "early": 4,
    },
    "fast": {
        "merge_trials": 1, "intra_trials": 6, "intra_inter_trials": 1, "both_rounds": 1,
        "parts": 0, "transform_split": 1, "rdo": 1, "vectors": 0, "early": 3,
    },
    "medium": {
        "merge_trials": 2, "intra_trials": 16, "intra_inter_trials": 2, "both_rounds": 4,
        "parts": 1, "transform_split": 1, "rdo": 1, "vectors": 2, "early": 1,
    },
    "slow": {
        "merge_trials": 3, "intra_trials": 16, "intra_inter_trials": 8, "both_rounds": 4,
        "parts": 1, "transform_split": 1, "rdo": 1, "vectors": 2, "early": 0, "plain": 1,
    },
}  # fmt: skip

#: How hard trials search, and those that only look for a step.
TRIAL_EFFORT, _QUICK_EFFORT = "fast", "instant"


@dataclass(frozen=True)
class _Coded:
    """A segment at one step."""

    step: float
    stream: bytes
    digest: bytes
    """Of the decoded frames."""
    planes: list[Planes]
    """Those frames, in display order, if they were to be kept."""
    sizes: list[int]
    """Bytes of each frame."""


class PartitionedFit:
    """One segment's fit, a ``StepFit``; serves trials at several quantiser steps too."""

    def __init__(
        self,
        frames: Sequence[Planes],
        info: VideoInfo,
        effort: str,
        threads: int,
        pulls: Sequence[Pull] = (),
        pace: EffortPace | None = None,
    ) -> None:
        """
        Args:
            frames: the segment's source frames.
            info: the video they come from.
            effort: of the final run, a name of ``EFFORTS``.
            threads: that encode; the bytes are the same with any number.
            pulls: what its latents shall tell.
            pace: that lowers the effort of frames where a time limit asks for it.
        """
        self.source, self.info, self.threads, self.pulls = frames, info, threads, pulls
        self.effort, self.pace = effort, pace
        self._weights = _chroma_weights(info)
        group = GROUP // 2 if effort in _NEAR else GROUP
        self._places = pyramid(even_anchors(len(frames), group))
        self._settled = effort not in _TRIED
        self._made: dict[float, _Coded] = {}

    @cached_property
    def looks(self) -> Rows:
        """What latents tell of the frames."""
        return appearance(self.source)

    def frame_trials(self, step: float) -> list[Trial]:
        """Bits and RGB PSNR in dB of every frame in a quick encode at a step."""
        coded = _Encode(self, step, TRIAL_EFFORT).result()
        return [Trial(8 * size, self._quality(coded, at)) for at, size in enumerate(coded.sizes)]

    def _quality(self, coded: _Coded, at: int) -> float:
        """RGB PSNR in dB of one frame."""
        return psnr(rgb_error(self.source[at], coded.planes[at], self.info))

    def bits(self, step: float, *, quick: bool) -> int:
        """Bits at a step, of a quick encode or of one at the effort asked for."""
        if quick:
            return self._bits(_Encode(self, step, _QUICK_EFFORT).result(keep=False))
        self._settle(step)
        return self._bits(self._coded(step))

    def run(self, part: Range, step: float, budget: Budget, aim: Aim | None = None) -> SegmentCode:
        """The final fit, see ``StepFit``."""
        if budget.deadline is None and not budget.over:
            self._settle(step)
        if aim is not None:
            step = self._aimed(aim, step, budget)
        coded = self._made.get(step) or _Encode(self, step, self.effort, budget).result(keep=False)
        return self._code(part, coded.stream, coded.digest)

    def _settle(self, step: float) -> None:
        """Find how far anchors shall stand apart, once, where there is time for trials."""
        if self._settled:
            return
        self._settled, usual = True, even_anchors(len(self.source))
        if len(usual) < 2:
            return
        fine, high = self._tried(step, usual[:2])
        coarse, low = self._tried(_COARSER * step, usual[:2])
        slope = min(max((high - low) / max(fine - coarse, 1e-3), _SLOPES[0]), _SLOPES[1])

        def score(anchors: Sequence[int]) -> float:
            bits, quality = self._tried(step, anchors)
            return bits - quality / slope

        self._places = pyramid(choose_anchors(len(self.source), score))

    def _tried(self, step: float, anchors: Sequence[int]) -> tuple[float, float]:
        """Logarithm of the bits, and mean PSNR in dB, of the frames behind the first anchor."""
        first, last = anchors[0], anchors[-1]
        part = PartitionedFit(self.source[first : last + 1], self.info, TRIAL_EFFORT, self.threads)
        part._places = pyramid([anchor - first for anchor in anchors])
        found = part.frame_trials(step)[1:]
        quality = sum(trial.psnr for trial in found) / len(found)
        return math.log(sum(trial.bits for trial in found)), quality

    def _code(self, part: Range, stream: bytes, digest: bytes) -> SegmentCode:
        """The segment's tensors as they will be written."""
        shape = (len(self.source), *units((self.info.height, self.info.width)))
        tensors: dict[Key, Coding] = {
            (Role.PICTURES, 0): Pictures(shape, digest, stream),
            (Role.LATENT, 0): themes(self.looks, _THEMES * len(stream), self.pulls),
        }
        return SegmentCode(part.first, part.count, part.continues, tensors)

    def _bits(self, coded: _Coded) -> int:
        """Bits of the segment's table and payloads."""
        whole = Range(0, len(self.source), False)
        return code_bits(self._code(whole, coded.stream, PictureDigest().value))

    def _aimed(self, aim: Aim, step: float, budget: Budget) -> float:
        """The step that comes to an aim: by quick encodes, then by such as will be written."""
        least = math.inf

        def quick(step: float) -> Trial:
            coded = _Encode(self, step, _QUICK_EFFORT).result()
            return self._measured(coded, aim.figure, _MEASURED_EVERY)

        def full(step: float) -> Trial:
            nonlocal least
            every = 1 if aim.figure is Figure.PSNR else _MEASURED_EVERY
            found = self._measured(self._coded(step, budget), aim.figure, every)
            badness = aim.badness(aim.off(found))
            for other in list(self._made):  # the pictures of one encode are enough to hold
                if (other != step) == (badness < least):
                    del self._made[other]
            least = min(least, badness)
            return found

        if not aim.near:
            step = seek(aim, step, quick, _QUICK_TRIES)
        once = budget.over or budget.deadline is not None
        return step if once else seek(aim, step, full, _TRIES)

    def _measured(self, coded: _Coded, figure: Figure, every: int) -> Trial:
        """Bits of an encode, and the figure of every ``every``-th frame."""
        bits, shown = self._bits(coded), range(0, len(self.source), every)
        if figure is Figure.BITS:
            return Trial(bits, math.nan)
        if figure is Figure.MS_SSIM:
            peak = float((1 << self.info.bit_depth) - 1)
            found = [ms_ssim(self.source[at][0], coded.planes[at][0], peak) for at in shown]
            return Trial(bits, math.nan, sum(found) / len(found))
        errors = [rgb_error(self.source[at], coded.planes[at], self.info) for at in shown]
        return Trial(bits, sum(map(psnr, errors)) / len(errors))

    def _coded(self, step: float, budget: Budget | None = None) -> _Coded:
        """The segment at a step; the best made on the way to an aim is kept."""
        if step not in self._made:
            self._made[step] = _Encode(self, step, self.effort, budget).result()
        return self._made[step]


class _Encode:
    """One pass over the frames of a segment at one step and effort."""

    def __init__(
        self, fit: PartitionedFit, step: float, effort: str, budget: Budget | None = None
    ) -> None:
        self.fit, self.step, self.effort, self.budget = fit, step, effort, budget
        self.megasamples = fit.info.width * fit.info.height / 1e6
        self.places = fit._places
        self.left = sum(place.work for place in self.places)
        self.shown: dict[int, Planes] = {}
        self.sizes: dict[int, int] = {}
        self.digest, self.digested = PictureDigest(), 0
        self.users = Counter(frame for place in self.places for frame in place.needs)

    def result(self, *, keep: bool = True) -> _Coded:
        """Code every frame once those it needs are coded, and put the segment together.

        Args:
            keep: whether the decoded frames are; else memory holds a few of them.
        """
        fit, count = self.fit, len(self.places)
        with PartitionedEncoder(
            fit.source[0], chroma_of(fit.info.chroma_shift), fit.info.bit_depth, count
        ) as encoder:
            tasks = Tasks(fit.threads)
            try:
                self._weigh(encoder, tasks)
                coded: dict[int, Future[None]] = {}
                for order, place in enumerate(self.places):
                    needs = [coded[frame] for frame in place.needs]
                    action = partial(self._code, encoder, place)
                    coded[place.frame] = tasks.add(order, action, needs)
                # Beside the first frame, which all others wait for.
                looks = tasks.add(0, lambda: fit.looks, [])
                for done, place in enumerate(self.places):
                    coded[place.frame].result()
                    self._release(encoder, place)
                    self._digest(keep=keep)
                    if self.budget is not None:
                        self.budget.report((done + 1) / count, None)
                looks.result()
            finally:
                tasks.close()
            stream = encoder.finish([place.frame for place in self.places])
        planes = [self.shown[frame] for frame in range(count)] if keep else []
        sizes = [self.sizes[frame] for frame in range(count)]
        return _Coded(self.step, stream, self.digest.value, planes, sizes)

    def _weigh(self, encoder: PartitionedEncoder, tasks: Tasks) -> None:
        """Tell the encoder what areas of frames are worth to others, where that is wanted."""
        if self.effort not in _WEIGHED or len(self.places) < 2:
            return
        wanted = [self._task(place, self.effort) for place in self.places]
        glances = [
            tasks.add(frame, partial(encoder.glance, frame, planes), ())
            for frame, planes in enumerate(self.fit.source)
        ]
        measured = [
            tasks.add(order, partial(encoder.measure, task), glances)
            for order, task in enumerate(wanted)
        ]
        for done in measured:
            done.result()
        encoder.weigh(wanted, _WEIGHT)

    def _digest(self, *, keep: bool) -> None:
        """Add the decoded frames that are next to be shown to the digest."""
        while (planes := self.shown.get(self.digested)) is not None:
            self.digest.add(planes)
            if not keep:
                del self.shown[self.digested]
            self.digested += 1

    def _code(self, encoder: PartitionedEncoder, place: Place) -> None:
        pace, effort = self.fit.pace, self.effort
        if pace is None:
            self._run(encoder, place, effort)
        else:
            if self.budget is not None and self.budget.deadline is not None:
                left = self.budget.deadline - time.monotonic()
                effort = pace.choose(effort, self.left * self.megasamples, left)
            with pace.timing(effort, place.work * self.megasamples):
                self._run(encoder, place, effort)
        self.left -= place.work
        self.shown[place.frame] = encoder.picture(place.frame)

    def _run(self, encoder: PartitionedEncoder, place: Place, effort: str) -> None:
        """Hand the frame over, with those around it that its source is filtered with; code it."""
        task = self._task(place, effort)
        for frame in range(place.frame - task.denoise_reach, place.frame + task.denoise_reach + 1):
            if 0 <= frame < len(self.places):
                encoder.source(frame, self.fit.source[frame])
        self.sizes[place.frame] = encoder.code(task)

    def _release(self, encoder: PartitionedEncoder, place: Place) -> None:
        """Free what no later frame needs, of a coded frame and of those it needed."""
        for frame in place.needs:
            self.users[frame] -= 1
            if not self.users[frame]:
                encoder.release(frame)
        if not self.users[place.frame]:
            encoder.release(place.frame)

    def _task(self, place: Place, effort: str) -> Task:
        """How a frame is coded."""
        at = min(place.level, len(_EIGHTHS) - 1)
        step = self.step * _BASE * _EIGHTHS[at] / 8
        weights = self.fit._weights
        first, second = place.references or (-1, -1)
        reach = _DENOISE_REACH.get(effort, 0) if place.level <= _DENOISE_LEVEL else 0
        task = Task(
            display=place.frame,
            level=place.level,
            references=len(place.references),
            context_source=-1 if place.context_source is None else place.context_source,
            tools=_TOOLS,
            temporal=int(place.level > 0),
            merge_size=_MERGE_SIZE,
            count_limit=_COUNT_LIMIT,
            referenced=int(self.users[place.frame] > 0),
            weighing=int(effort in _WEIGHED and len(self.places) > 1),
            denoise_reach=reach,
            denoise_strength=_DENOISE_STRENGTH,
            effort=Effort(**EFFORTS[effort]),
        )
        task.reference[:] = first, second
        task.step[:] = [step_index(step / math.sqrt(w)) for w in (1.0, *weights)]
        task.chroma_weight[:] = weights
        setattr(task, "lambda", _PRICES[at])
        return task


def step_index(step: float) -> int:
    """Index of the nearest quantiser step, in 8-bit code values (spec 8.12.2)."""
    index = round(_UNIT_INDEX + _OCTAVE * math.log2(step))
    return min(max(index, 0), _LAST_INDEX)


def _chroma_weights(info: VideoInfo) -> tuple[float, float]:
    """What a squared error in U and V is worth in luma's: each stands for several pixels."""
    pixels = 1 << sum(info.chroma_shift or (0, 0))
    u, v = _CHROMA_WEIGHTS
    return u * pixels, v * pixels
