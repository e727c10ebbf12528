"""Encoding a video: scan, fit and code one segment at a time, verify, then rename into place."""

from __future__ import annotations

import importlib
import itertools
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from lincodec import __version__, registry
from lincodec.bitstream.segment import SegmentCode, pack_segment
from lincodec.container import (
    Head,
    LincFile,
    LincWriter,
    Quality,
    SegmentData,
    pack_audio,
    pack_metadata,
    pack_times,
)
from lincodec.container.cursor import single
from lincodec.decoder.info import info as read_info
from lincodec.encoder.engine import Engine, SegmentPlan, SegmentTask, Setting
from lincodec.encoder.engines import engine_class
from lincodec.encoder.first_pass import Scan, scan_source, source_frames
from lincodec.encoder.journal import Journal, Packed, identity, open_journal
from lincodec.encoder.measure import Measurer, Tally
from lincodec.encoder.motion import motion_bound
from lincodec.encoder.pacing import Pace
from lincodec.encoder.preset_choice import resolve, settled
from lincodec.encoder.presets import Preset
from lincodec.encoder.rate_control import check_target
from lincodec.encoder.rate_survey import RateSurvey
from lincodec.encoder.segment_motion import SegmentMotion
from lincodec.encoder.segments import CutDetector, Range, grouped, halves, streamed
from lincodec.errors import InputError, LimitError, UsageError, VerifyError
from lincodec.limits import Limits
from lincodec.options import (
    RATES,
    EncodeOptions,
    EncodeReport,
    Progress,
    ProgressCallback,
    Span,
    StopRequest,
)
from lincodec.semantics.aligner import Alignments
from lincodec.semantics.teacher import Teacher
from lincodec.system.atomic import atomic_output
from lincodec.system.memory import ran_out
from lincodec.types import AudioTrack, Frame, VideoInfo
from lincodec.video.pipes import called, reads_once
from lincodec.video.timing import is_constant


def encode(
    source: str,
    output: str,
    options: EncodeOptions,
    *,
    progress: ProgressCallback | None = None,
    stop: StopRequest | None = None,
    overwrite: bool = False,
) -> EncodeReport:
    """Encode a video file, or YUV4MPEG2 on standard input (``-``), to a .linc file.

    Memory holds one segment at a time. The file appears under its name only when it is
    complete and has been decoded again.

    Args:
        source: path or ``-``.
        output: path of the .linc file.
        options: what to write.
        progress: told about every step; its fraction never goes down.
        stop: set it to finish the fit with what there is.
        overwrite: whether an existing output may be replaced.

    Raises:
        InputError: the source cannot be read.
        UsageError: options or output do not make sense.
        TargetError: a size or quality target was missed; the best file was kept.
        VerifyError: the written file does not decode to what was encoded.
    """
    started = time.monotonic()
    preset = resolve(options.preset, options.preset_table)
    options = settled(options, preset)
    _check_options(source, output, options)
    engine_class(preset).check(preset, options)
    pace = Pace(options, progress or _silent, stop or StopRequest(), started)
    job = _Job(source, options, preset, pace)
    with ExitStack() as cleanup:
        if options.resume:
            key = identity(source, options)
            job.journal = cleanup.enter_context(open_journal(output, key))
        temporary = cleanup.enter_context(atomic_output(output, overwrite=overwrite))
        if job.journal:
            job.journal.note_temporary(temporary)
        before = _stamp(source)
        with temporary.open("wb") as out:
            tally = job.run(out)
        if _stamp(source) != before:
            raise InputError(f"{source}: was changed while it was being encoded; encode it again")
        if options.verify:
            job.verify(temporary, tally)
        report = job.report(output, temporary, tally)
    check_target(options, report)
    return report


def _stamp(source: str) -> tuple[int, ...]:
    """What changes when a file is written to; nothing for standard input."""
    if reads_once(source):
        return ()
    try:
        found = os.stat(source)
    except OSError as error:
        raise InputError(f"{source}: went away: {error.strerror}") from error
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _silent(_: Progress) -> None:
    """The default progress callback."""


def _check_options(source: str, output: str, options: EncodeOptions) -> None:
    """Refuse what cannot work before anything is opened."""
    rates = [getattr(options, name) for name in RATES]
    if sum(rate is not None for rate in rates) > 1:
        raise UsageError(f"only one of {', '.join(RATES)} can be given")
    both = not reads_once(source) and os.path.exists(output) and os.path.exists(source)
    if both and os.path.samefile(source, output):
        raise UsageError(f"{output}: is the source itself; name another output")
    if options.resume and reads_once(source):
        raise UsageError(f"{called(source)} cannot be read again, so there is nothing to resume")


def _teachers(options: EncodeOptions) -> list[Teacher]:
    """The embedding models that the video is aligned to; with one of them torch is loaded."""
    if not options.align:
        return []
    load = importlib.import_module("lincodec.semantics.teachers").load_teacher
    return [load(name, options.cache) for name in options.align]


class _Job:
    """One encode; the methods run in the order they are written."""

    def __init__(self, source: str, options: EncodeOptions, preset: Preset, pace: Pace) -> None:
        self.source, self.options, self.preset, self.pace = source, options, preset, pace
        self.teachers = _teachers(options)
        self.aligned = Alignments(())
        self.cut_short = False
        self.journal: Journal | None = None
        self.warnings: list[str] = []
        self.info: VideoInfo | None = None
        self.survey: RateSurvey | None = None

    def run(self, out: BinaryIO) -> Tally:
        """Scan, then write every section."""
        scan = (
            None
            if reads_once(self.source)
            else scan_source(self.source, self.options, self._longest, self.pace.scanned)
        )
        self.pace.total_frames = scan.frames if scan else None
        self._survey(scan)
        with source_frames(self.source, self.options, scan) as stream:
            info = self.info = replace(stream.info, n_frames=scan.frames if scan else None)
            parts = self._parts(stream.frames, info, scan)
            start = next(parts)
            setting = self._setting(info)
            engine = engine_class(self.preset)(setting, *start)
            self.aligned = Alignments.of(
                self.teachers, self.options, self.source, info, engine.room
            )
            if self.journal:
                self.journal.settle({"architecture": engine.arch.pack().hex()})
            writer = LincWriter(out)
            bound = engine.bound + motion_bound(info, self._longest(info))
            writer.add(registry.HEAD, _head(info, scan, bound).pack())
            writer.add(registry.ARCH, engine.arch.pack())
            if scan and not is_constant(scan.times, info.fps):
                writer.add(registry.TIME, pack_times(scan.times))
            pieces = self._pieces(itertools.chain([start], parts), engine, info)
            tally = self._segments(writer, pieces, engine, info)
        self._ancillary(writer, tally, engine, scan.audio if scan else None)
        writer.finish()
        self.warnings += [*engine.warnings, *(scan.warnings if scan else stream.warnings)]
        return tally

    def _survey(self, scan: Scan | None) -> None:
        """The further pass over a file that a rate target takes."""
        if scan is None:
            return
        info = replace(scan.info, n_frames=scan.frames)
        kind, setting = engine_class(self.preset), self._setting(info)
        if not kind.surveys(setting):
            return
        with source_frames(self.source, self.options, scan) as stream:
            parts = grouped(stream.frames, scan.ranges)
            self.survey = kind.survey(setting, parts, self.pace.surveyed)

    def _setting(self, info: VideoInfo) -> Setting:
        total, deadline = self.pace.total_frames, self.pace.deadline
        return Setting(self.options, self.preset, info, total, self.survey, deadline)

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

    def _pieces(
        self, parts: Iterable[tuple[Range, list[Frame]]], engine: Engine, info: VideoInfo
    ) -> Iterator[tuple[SegmentPlan, list[Frame]]]:
        """Parts cut into the segments that code best, unless the user fixed their length."""
        for part, frames in parts:
            for plan in self._cut(part, frames, engine):
                begin = plan.part.first - part.first
                yield plan, frames[begin : begin + plan.part.count]

    def _cut(self, part: Range, frames: list[Frame], engine: Engine) -> list[SegmentPlan]:
        """The segments of a part: as before an interruption, or as they code best."""
        known = self.journal.cut(part) if self.journal else None
        if known is not None:
            return [SegmentPlan(piece) for piece in known]
        fixed = self.options.segment is not None or self.pace.stop.requested
        if fixed or self.pace.hurried(part, engine):
            return [SegmentPlan(part)]
        plans = engine.cut(part, frames)
        if self.journal:
            self.journal.note_cut(part, [plan.part for plan in plans])
        return plans

    def _segments(
        self,
        writer: LincWriter,
        plans: Iterator[tuple[SegmentPlan, list[Frame]]],
        engine: Engine,
        info: VideoInfo,
    ) -> Tally:
        """Fit, code, measure and append every segment."""
        tally = Tally(similar=None if self.options.ms_ssim is None else [])
        with Measurer(tally, engine, info, verify=self.options.verify) as measurer:
            for index, (part, frames, code, packed) in enumerate(
                self._coded(plans, engine, tally, info)
            ):
                header, weights, latents = packed
                measurer.add(SegmentData(index, *packed), code, frames)
                if self.journal and code is not None and not self.pace.stop.requested:
                    self.journal.append(part, packed)
                writer.add_segment(header, weights, latents)
                coded = len(header.pack()) + len(weights) + len(latents)
                tally.coded_bytes += coded
                engine.account(part, coded + self.aligned.add(frames, header, latents))
                self.pace.done_frames += part.count
                self.pace.tell(tally, info, index, 1.0)
        return tally

    def _coded(
        self,
        plans: Iterator[tuple[SegmentPlan, list[Frame]]],
        engine: Engine,
        tally: Tally,
        info: VideoInfo,
    ) -> Iterator[tuple[Range, list[Frame], SegmentCode | None, Packed]]:
        """Segments with their code and bytes; one too large for the memory is cut in two."""
        motion = SegmentMotion(self.options, engine, info, usual=self.preset.motion)
        for whole in plans:
            waiting = [whole]
            while waiting:
                plan, frames = waiting.pop()
                part = plan.part
                kept = self.journal.segment(part) if self.journal else None
                if kept is not None:
                    motion.passed(frames)
                    yield part, frames, None, kept
                    continue
                pulls = self.aligned.pulls(frames)
                budget = self.pace.budget(plan, info, engine, tally, len(tally.segments))
                reserved = motion.reserve(plan, frames, hurried=budget.hurried)
                try:
                    fitted = engine.fit(SegmentTask(plan, frames, budget, pulls, reserved))
                except (MemoryError, RuntimeError) as error:
                    if not ran_out(error) or part.count == 1:
                        raise
                    waiting += [
                        (SegmentPlan(p), frames[p.first - part.first :][: p.count])
                        for p in halves(part)
                    ]
                    self.warnings.append("memory ran out: a segment was cut in two")
                    continue
                self.cut_short |= fitted.cut_short
                code = motion.add(fitted.code, plan, frames, hurried=budget.hurried)
                yield part, frames, code, pack_segment(code)

    def _ancillary(
        self, writer: LincWriter, tally: Tally, engine: Engine, audio: AudioTrack | None
    ) -> None:
        """Everything after the segments, in canonical order."""
        if audio:
            writer.add(registry.AUDI, pack_audio(audio))
        writer.add(registry.DGST, tally.digest.digest())
        figures = Quality(
            psnr_rgb=single(tally.rgb.mean),
            psnr_yuv=single(tally.mean_yuv),
            segments=tuple(single(p) for p in tally.segments),
            device=engine.software,
        )
        writer.add(registry.QLTY, figures.pack())
        for payload in self.aligned.sections():
            writer.add(registry.ALGN, payload)
        tags = {"encoder": f"linc {__version__}", "preset": self.preset.name, **self.options.tags}
        writer.add(registry.META, pack_metadata(tags))

    def verify(self, path: Path, tally: Tally) -> None:
        """Check the finished file's structure, checksums and stored digest."""
        self.pace.verifying(0.0)
        with path.open("rb") as file:
            linc = LincFile(file, Limits.unlimited())
            linc.verify_structure()
            if linc.digest() != tally.digest.digest():
                raise VerifyError(
                    f"{path.name}: stored digest differs from the encoder's; please report"
                )

    def report(self, output: str, path: Path, tally: Tally) -> EncodeReport:
        """Figures of the finished file."""
        found = read_info(str(path), Limits.unlimited())
        try:
            read_info(str(path))
        except LimitError as error:
            self.warnings.append(f"readers refuse this file by default: {error}")
        self.pace.verifying(1.0)
        self._warn_if_larger(found["bytes"]["total"])
        info = self.info
        if info is None:
            raise UsageError("report before run")
        return EncodeReport(
            output=output,
            frames=self.pace.done_frames,
            width=info.width,
            height=info.height,
            fps=info.fps,
            segments=len(tally.segments),
            seconds=self.pace.spent,
            bytes=found["bytes"],
            bpp=found["bpp"],
            psnr=tally.rgb.mean,
            psnr_yuv=tally.mean_yuv,
            ms_ssim=min(tally.similar) if tally.similar else None,
            stopped=self.pace.stop.requested or self.cut_short,
            resumed=self.journal.resumed if self.journal else 0,
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    def _warn_if_larger(self, size: int) -> None:
        """Say so when a whole file has become larger."""
        if reads_once(self.source) or self.options.span != Span():
            return
        before = os.path.getsize(self.source)
        if size > before:
            self.warnings.append(
                f"{size} bytes are more than the {before} of {self.source}; "
                "a higher --quality, or --size, makes it smaller"
            )


def _head(info: VideoInfo, scan: Scan | None, bound: int) -> Head:
    """HEAD with bounds that hold for any segment of this encode."""
    return Head.from_video(
        info,
        n_frames=scan.frames if scan else None,
        n_segments=None,  # shots may be cut further while fitting
        max_params=bound,
        max_symbols=bound,
    )
