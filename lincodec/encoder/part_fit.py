"""Fitting one part of a video: its segments, one after the other, from its own frames alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from lincodec.bitstream.segment import SegmentCode, pack_segment
from lincodec.encoder.budget import Budget
from lincodec.encoder.engine import Engine, SegmentPlan, SegmentTask
from lincodec.encoder.journal import Journal
from lincodec.encoder.parts import Packed, coded_bytes
from lincodec.encoder.rate_control import Grant, PartAccount
from lincodec.encoder.segments import Range, halves
from lincodec.options import StopRequest
from lincodec.semantics.aligner import Alignments
from lincodec.system.memory import ran_out
from lincodec.types import Frame


class Clock(Protocol):
    """How much time fits get."""

    stop: StopRequest
    """Set when the user wants to finish with what there is."""

    def hurried(self, part: Range, engine: Engine) -> bool:
        """Whether there is no time for what comes before a fit or improves it a little."""

    def budget(self, plan: SegmentPlan, engine: Engine) -> Budget:
        """Time for the fit of one segment."""


@dataclass(frozen=True)
class Segment:
    """A segment as it will be written."""

    part: Range
    frames: Sequence[Frame]
    """The source's."""
    packed: Packed
    code: SegmentCode | None
    """What was encoded; None: it is from an earlier session."""
    heads: int = 0
    """Bytes of its heads in the alignments."""

    @property
    def coded(self) -> int:
        """Bytes of its table and payloads."""
        return coded_bytes(self.packed)


class PartFitter:
    """Fits parts of one encode, in any order.

    Attributes:
        cut_short: whether time or the user ended a fit early.
        warnings: what the user should know.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        aligned: Alignments,
        *,
        journal: Journal | None = None,
        halving: bool = True,
    ) -> None:
        """
        Args:
            engine: that fits segments.
            clock: says how long it may take.
            aligned: what latents are drawn to.
            journal: has segments of an earlier session, and gets those that are fitted.
            halving: whether a segment that is too large for the memory is cut in two.
        """
        self.engine, self.clock, self.aligned = engine, clock, aligned
        self.journal, self.halving = journal, halving
        self.cut_short = False
        self.warnings: list[str] = []

    def fit(self, part: Range, frames: Sequence[Frame], grant: Grant) -> Iterator[Segment]:
        """The segments of a part.

        Args:
            part: its place in the video.
            frames: the source's, as many.
            grant: what it may take.
        """
        account = PartAccount(grant, part)
        for plan in self._cut(part, frames):
            begin = plan.part.first - part.first
            waiting = [(plan, frames[begin : begin + plan.part.count])]
            while waiting:
                plan, shown = waiting.pop()
                kept = self.journal.segment(plan.part) if self.journal else None
                code = None if kept else self._coded(plan, shown, account)
                packed = kept or (pack_segment(code) if code else None)
                if packed is None:
                    waiting += [
                        (SegmentPlan(p), shown[p.first - plan.part.first :][: p.count])
                        for p in halves(plan.part)
                    ]
                    continue
                if self.journal and code is not None and not self.clock.stop.requested:
                    self.journal.append(plan.part, packed)
                heads = self.aligned.add(shown, packed[0], packed[2])
                found = Segment(plan.part, shown, packed, code, heads)
                account.account(found.coded + heads)
                yield found

    def _cut(self, part: Range, frames: Sequence[Frame]) -> list[SegmentPlan]:
        """The segments of a part: as before an interruption, or as they code best.

        The user may have fixed their length.
        """
        known = self.journal.cut(part) if self.journal else None
        if known is not None:
            return known
        fixed = self.engine.setting.options.segment is not None
        if fixed or self.clock.stop.requested or self.clock.hurried(part, self.engine):
            return [SegmentPlan(part)]
        plans = self.engine.cut(part, frames)
        if self.journal:
            self.journal.note_cut(part, plans)
        return plans

    def _coded(
        self, plan: SegmentPlan, frames: Sequence[Frame], account: PartAccount
    ) -> SegmentCode | None:
        """One segment, fitted; None where memory ran out and it is to be cut in two."""
        budget = self.clock.budget(plan, self.engine)
        task = SegmentTask(
            plan, frames, budget, account.grant.step, account.aim(plan.part),
            self.aligned.pulls(frames),
        )  # fmt: skip
        try:
            fitted = self.engine.fit(task)
        except (MemoryError, RuntimeError) as error:
            if not self.halving or not ran_out(error) or plan.part.count == 1:
                raise
            self.warnings.append("memory ran out: a segment was cut in two")
            return None
        self.cut_short |= fitted.cut_short
        return fitted.code
