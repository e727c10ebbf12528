"""Encoding a video: scan, fit and code one segment at a time, verify, then rename into place."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import torch

from lincodec import __version__, registry, target
from lincodec.atomic import atomic_output
from lincodec.bitstream import pack_segment
from lincodec.container import (
    Head,
    LincArch,
    LincFile,
    LincWriter,
    Quality,
    SegmentData,
    pack_audio,
    pack_metadata,
    pack_times,
)
from lincodec.errors import TargetError, UsageError, VerifyError
from lincodec.fit import Budget, SegmentFit
from lincodec.info import info as read_info
from lincodec.jobs import (
    EncodeOptions,
    EncodeReport,
    Progress,
    ProgressCallback,
    StopRequest,
)
from lincodec.layout import Layout
from lincodec.presets import Preset, resolve
from lincodec.scan import Scan, scan_source
from lincodec.segments import CutDetector, Range, grouped, streamed
from lincodec.tally import Tally
from lincodec.types import AudioTrack, Frame, VideoInfo
from lincodec.video.reader import FrameReader
from lincodec.video.timing import is_constant

#: Samples of all planes that one segment may hold, so that memory stays bounded.
SEGMENT_SAMPLES = 70_000_000
#: Luma samples per second of closed form and layout trials on a slow machine.
_SAMPLES_PER_SECOND = 2_500_000
_SCAN_SHARE = 0.03
_VERIFY_SHARE = 0.01
_OVERLAP = 2


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
    preset = resolve(options.preset)
    _check_options(source, output, options)
    job = _Job(source, options, preset, progress or _silent, stop or StopRequest(), started)
    with atomic_output(output, overwrite=overwrite) as temporary:
        with ExitStack() as stack:
            out = stack.enter_context(Path(temporary).open("wb"))
            tally = job.run(out)
        if options.verify:
            job.verify(temporary, tally)
        report = job.report(output, temporary, tally)
    job.check_target(report)
    return report


def _silent(_: Progress) -> None:
    """The default progress callback."""


def _check_options(source: str, output: str, options: EncodeOptions) -> None:
    """Refuse what cannot work before anything is opened."""
    rates = [options.quality, options.psnr, options.size, options.bitrate, options.bpp]
    if sum(rate is not None for rate in rates) > 1:
        raise UsageError("only one of quality, psnr, size, bitrate and bpp can be given")
    both = source != "-" and os.path.exists(output) and os.path.exists(source)
    if both and os.path.samefile(source, output):
        raise UsageError(f"{output}: is the source itself; name another output")
    if options.device not in ("auto", "cpu"):
        raise UsageError(
            f"--device {options.device}: this version fits on the CPU; use cpu or auto"
        )


class _Job:
    """One encode; the methods run in the order they are written."""

    def __init__(
        self,
        source: str,
        options: EncodeOptions,
        preset: Preset,
        progress: ProgressCallback,
        stop: StopRequest,
        started: float,
    ) -> None:
        self.source, self.options, self.preset = source, options, preset
        self.progress, self.stop, self.started = progress, stop, started
        self.network = preset.network if options.network is None else options.network
        if self.network and not preset.network:
            self.preset = replace(preset, fit_floor=20, fit_seconds=0.6)
        self.done_frames = 0
        self.cut_short = False
        self.total_frames: int | None = None
        self.warnings: list[str] = []
        self.info: VideoInfo | None = None

    def run(self, out: BinaryIO) -> Tally:
        """Scan, then write every section."""
        torch.manual_seed(self.options.seed)
        scan = (
            None
            if self.source == "-"
            else scan_source(self.source, self.options, self._longest, self._scanned)
        )
        self.total_frames = scan.frames if scan else None
        with FrameReader(self.source, span=self.options.span) as reader:
            info = self.info = replace(reader.info, n_frames=scan.frames if scan else None)
            longest = self._longest(info)
            parts = self._parts(iter(reader), info, scan, longest)
            start = next(parts)
            control = target.RateControl(self.options, self.preset, info, self.total_frames)
            layout = Layout(info, control.step)
            arch = self._arch(info, layout.block(start[1], _OVERLAP))
            writer = LincWriter(out)
            writer.add(registry.HEAD, self._head(info, scan, arch, longest).pack())
            writer.add(registry.ARCH, arch.pack())
            if scan and not is_constant(scan.times, info.fps):
                writer.add(registry.TIME, pack_times(scan.times))
            pieces = self._pieces(itertools.chain([start], parts), layout, arch)
            tally = self._segments(writer, pieces, control, info, arch)
        self._ancillary(writer, tally, scan.audio if scan else None)
        writer.finish()
        self.warnings += list(scan.warnings) if scan else reader.warnings
        return tally

    def _scanned(self, share: float, frames: int) -> None:
        self.progress(Progress("scan", _SCAN_SHARE * share, frames=frames))

    def _longest(self, info: VideoInfo) -> int:
        """Frames per segment that the preset, the user and memory allow."""
        samples = sum(h * w for h, w in info.plane_sizes)
        wanted = self.options.segment or self.preset.segment
        return max(1, min(wanted, SEGMENT_SAMPLES // samples))

    def _arch(self, info: VideoInfo, block: int) -> LincArch:
        """Architecture parameters of the file; ``block`` is log2 of the luma block side."""
        longest = self._longest(info)
        if not self.network:
            return LincArch(block, _OVERLAP, longest)
        return LincArch(
            block, _OVERLAP, longest,
            net_layers=self.preset.network_layers, net_stride=2,
            net_channels=self.preset.network_channels,
            net_latents=min(longest, 4), net_hidden=4,
        )  # fmt: skip

    def _head(self, info: VideoInfo, scan: Scan | None, arch: LincArch, longest: int) -> Head:
        """HEAD with bounds that hold for any segment of this encode."""
        side = 1 << arch.block
        blocks = -(-info.height // side) * -(-info.width // side)
        bound = longest * (blocks * side * side * 3 + longest) + (1 << 20)
        return Head.from_video(
            info,
            n_frames=scan.frames if scan else None,
            n_segments=None,  # shots are cut further while fitting
            max_params=bound,
            max_symbols=bound,
        )

    def _parts(
        self, frames: Iterator[Frame], info: VideoInfo, scan: Scan | None, longest: int
    ) -> Iterator[tuple[Range, list[Frame]]]:
        """Segments with their frames, one at a time."""
        if scan:
            return grouped(frames, scan.ranges)
        detector = CutDetector(info.bit_depth) if self.options.scene_cut else None
        return streamed(frames, longest, detector)

    def _pieces(
        self, parts: Iterable[tuple[Range, list[Frame]]], layout: Layout, arch: LincArch
    ) -> Iterator[tuple[Range, list[Frame]]]:
        """Parts cut into the segments that code best, unless the user fixed their length."""
        for part, frames in parts:
            fixed = self.options.segment is not None or self.stop.requested or self._hurried(part)
            for piece in [part] if fixed else layout.cut(part, frames, arch):
                begin = piece.first - part.first
                yield piece, frames[begin : begin + piece.count]

    def _hurried(self, part: Range) -> bool:
        """Whether ``max_time`` leaves no time to try layouts."""
        if self.options.max_time is None or self.info is None:
            return False
        spent = time.monotonic() - self.started
        per_frame = self.info.width * self.info.height / _SAMPLES_PER_SECOND
        if self.done_frames:
            per_frame = max(per_frame, 0.5 * spent / self.done_frames)
        remaining = (self.total_frames or part.first + part.count) - self.done_frames
        return per_frame * remaining > self.options.max_time - spent

    def _segments(
        self,
        writer: LincWriter,
        parts: Iterator[tuple[Range, list[Frame]]],
        control: target.RateControl,
        info: VideoInfo,
        arch: LincArch,
    ) -> Tally:
        """Fit, code, measure and append every segment."""
        tally = Tally()
        for index, (part, frames) in enumerate(parts):
            fit = SegmentFit([f.planes for f in frames], info, arch, self.options.seed)
            budget = self._budget(part, info, tally, index)
            fitted = control.choose(fit, part, budget)
            self.cut_short |= self.network and budget.over
            header, weights, latents = pack_segment(fitted.code)
            data = SegmentData(index, header, weights, latents)
            tally.measure(data, fitted.code, frames, arch, info)
            writer.add_segment(header, weights, latents)
            tally.coded_bytes += len(weights) + len(latents)
            control.account(part, len(weights) + len(latents))
            self.done_frames += part.count
            self._tell(tally, info, index, 1.0)
        return tally

    def _budget(self, part: Range, info: VideoInfo, tally: Tally, index: int) -> Budget:
        """Time for one segment's fit: the preset's, or its share of ``max_time``."""
        megasamples = info.width * info.height * part.count / 1e6
        seconds = 0.0
        if self.network:
            seconds = self.preset.fit_floor + self.preset.fit_seconds * megasamples
        deadline = None
        if self.options.max_time is not None:
            left = self.options.max_time - (time.monotonic() - self.started)
            remaining = (self.total_frames or part.first + part.count) - self.done_frames
            share = max(left, 0.0) * 0.95 * part.count / max(remaining, part.count)
            deadline = time.monotonic() + share
            if self.network:
                seconds = share

        def report(fraction: float, psnr_now: float | None) -> None:
            self._tell(tally, info, index, fraction, part.count, psnr_now)

        return Budget(seconds, deadline, self.stop, report)

    def _tell(
        self,
        tally: Tally,
        info: VideoInfo,
        index: int,
        fraction: float,
        running: int = 0,
        psnr_now: float | None = None,
    ) -> None:
        """Report progress; ``fraction`` is of the ``running`` frames now being fitted."""
        total = self.total_frames or max(self.done_frames + running, 1)
        done = (self.done_frames + fraction * running) / total
        share = _SCAN_SHARE + (1 - _SCAN_SHARE - _VERIFY_SHARE) * min(done, 1.0)
        if self.total_frames is None:
            share = _SCAN_SHARE
        samples = info.width * info.height * self.done_frames
        self.progress(
            Progress(
                "fit",
                share,
                segment=index + 1,
                psnr=psnr_now or tally.rgb.mean or None,
                bpp=8 * tally.coded_bytes / samples if samples else None,
                frames=self.done_frames,
            )
        )

    def _ancillary(self, writer: LincWriter, tally: Tally, audio: AudioTrack | None) -> None:
        """Everything after the segments, in canonical order."""
        if audio:
            writer.add(registry.AUDI, pack_audio(audio))
        writer.add(registry.DGST, tally.digest.digest())
        figures = Quality(
            psnr_rgb=_single(tally.rgb.mean),
            psnr_yuv=_single(tally.mean_yuv),
            segments=tuple(_single(p) for p in tally.segments),
            device="cpu torch",
        )
        writer.add(registry.QLTY, figures.pack())
        tags = {"encoder": f"linc {__version__}", "preset": self.preset.name, **self.options.tags}
        writer.add(registry.META, pack_metadata(tags))

    def verify(self, path: Path, tally: Tally) -> None:
        """Check the finished file's structure, checksums and stored digest."""
        self.progress(Progress("verify", 1 - _VERIFY_SHARE, frames=self.done_frames))
        with path.open("rb") as file:
            linc = LincFile(file)
            linc.verify_structure()
            if linc.digest() != tally.digest.digest():
                raise VerifyError(
                    f"{path.name}: stored digest differs from the encoder's; please report"
                )

    def report(self, output: str, path: Path, tally: Tally) -> EncodeReport:
        """Figures of the finished file."""
        found = read_info(str(path))
        self.progress(Progress("verify", 1.0, frames=self.done_frames))
        info = self.info
        if info is None:
            raise UsageError("report before run")
        return EncodeReport(
            output=output,
            frames=self.done_frames,
            width=info.width,
            height=info.height,
            fps=info.fps,
            segments=len(tally.segments),
            seconds=time.monotonic() - self.started,
            bytes=found["bytes"],
            bpp=found["bpp"],
            psnr=tally.rgb.mean,
            psnr_yuv=tally.mean_yuv,
            stopped=self.stop.requested or self.cut_short,
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    def check_target(self, report: EncodeReport) -> None:
        """Raise when a target was missed; the file stays."""
        wanted = self.options.psnr
        if wanted is not None and report.psnr < wanted - 0.005:
            raise TargetError(
                f"{report.output}: {report.psnr:.2f} dB, wanted {wanted:g}; "
                "kept, try a slower preset"
            )


def _single(value: float) -> float:
    """Nearest binary32 value."""
    return float(torch.tensor(value, dtype=torch.float32))
