"""Fitting one segment in closed form and by a network, in turns."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from torch import Tensor

from lincodec.bitstream.segment import Key, SegmentCode, code_bits, pack_segment
from lincodec.bitstream.segment import Tensor as Coding
from lincodec.encoder.aim import DB_PER_LOG_BYTES, Aim, Figure
from lincodec.encoder.budget import Budget, Schedule
from lincodec.encoder.linc.network_fit import Descent
from lincodec.encoder.linc.network_tensors import network_tensors
from lincodec.encoder.linc.quantise import Coded
from lincodec.encoder.linc.segment_fit import SegmentFit
from lincodec.encoder.segments import Range
from lincodec.model.devices import one_thread
from lincodec.model.network import network_shape

#: Progress after the closed form of a segment that also gets a network.
_CLOSED_SHARE = 0.2
#: Fits of the network; a joint step of the spectral weights lies between two of them.
_TURNS = 3
#: Less time than this is not worth starting a network for.
_LEAST_SECONDS = 3.0
#: Segments of fewer bytes than this never win back what a network takes.
_NETWORK_FROM = 20_000
#: Further quantisations that a segment with a network may take to come this near to its bits.
_AIMS = 3
_NEAR = 0.003
#: About how many factors e of bits a factor e of the step saves.
_BITS_SLOPE = 1.2


class JointFit:
    """One segment's closed form with a network where one pays, a ``StepFit``."""

    def __init__(self, closed: SegmentFit, seed: int = 0) -> None:
        """
        Args:
            closed: the closed form of a file whose architecture has a network.
            seed: of the network's random numbers.
        """
        self.closed, self.seed = closed, seed

    @one_thread()
    def run(self, part: Range, step: float, budget: Budget, aim: Aim | None = None) -> SegmentCode:
        """The final fit, see ``StepFit``; an aim in bits counts the network."""
        begun, fit = time.monotonic(), self.closed
        step = step if aim is None else fit.aimed(aim, step)
        wanted = aim.value if aim and aim.figure is Figure.BITS else None
        coded = fit.quantise(step)
        plain = fit.code(part, coded)
        small = sum(map(len, pack_segment(plain)[1:])) < _NETWORK_FROM
        closed_seconds = time.monotonic() - begun
        schedule = Schedule(budget, reserve=closed_seconds)
        if small or not schedule.worth(_LEAST_SECONDS):
            return plain
        # a joint step takes about as long as the closed form: not with little time
        hasty = schedule.seconds is not None and schedule.seconds <= 4 * closed_seconds
        return self._in_turns(part, coded, step, schedule, 1 if hasty else _TURNS, wanted)

    def _in_turns(
        self, part: Range, coded: Coded, step: float, schedule: Schedule, turns: int,
        wanted: float | None,
    ) -> SegmentCode:  # fmt: skip
        """Network and spectral weights in turns; the closed form alone when they do not pay."""
        fit, budget = self.closed, schedule.budget
        plain, base = fit.code(part, coded), fit.quality(coded, None)
        budget.report(_CLOSED_SHARE, base)
        descent = Descent(network_shape(fit.arch, fit.info), self.seed, fit.device)
        targets: list[Tensor] | None = None
        for turn in range(turns):
            latents, spectral = fit.render(coded)
            descent.load(fit.channels, spectral, latents)

            def clock(turn: int = turn) -> tuple[float, bool]:
                spent = schedule.share(descent.steps)
                budget.report(_CLOSED_SHARE + (1 - _CLOSED_SHARE) * min(spent, 1.0), None)
                return spent, budget.over or spent >= (turn + 1) / turns

            descent.run(clock)
            if turn + 1 < turns and not budget.over:
                targets = descent.spectral_targets(fit.channels, spectral, latents)
                coded = fit.quantise(step, targets=targets)
        network, exponents = descent.result()
        more: dict[Key, Coding] = {**dict(network_tensors(network, exponents))}
        if wanted is not None:
            coded = self._at_bits(part, coded, step, targets, more, wanted)
        joint = fit.code(part, coded, more)
        gain = fit.quality(coded, network) - base
        return joint if self._pays(plain, joint, gain) else plain

    def _at_bits(
        self, part: Range, coded: Coded, step: float, targets: Sequence[Tensor] | None,
        more: dict[Key, Coding], wanted: float,
    ) -> Coded:  # fmt: skip
        """``coded``, or its like at a step where the segment takes ``wanted`` bits."""
        for _ in range(_AIMS):
            share = code_bits(self.closed.code(part, coded, more)) / wanted
            if abs(share - 1) < _NEAR:
                break
            step *= share ** (1 / _BITS_SLOPE)
            coded = self.closed.quantise(step, targets=targets)
        return coded

    def _pays(self, plain: SegmentCode, joint: SegmentCode, gain: float) -> bool:
        """Whether ``gain`` dB is worth the bytes that ``joint`` takes beyond ``plain``."""
        before, after = (sum(map(len, pack_segment(c)[1:])) for c in (plain, joint))
        return gain / DB_PER_LOG_BYTES > math.log(after / before)
