"""Having the parts of an encode fitted by others, and taking their results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lincodec.encoder.pacing import Pace
from lincodec.encoder.parts import Executor, Kept, PartResult, Plan
from lincodec.encoder.presets import Preset
from lincodec.encoder.rate_control import RateControl
from lincodec.encoder.rate_survey import RateSample, RateSurvey
from lincodec.semantics.aligner import Alignments
from lincodec.types import Frame


class Coordinator:
    """Hands out the parts of one encode.

    Attributes:
        resumed: segments of other sessions.
        fitted: parts that were fitted in this one.
        missing: parts that nobody has fitted yet.
    """

    def __init__(
        self, plan: Plan, preset: Preset, executor: Executor, pace: Pace, kept: Kept | None
    ) -> None:
        """
        Args:
            plan: of the encode.
            preset: of its options.
            executor: has parts fitted.
            pace: told how far it is.
            kept: has parts of other sessions, and gets those that are fitted.
        """
        self.plan, self.preset, self.executor = plan, preset, executor
        self.pace, self.kept = pace, kept
        self.resumed = self.fitted = self.missing = 0
        self._running = 0
        self._surveying = False
        self._done: dict[int, PartResult] = {}
        executor.begin(plan, self._told, pace.stop)

    def _told(self, frames: float) -> None:
        """Report tasks under way, beside parts that wait for those before them."""
        if not self._surveying:
            waiting = sum(self.plan.ranges[index].count for index in self._done)
            self.pace.tell(self.plan.info, waiting + frames)

    def survey(self, sample: RateSample) -> RateSurvey:
        """Bits of all parts by quick encodes."""
        ranges, found, seen = self.plan.ranges, dict[int, int](), 0
        self._surveying = True
        for index in range(len(ranges)):
            self.executor.submit(index, sample)
        while len(found) < len(ranges):
            index, bits = self.executor.wait()
            assert isinstance(bits, int)
            found[index] = bits
            seen += ranges[index].count
            self.pace.surveyed(seen)
        self._surveying = False
        return RateSurvey.of(sample, [(part, found[i]) for i, part in enumerate(ranges)])

    def results(
        self,
        survey: RateSurvey | None,
        aligned: Alignments,
        mine: Callable[[int], bool] = lambda _: True,
    ) -> Iterator[PartResult]:
        """Every part, in order; it ends early where one is missing that is not to be fitted.

        Args:
            survey: for a rate target.
            aligned: gets what models say of the frames, and every segment.
            mine: whether a part is to be fitted.
        """
        plan, done = self.plan, self._done
        control = RateControl(plan.options, self.preset, plan.info, plan.ranges, survey)
        asked = 0
        for index, part in enumerate(plan.ranges):
            while asked < len(plan.ranges) and control.needs(asked) <= index:
                self._ask(asked, control, mine)
                asked += 1
            while index not in done and self._running:
                self._take()
            if index not in done:
                self.missing = len(plan.ranges) - index - len(done)
                return
            result = done.pop(index)
            yield result
            heads = self._align(index, result, aligned)
            taken = sum(piece.coded for piece in result.pieces) + heads
            control.account(part, taken, len(result.pieces))

    def _ask(self, index: int, control: RateControl, mine: Callable[[int], bool]) -> None:
        """Have a part fitted, unless it was or is another's."""
        part = self.plan.ranges[index]
        kept = self.kept.result(part) if self.kept else None
        if kept is not None:
            self._done[index] = kept
            self.resumed += len(kept.pieces)
        elif mine(index):
            self.executor.submit(index, control.grant(index, part))
            self._running += 1

    def _take(self) -> None:
        """Wait for the next part."""
        index, result = self.executor.wait()
        assert isinstance(result, PartResult)
        self._running -= 1
        self.fitted += 1
        if self.kept and not self.pace.stop.requested:
            self.kept.finish(self.plan.ranges[index], result)
        self._done[index] = result

    def _align(self, index: int, result: PartResult, aligned: Alignments) -> int:
        """Let aligners take the segments of a part; the bytes of its heads."""
        part = self.plan.ranges[index]
        pts = self.plan.times.pts[part.first : part.first + part.count]
        aligned.learn(pts, result.vectors)
        heads = 0
        for piece in result.pieces:
            begin, count = piece.plan.part.first - part.first, piece.plan.part.count
            frames = [Frame((), time) for time in pts[begin : begin + count]]
            heads += aligned.add(frames, piece.packed[0], piece.packed[2])
        return heads
