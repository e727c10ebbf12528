"""Decoding: a .linc file to frames at any size and rate, and on to a video file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from fractions import Fraction
from functools import partial
from typing import Any

from lincodec.container import DamagedFile, LincFile
from lincodec.container.open import open_file
from lincodec.crop import Crop
from lincodec.decoder.render import Renderer
from lincodec.decoder.schedule import Pace, Schedule, schedule
from lincodec.decoder.shots import Shot
from lincodec.decoder.spans import audio_of, beside_of, frame_range
from lincodec.decoder.upscale import upscaler_of
from lincodec.options import LANCZOS, DecodeOptions, DecodeReport, Progress, ProgressCallback
from lincodec.system.atomic import atomic_output
from lincodec.types import AudioTrack, Beside, Times, VideoInfo
from lincodec.video.outputs import PICTURES, check_kind, format_of
from lincodec.video.rates import nominal
from lincodec.video.timing import fitted, frame_durations, is_constant, sliced
from lincodec.video.tracks import chosen
from lincodec.video.writer import FrameWriter


def intact_shots(shots: Sequence[Shot], file: DamagedFile) -> list[Shot]:
    """The same number of shots of intact frames only; before a gap the last frame is held."""
    frames = [file.stand_in(shot.frame) for shot in shots]
    ends = {loss.first_frame - 1 for loss in file.missing}
    return [
        Shot(frame, Fraction(0) if frame != shot.frame or frame in ends else shot.share)
        for frame, shot in zip(frames, shots, strict=True)
    ]


def decode(
    source: str,
    output: str,
    options: DecodeOptions,
    *,
    progress: ProgressCallback | None = None,
    overwrite: bool = False,
) -> DecodeReport:
    """Decode a .linc file to a video file, or to YUV4MPEG2 on standard output (``-``).

    Args:
        source: path of the .linc file.
        output: path, or ``-``.
        options: size, rate, span and output encoder.
        progress: told about every batch.
        overwrite: whether an existing output may be replaced.

    Raises:
        InputError: the file cannot be opened.
        CorruptError: it is damaged.
        UsageError: the options do not fit each other, the file or the output.
    """
    started, pace = time.monotonic(), Pace.of(options)
    kind = options.format or format_of(output)
    check_kind(kind, output)
    with ExitStack() as stack:
        opened = DamagedFile if options.recover else LincFile
        linc = opened(stack.enter_context(open_file(source)), options.limits, name=source)
        size = _output_size(linc.info, options)
        renderer = Renderer(
            linc, size, options.crop,
            device=options.device, backend=options.backend, workers=options.workers,
            enhance=options.enhance, upscaler=upscaler_of(options.upscale),
        )  # fmt: skip
        stack.callback(renderer.close)
        if isinstance(linc, DamagedFile):
            linc.keep(renderer.check)
        start, stop = frame_range(linc.times(), options.span)
        times = sliced(linc.times(), start, stop)
        plan = schedule(times, linc.info.fps, start, pace, options.limits)
        warnings = _left_out(linc, renderer, options, range(start, stop))
        audio, beside = _passed_on(linc, times, range(start, stop), options, kind, warnings)
        if pace.speed != 1 and (audio is not None or beside.tracks or beside.chapters):
            warnings.append(_unfit(pace.speed, alone=not (beside.tracks or beside.chapters)))
            audio, beside = None, replace(beside, tracks=(), chapters=(), audio={})
        job, shots = _Job(renderer, options, plan, audio, progress, warnings), plan.shots
        job.beside = beside
        if isinstance(linc, DamagedFile):
            shots = intact_shots(shots, linc)
        job.deliver(kind, output, shots, overwrite=overwrite)
    seconds = time.monotonic() - started
    return DecodeReport(
        output, len(shots), renderer.output.width, renderer.output.height,
        seconds, len(shots) / max(seconds, 1e-9), job.render_seconds,
        {"warnings": job.warnings, **_losses(linc)},
    )  # fmt: skip


def _passed_on(
    linc: LincFile, times: Times, frames: range, options: DecodeOptions, kind: str,
    warnings: list[str],
) -> tuple[AudioTrack | None, Beside]:  # fmt: skip
    """The audio, and what else is written beside the pictures; ``warnings`` grows."""
    start, stop = frames.start, frames.stop
    audio = audio_of(linc, times, start, stop) if options.audio else None
    if audio is not None and options.aac:
        from lincodec.video.recode import as_aac  # loads PyAV, which other outputs may not need

        audio = as_aac(audio)
    if audio is not None and kind == "webm":
        from lincodec.video.recode import as_opus

        held = as_opus(audio)
        if held is not audio:
            warnings.append(f"webm holds no {audio.codec} audio: it is encoded anew as opus")
        audio = held
    found = beside_of(linc, times, start, stop)
    return audio, chosen(found, options.tracks, audio=options.audio, metadata=options.metadata)


def _unfit(speed: Fraction, *, alone: bool) -> str:
    """Why sound and what goes with it is left out."""
    if alone:
        return f"the audio is left out: at a speed of {speed} it would not fit the pictures"
    return (
        f"audio, subtitles and chapters are left out: at a speed of {speed} they would not fit the "
        "pictures"
    )


def _put(name: str, data: bytes, *, overwrite: bool) -> None:
    """Write one picture."""
    with atomic_output(name, overwrite=overwrite) as temporary:
        temporary.write_bytes(data)


def _left_out(
    linc: LincFile, renderer: Renderer, options: DecodeOptions, frames: range
) -> list[str]:
    """What is not shown, or not done, of what the file has and the options ask for."""
    out, size = [], f"{renderer.output.width}x{renderer.output.height}"
    if options.upscale != LANCZOS and not renderer.is_upscaled:
        out.append(f"{options.upscale} is not used: {size} is not larger than the picture")
    if not options.enhance:
        within = range(linc.segment_at(frames[0]), linc.segment_at(frames[-1]) + 1)
        networks = sum(linc.read_segment_header(index).is_enhanced for index in within)
        if networks:
            out.append(f"the networks of {networks} segments are left out: --no-enhance")
    return out


def _losses(linc: LincFile) -> dict[str, Any]:
    """What a recovery reports beside the usual."""
    if not isinstance(linc, DamagedFile):
        return {}
    return {"missing": [asdict(loss) for loss in linc.missing], "damage": list(linc.problems)}


def _output_size(info: VideoInfo, options: DecodeOptions) -> tuple[int, int]:
    """Output (width, height), checked against the limits."""
    if options.size is not None:
        width, height = options.size
    else:
        part = options.crop or info
        width, height = (max(1, round(side * options.scale)) for side in (part.width, part.height))
    options.limits.check_picture(width, height, "output")
    return width, height


class _Job:
    """One decode to one output."""

    def __init__(
        self,
        renderer: Renderer,
        options: DecodeOptions,
        plan: Schedule,
        audio: AudioTrack | None,
        progress: ProgressCallback | None,
        warnings: list[str],
    ) -> None:
        self.renderer, self.options, self.audio = renderer, options, audio
        self.times, self.fps = fitted(plan.times), nominal(plan.fps)
        self.progress = progress
        self.render_seconds = 0.0
        self.warnings = warnings
        self.beside = Beside()
        self.put: Callable[[str, bytes], None] | None = None

    def deliver(self, kind: str, output: str, shots: Sequence[Shot], *, overwrite: bool) -> None:
        """Write the output, so that it has its name only when it is complete."""
        if output == "-" or kind == "null":
            self.write(output, output, shots)
        elif kind in PICTURES:
            self.put = partial(_put, overwrite=overwrite)
            self.write(output, output, shots)
        else:
            with atomic_output(output, overwrite=overwrite) as temporary:
                self.write(str(temporary), output, shots)

    def write(self, output: str, name: str, shots: Sequence[Shot]) -> None:
        """Render every frame and hand it to the encoder's thread."""
        options, renderer = self.options, self.renderer
        info = replace(renderer.output, fps=self.fps, n_frames=len(shots))
        info = replace(
            info, sar=_sample_aspect(renderer.info.sar, options.crop or renderer.info, info)
        )
        durations = frame_durations(self.times)
        renderer.begin(shots)  # while the output is opened
        with FrameWriter(
            output, info, self.times.time_base, name=name, codec=options.codec, crf=options.crf,
            preset=options.encoder_preset, pix_fmt=options.pix_fmt,
            options=options.encoder_options, lossless=options.lossless,
            container_format=options.format or format_of(name), audio=self.audio,
            beside=self.beside, even=is_constant(self.times, self.fps), put=self.put,
        ) as writer:  # fmt: skip
            frames = iter(renderer.frames(shots))
            for index, pts in enumerate(self.times.pts):
                begun = time.monotonic()
                planes = next(frames)
                self.render_seconds += time.monotonic() - begun
                writer.write(planes, pts, durations[index])
                if self.progress:
                    self.progress(Progress("decode", (index + 1) / len(shots), frames=index + 1))
        self.warnings += writer.warnings


def _sample_aspect(sar: Fraction, part: Crop | VideoInfo, output: VideoInfo) -> Fraction:
    """Sample aspect ratio that keeps the shape of a part of the picture at the output size."""
    exact = sar * Fraction(part.width, part.height) * Fraction(output.height, output.width)
    same_shape = abs(float(exact / sar) - 1) < 0.01
    return sar if same_shape else exact.limit_denominator(1000)
