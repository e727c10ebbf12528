"""What a worker does: fits and surveys parts of one plan."""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable

from lincodec import __version__
from lincodec.cluster.part_frames import PartFrames
from lincodec.container import SegmentData
from lincodec.encoder.budget import Budget
from lincodec.encoder.engine import Engine, SegmentPlan, Setting
from lincodec.encoder.engines import engine_class
from lincodec.encoder.measure import Figures, Measurer
from lincodec.encoder.part_fit import PartFitter
from lincodec.encoder.parts import Packed, PartResult, Piece, Plan
from lincodec.encoder.preset_choice import resolve
from lincodec.encoder.rate_control import Grant
from lincodec.encoder.rate_survey import RateSample
from lincodec.encoder.segments import Range
from lincodec.errors import UnsupportedError
from lincodec.options import StopRequest
from lincodec.semantics.aligner import Alignments

#: Told how many frames of the task are done.
Told = Callable[[float], None]


class _Unhurried:
    """All the time that the preset gives."""

    def __init__(self, stop: StopRequest, told: Told) -> None:
        self.stop, self.told = stop, told
        self.done = 0

    def hurried(self, part: Range, engine: Engine) -> bool:
        """Never: a limit is refused where there are workers."""
        return False

    def budget(self, plan: SegmentPlan, engine: Engine) -> Budget:
        """What the preset gives."""

        def report(fraction: float, _: float | None) -> None:
            self.told(self.done + fraction * plan.part.count)

        return Budget(engine.seconds(plan), None, self.stop, False, report)


class PartWork:
    """Does tasks of one plan, in any order."""

    def __init__(self, plan: Plan, threads: int, stop: StopRequest) -> None:
        """
        Args:
            plan: of the encode.
            threads: that encode.
            stop: set when the user wants to finish with what there is.

        Raises:
            UnsupportedError: it was made by another version of linc.
        """
        if plan.version != __version__:
            raise UnsupportedError(
                f"the plan is of linc {plan.version}, this worker has {__version__}; install the "
                "same version everywhere"
            )
        self.plan, self.stop = plan, stop
        self.preset = resolve(plan.options.preset, plan.options.preset_table)
        frames = len(plan.times.pts)
        self.setting = Setting(plan.options, self.preset, plan.info, frames, threads=threads)
        self.frames = PartFrames(plan)
        self._teachers = [
            importlib.import_module("lincodec.semantics.teachers").load_teacher(
                name, plan.options.cache
            )
            for name in plan.options.align
        ]
        self._alignments: Alignments | None = None
        if self._teachers:  # sums over threads depend on how many there are
            importlib.import_module("torch").set_num_threads(plan.threads)

    def close(self) -> None:
        """Close the source."""
        self.frames.__exit__()

    def do(
        self, index: int, task: Grant | RateSample, told: Told, *, halving: bool = False
    ) -> PartResult | int:
        """Fit a part, or survey it.

        Args:
            index: of the part.
            task: its grant, or the sample of the survey.
            told: about progress.
            halving: whether a segment that is too large for the memory is cut in two.

        Raises:
            InputError: the source is not what it was.
            MemoryError, RuntimeError: memory ran out.
        """
        part = self.plan.ranges[index]
        if isinstance(task, Grant):
            return self._fit(part, task, told, halving=halving)
        frames = self.frames.read(part.first, part.count)
        return engine_class(self.preset).survey(self.setting, task, frames)

    def _fit(self, part: Range, grant: Grant, told: Told, *, halving: bool) -> PartResult:
        plan = self.plan
        frames = self.frames.read(part.first, part.count)
        engine = engine_class(self.preset)(self.setting, [], plan.arch)
        aligned = self._aligned(engine)
        clock = _Unhurried(self.stop, told)
        fitter = PartFitter(engine, clock, aligned, halving=halving)
        pieces: list[Piece] = []
        waiting: deque[Packed] = deque()

        def measured(part: Range, figures: Figures) -> None:
            pieces.append(Piece(SegmentPlan(part), waiting.popleft(), figures))

        options = plan.options
        similar = options.ms_ssim is not None
        with Measurer(engine, plan.info, measured, verify=options.verify, similar=similar) as take:
            for found in fitter.fit(part, frames, grant):
                waiting.append(found.packed)
                clock.done += found.part.count
                take.add(found.part, SegmentData(0, *found.packed), found.code, found.frames)
        return PartResult(
            tuple(pieces), engine.software, aligned.vectors(frames), fitter.cut_short,
            tuple(fitter.warnings),
        )  # fmt: skip

    def _aligned(self, engine: Engine) -> Alignments:
        """Aligners of one part; what models said of frames is shared with the others."""
        plan = self.plan
        if self._alignments is None:
            self._alignments = Alignments.of(
                self._teachers, plan.options, plan.source, plan.info, engine.room
            )
        return self._alignments.fresh()
