"""Fitting a partitioned segment: frames predicted from one another block by block (spec 8.12).

The compiled core decides on the blocks of a frame; here stand the order of frames, the quantiser
step and the price of a bit of each level, and the latents that say what frames show.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from lincodec.bitstream.pictures import PictureDigest, Pictures, units
from lincodec.bitstream.segment import Key, SegmentCode
from lincodec.bitstream.segment import Tensor as Coding
from lincodec.container import chroma_of
from lincodec.core.encoder import PartitionedEncoder
from lincodec.core.signatures import Effort, Task
from lincodec.core.tasks import Tasks
from lincodec.encoder.budget import Budget
from lincodec.encoder.linc.pyramid import Place, pyramid
from lincodec.encoder.linc.themes import themes
from lincodec.encoder.rate_control import Trial
from lincodec.encoder.segments import Range
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo
from lincodec.video.metrics import psnr, rgb_error

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
#: Frames each way along whose motion the source is filtered, how much, and up to which level: noise
#: that others would be predicted from is not worth its bits.
_DENOISE_REACH, _DENOISE_STRENGTH, _DENOISE_LEVEL = 2, 0.5, 1
#: Further encodes that may be made to come this near to the bits that are wanted.
_AIMS, _NEAR = 2, 0.005
#: About how many factors e of bits a factor e of the step saves.
_BITS_SLOPE = 1.2

#: How hard the core searches, see ``LincEffort``.
EFFORTS: dict[str, dict[str, int]] = {
    "fast": {
        "merge_trials": 1, "intra_trials": 2, "intra_inter_trials": 1, "both_rounds": 1,
        "parts": 0, "transform_split": 1, "rdo": 1, "vectors": 0, "early": 3,
    },
    "medium": {
        "merge_trials": 2, "intra_trials": 4, "intra_inter_trials": 2, "both_rounds": 4,
        "parts": 1, "transform_split": 1, "rdo": 1, "vectors": 2, "early": 1,
    },
}  # fmt: skip

Report = Callable[[float, float | None], None]


@dataclass(frozen=True)
class _Coded:
    """A segment at one step."""

    step: float
    stream: bytes
    planes: list[Planes]
    """Decoded, in display order."""


class PartitionedFit:
    """One segment's fit; serves trials at several quantiser steps and the final run."""

    def __init__(
        self, frames: Sequence[Planes], info: VideoInfo, effort: str, threads: int
    ) -> None:
        """
        Args:
            frames: the segment's source frames.
            info: the video they come from.
            effort: a name of ``EFFORTS``.
            threads: that encode; the bytes are the same with any number.
        """
        self.source, self.info, self.threads = frames, info, threads
        self._effort = Effort(**EFFORTS[effort])
        self._weights = _chroma_weights(info)
        self._places = pyramid(len(frames))
        self._last: _Coded | None = None

    def trial(self, step: float, every: int = 4) -> Trial:
        """Bits, and mean RGB PSNR in dB of every ``every``-th frame, at a step."""
        coded = self._coded(step)
        errors = [
            rgb_error(self.source[at], coded.planes[at], self.info)
            for at in range(0, len(self.source), every)
        ]
        return Trial(8 * len(coded.stream), sum(map(psnr, errors)) / len(errors))

    def run(
        self, part: Range, step: float, budget: Budget, wanted: float | None = None
    ) -> SegmentCode:
        """The final fit; the arguments are those of ``StepFit.run``."""
        for _ in range(_AIMS if wanted is not None else 0):
            share = 8 * len(self._coded(step).stream) / (wanted or 1)
            if abs(share - 1) < _NEAR or budget.over:
                break
            step *= share ** (1 / _BITS_SLOPE)
        coded = self._coded(step, budget.report)
        digest = PictureDigest()
        for planes in coded.planes:
            digest.add(planes)
        shape = (len(coded.planes), *units((self.info.height, self.info.width)))
        tensors: dict[Key, Coding] = {
            (Role.PICTURES, 0): Pictures(shape, digest.value, coded.stream),
            (Role.LATENT, 0): themes(self.source),
        }
        return SegmentCode(part.first, part.count, part.continues, tensors)

    def _coded(self, step: float, report: Report | None = None) -> _Coded:
        """The segment at a step; the last one made is kept."""
        if self._last is None or self._last.step != step:
            self._last = _Encode(self, step).result(report)
        return self._last


class _Encode:
    """One pass over the frames of a segment at one step."""

    def __init__(self, fit: PartitionedFit, step: float) -> None:
        self.fit, self.step = fit, step
        self.places = fit._places
        self.shown: dict[int, Planes] = {}
        self.users = Counter(frame for place in self.places for frame in place.needs)

    def result(self, report: Report | None) -> _Coded:
        """Code every frame once those it needs are coded, and put the segment together."""
        fit, count = self.fit, len(self.places)
        with PartitionedEncoder(
            fit.source[0], chroma_of(fit.info.chroma_shift), fit.info.bit_depth, count
        ) as encoder:
            for frame, planes in enumerate(fit.source):  # a filtered one looks at its neighbours
                encoder.source(frame, planes)
            tasks = Tasks(fit.threads)
            try:
                coded: dict[int, Future[None]] = {}
                for order, place in enumerate(self.places):
                    needs = [coded[frame] for frame in place.needs]
                    action = partial(self._code, encoder, place)
                    coded[place.frame] = tasks.add(order, action, needs)
                for done, place in enumerate(self.places):
                    coded[place.frame].result()
                    self._release(encoder, place)
                    if report is not None:
                        report((done + 1) / count, None)
            finally:
                tasks.close()
            stream = encoder.finish([place.frame for place in self.places])
        return _Coded(self.step, stream, [self.shown[frame] for frame in range(count)])

    def _code(self, encoder: PartitionedEncoder, place: Place) -> None:
        encoder.code(self._task(place))
        self.shown[place.frame] = encoder.picture(place.frame)

    def _release(self, encoder: PartitionedEncoder, place: Place) -> None:
        """Free what no later frame needs, of a coded frame and of those it needed."""
        for frame in place.needs:
            self.users[frame] -= 1
            if not self.users[frame]:
                encoder.release(frame)
        if not self.users[place.frame]:
            encoder.release(place.frame)

    def _task(self, place: Place) -> Task:
        """How a frame is coded."""
        at = min(place.level, len(_EIGHTHS) - 1)
        step = self.step * _BASE * _EIGHTHS[at] / 8
        weights = self.fit._weights
        first, second = place.references or (-1, -1)
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
            denoise_reach=_DENOISE_REACH if place.level <= _DENOISE_LEVEL else 0,
            denoise_strength=_DENOISE_STRENGTH,
            effort=self.fit._effort,
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
