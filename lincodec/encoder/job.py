"""The course of an encode: scan, survey, fit segments here or have them fitted, measure."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from lincodec import registry
from lincodec.container import Head, LincWriter, SegmentData, pack_times
from lincodec.encoder.closing import Outcome, close
from lincodec.encoder.coordinator import Coordinator
from lincodec.encoder.engine import CORE, Engine, Setting
from lincodec.encoder.engines import engine_class
from lincodec.encoder.first_pass import Scan, scan_source, source_frames
from lincodec.encoder.journal import Journal
from lincodec.encoder.measure import Figures, Measurer
from lincodec.encoder.pacing import Pace
from lincodec.encoder.part_fit import PartFitter
from lincodec.encoder.parts import Executor, Packed, Plan, Store
from lincodec.encoder.presets import Preset
from lincodec.encoder.rate_control import RateControl
from lincodec.encoder.rate_survey import RateSample, RateSurvey
from lincodec.encoder.segments import CutDetector, Range, grouped, streamed
from lincodec.errors import ResourceError
from lincodec.options import EncodeOptions
from lincodec.semantics.aligner import Alignments
from lincodec.semantics.teacher import Teacher
from lincodec.system.cores import usable_cores
from lincodec.types import Beside, Frame, VideoInfo
from lincodec.video.pipes import reads_once
from lincodec.video.timing import is_constant


def _teachers(options: EncodeOptions) -> list[Teacher]:
    """The embedding models that the video is aligned to; with one of them torch is loaded."""
    if not options.align:
        return []
    load = importlib.import_module("lincodec.semantics.teachers").load_teacher
    return [load(name, options.cache) for name in options.align]


class Job:
    """One encode; the methods run in the order they are written.

    Attributes:
        journal: has segments of an earlier session, and gets those that are fitted.
        store: keeps what several sessions share.
        threads: that encode.
        outcome: what the end of the file and the report say.
    """

    def __init__(
        self, source: str, options: EncodeOptions, preset: Preset, pace: Pace,
        executor: Executor | None = None,
    ) -> None:  # fmt: skip
        """
        Args:
            source: path of the video, or ``-``.
            options: settled for the preset.
            preset: of the options.
            pace: the clock.
            executor: has parts fitted; None: they are fitted here.
        """
        self.source, self.options, self.preset, self.pace = source, options, preset, pace
        self.executor = executor
        self.teachers = _teachers(options)
        self.journal: Journal | None = None
        self.store: Store | None = None
        self.outcome = Outcome()
        self.threads = usable_cores()

    def run(self, out: BinaryIO) -> None:
        """Scan, then write every section."""
        outcome, scan = self.outcome, self._scan()
        survey = None if self.executor else self._survey(scan)
        with source_frames(self.source, self.options, scan) as stream:
            info = replace(stream.info, n_frames=scan.frames if scan else None)
            parts = self._parts(stream.frames, info, scan)
            engine, start = self._engine(parts, info)
            writer = self._writer(out, engine, scan)
            if self.executor and scan:
                coordinator = self._coordinator(self.executor, engine, scan)
                fitted = self._fitted_elsewhere(coordinator, engine, start[1])
            else:
                ranges = scan.ranges if scan else None
                control = RateControl(self.options, self.preset, info, ranges, survey)
                fitted = self._fitted_here(itertools.chain([start], parts), engine, control)
            for packed in fitted:
                writer.add_segment(*packed)
        outcome.warnings += [*engine.warnings, *(scan.warnings if scan else stream.warnings)]
        beside = scan.beside if scan else Beside()
        tags = {"preset": self.preset.name, **self.options.tags}
        close(writer, outcome, self.pace.tally, scan.audio if scan else None, beside, tags)

    def share(self, mine: Callable[[int], bool]) -> tuple[int, int]:
        """Have some parts of a file fitted, and leave them in the store.

        Args:
            mine: whether a part is among them.

        Returns:
            Parts that were fitted, and parts that are yet to be fitted by anyone.
        """
        scan = self._scan()
        assert scan is not None
        assert self.executor is not None
        with source_frames(self.source, self.options, scan) as stream:
            info = replace(stream.info, n_frames=scan.frames)
            engine, start = self._engine(self._parts(stream.frames, info, scan), info)
        coordinator = self._coordinator(self.executor, engine, scan)
        survey = self._surveyed(coordinator, engine, start[1])
        aligned = Alignments.of(self.teachers, self.options, self.source, info, engine.room)
        for result in coordinator.results(survey, aligned, mine):
            for piece in result.pieces:
                self.pace.finished(piece.plan.part, piece.coded, info)
        return coordinator.fitted, coordinator.missing

    def _scan(self) -> Scan | None:
        """The first pass; a pipe has none."""
        if reads_once(self.source):
            return None
        found = self.store.scan() if self.store else None
        if found is None:
            found = scan_source(
                self.source, self.options, self._longest, self.pace.scanned,
                prints=self.executor is not None,
            )  # fmt: skip
            if self.store:
                self.store.keep_scan(found)
        self.pace.total_frames = found.frames
        return found

    def _engine(
        self, parts: Iterator[tuple[Range, list[Frame]]], info: VideoInfo
    ) -> tuple[Engine, tuple[Range, list[Frame]]]:
        """The engine, which looks at the first part, and that part."""
        start = next(parts)
        self.outcome.info = info
        return engine_class(self.preset)(self._setting(info), start[1]), start

    def _survey(self, scan: Scan | None) -> RateSurvey | None:
        """The further pass over a file that a rate target takes."""
        if scan is None:
            return None
        setting = self._setting(replace(scan.info, n_frames=scan.frames))
        kind = engine_class(self.preset)
        if not kind.surveys(setting):
            return None
        sample: RateSample | None = None
        found: list[tuple[Range, int]] = []
        with source_frames(self.source, self.options, scan) as stream:
            for part, frames in grouped(stream.frames, scan.ranges):
                sample = sample or kind.sample(setting, frames)
                found.append((part, kind.survey(setting, sample, frames)))
                self.pace.surveyed(part.first + part.count)
        assert sample is not None
        return RateSurvey.of(sample, found)

    def _setting(self, info: VideoInfo) -> Setting:
        total, deadline = self.pace.total_frames, self.pace.deadline
        return Setting(
            self.options, self.preset, info, total, threads=self.threads, deadline=deadline
        )

    def _longest(self, info: VideoInfo) -> int:
        """Frames per segment that the preset, the user and memory allow."""
        return engine_class(self.preset).longest(self._setting(info))

    def _parts(
        self, frames: Iterator[Frame], info: VideoInfo, scan: Scan | None
    ) -> Iterator[tuple[Range, list[Frame]]]:
        """Segments with their frames, one at a time."""
        if scan:
            return grouped(frames, scan.ranges)
        detector = CutDetector(info.bit_depth) if self.options.scene_cut else None
        return streamed(frames, self._longest(info), detector)

    def _writer(self, out: BinaryIO, engine: Engine, scan: Scan | None) -> LincWriter:
        """The file with everything that stands before the segments."""
        info = engine.setting.info
        self.outcome.aligned = Alignments.of(
            self.teachers, self.options, self.source, info, engine.room
        )
        if self.journal:
            self.journal.settle({"architecture": engine.arch.pack().hex()})
        writer = LincWriter(out)
        writer.add(registry.HEAD, _head(info, scan, engine.bound).pack())
        writer.add(registry.ARCH, engine.arch.pack())
        if scan and not is_constant(scan.times, info.fps):
            writer.add(registry.TIME, pack_times(scan.times))
        return writer

    def _fitted_here(
        self, parts: Iterable[tuple[Range, list[Frame]]], engine: Engine, control: RateControl
    ) -> Iterator[Packed]:
        """Fit, code and measure every segment in this process."""
        options, pace, info = self.options, self.pace, engine.setting.info
        fitter = PartFitter(engine, pace, self.outcome.aligned, journal=self.journal)

        def told(part: Range, figures: Figures) -> None:
            pace.tally.add(figures)
            if self.journal:
                self.journal.measure(part, figures)

        similar = options.ms_ssim is not None
        with Measurer(engine, info, told, verify=options.verify, similar=similar) as measurer:
            counted = itertools.count()
            for index, (part, frames) in enumerate(parts):
                taken, segments = 0, 0
                for found in fitter.fit(part, frames, control.grant(index, part)):
                    data = SegmentData(next(counted), *found.packed)
                    known = self.journal.figures(found.part) if self.journal else None
                    if found.code is None and known is not None:
                        measurer.known(found.part, known)
                    else:
                        measurer.add(found.part, data, found.code, found.frames)
                    yield found.packed
                    pace.finished(found.part, found.coded, info)
                    taken, segments = taken + found.coded + found.heads, segments + 1
                control.account(part, taken, segments)
        outcome = self.outcome
        outcome.cut_short |= fitter.cut_short
        outcome.warnings += fitter.warnings
        outcome.software = engine.software
        outcome.resumed = self.journal.resumed if self.journal else 0

    def _coordinator(self, executor: Executor, engine: Engine, scan: Scan) -> Coordinator:
        """Who has the parts of this encode fitted by others."""
        plan = Plan(
            self.source, self.options, engine.setting.info, scan.ranges, scan.times, scan.prints,
            engine.arch,
            importlib.import_module("torch").get_num_threads() if self.teachers else 1,
        )  # fmt: skip
        return Coordinator(plan, self.preset, executor, self.pace, self.store or self.journal)

    def _surveyed(
        self, coordinator: Coordinator, engine: Engine, frames: Sequence[Frame]
    ) -> RateSurvey | None:
        """The same as ``_survey`` by others; ``frames`` are those of the first part."""
        kind = type(engine)
        if not kind.surveys(engine.setting):
            return None
        found = self.store.survey() if self.store else None
        if found is None:
            found = coordinator.survey(kind.sample(engine.setting, frames))
            if self.store:
                self.store.keep_survey(found)
        return found

    def _fitted_elsewhere(
        self, coordinator: Coordinator, engine: Engine, frames: Sequence[Frame]
    ) -> Iterator[Packed]:
        """Have every part fitted by others; ``frames`` are those of the first one."""
        outcome, survey = self.outcome, self._surveyed(coordinator, engine, frames)
        outcome.software = engine.software
        for result in coordinator.results(survey, outcome.aligned):
            for piece in result.pieces:
                self.pace.tally.add(piece.figures)
                yield piece.packed
                self.pace.finished(piece.plan.part, piece.coded, engine.setting.info)
            outcome.cut_short |= result.cut_short
            outcome.warnings += result.warnings
            outcome.software = _one_of(outcome.software, result.software)
        outcome.resumed = coordinator.resumed


def _one_of(software: str, other: str) -> str:
    """The software of two parts, of which one may have needed none.

    Raises:
        ResourceError: they were fitted on different kinds of devices.
    """
    if CORE in (software, other):
        return software if other == CORE else other
    kinds = [each.split()[0] for each in (software, other)]
    if kinds[0] != kinds[1]:
        raise ResourceError(
            f"parts were fitted on {kinds[0]} and on {kinds[1]}, which give other bytes; choose "
            "one with --device"
        )
    return software


def _head(info: VideoInfo, scan: Scan | None, bound: int) -> Head:
    """HEAD with bounds that hold for any segment of this encode."""
    return Head.from_video(
        info,
        n_frames=scan.frames if scan else None,
        n_segments=None,  # shots may be cut further while fitting
        max_params=bound,
        max_symbols=bound,
    )
