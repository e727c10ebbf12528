"""Decoding: a .linc file to frames at any size and rate, and on to a video file."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lincodec.atomic import atomic_output
from lincodec.bitstream import unpack_segment
from lincodec.container import DamagedFile, LincArch, LincFile
from lincodec.errors import CorruptError, ResourceError, UnsupportedError, UsageError
from lincodec.jobs import DecodeOptions, DecodeReport, Progress, ProgressCallback, Span
from lincodec.limits import Limits
from lincodec.memory import ran_out
from lincodec.model.output import quantise, to_frames
from lincodec.models import RenderModel, segment_model
from lincodec.types import AudioPacket, AudioTrack, Planes, Times, VideoInfo
from lincodec.video.timing import scaled, sliced
from lincodec.video.writer import FrameWriter

#: Luma samples rendered at a time.
_BATCH_SAMPLES = 8_000_000


def batch_size(info: VideoInfo) -> int:
    """Frames of a picture size that are rendered together."""
    return max(1, _BATCH_SAMPLES // (info.width * info.height))


@dataclass(frozen=True)
class Shot:
    """One output frame: a place between source frames."""

    frame: int
    """Source frame at or before it."""
    share: Fraction
    """How far on to the next frame, 0 <= share < 1."""


class Renderer:
    """Renders frames of an open file; keeps two segments and fetches the next ahead."""

    def __init__(self, linc: LincFile, size: tuple[int, int] | None = None) -> None:
        """
        Args:
            linc: an open file.
            size: output (width, height); None: native.

        Raises:
            UnsupportedError: the architecture has no renderer here.
        """
        if not isinstance(linc.arch, LincArch):
            raise UnsupportedError("this version renders architecture linc only")
        self.linc, self.arch, self.info = linc, linc.arch, linc.info
        width, height = size or (self.info.width, self.info.height)
        self.output = replace(self.info, width=width, height=height)
        self._pool = ThreadPoolExecutor(2)
        self._models: dict[int, Future[RenderModel]] = {}

    def close(self) -> None:
        """Stop the background work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def load(self, index: int) -> RenderModel:
        """Read and decode a segment now.

        Raises:
            CorruptError: it breaks the format.
        """
        data = self.linc.read_segment(index)
        code = unpack_segment(data, self.arch, self.info.plane_sizes)
        return segment_model(code, self.arch, self.info)

    def _fetch(self, index: int) -> Future[RenderModel]:
        """The model of a segment, loaded in the background and kept."""
        if index not in self._models:
            self._models[index] = self._pool.submit(self.load, index)
        return self._models[index]

    def _model(self, index: int, last: int) -> RenderModel:
        """The model of a segment; starts on the next one unless this is the ``last`` needed."""
        for stale in [k for k in self._models if not index <= k <= index + 1]:
            del self._models[stale]
        found = self._fetch(index)
        if index < last:
            self._fetch(index + 1)
        return found.result()

    def frames(self, shots: Sequence[Shot]) -> Iterator[Planes]:
        """Integer planes of every output frame in order (ascending ``shots``)."""
        batch = batch_size(self.output)
        last = self.linc.segment_at(shots[-1].frame) if shots else 0
        at = 0
        while at < len(shots):
            index = self.linc.segment_at(shots[at].frame)
            entry = self.linc.segments[index]
            stop = at
            while stop < len(shots) and stop - at < batch and shots[stop].frame < entry.end_frame:
                stop += 1
            try:
                frames = self._batch(index, shots[at:stop], last)
            except (MemoryError, RuntimeError) as error:
                if not ran_out(error):
                    raise
                batch = _smaller(stop - at, error)
                continue
            yield from frames
            at = stop

    def _batch(self, index: int, shots: Sequence[Shot], last: int) -> list[Planes]:
        """Frames of one segment, rendered together."""
        entry = self.linc.segments[index]
        model = self._model(index, last)
        with torch.inference_mode():
            times = [float(shot.frame - entry.first_frame + shot.share) for shot in shots]
            z = model.latent_at(torch.tensor(times, dtype=torch.float64))
            planes = model.at_size(z, self.output.plane_sizes)
            self._blend_border(index, shots, planes)
            if not all(math.isfinite(float(plane.sum())) for plane in planes):
                raise CorruptError(f"segment {index}: its samples are not finite numbers")
            return to_frames(quantise(planes, self.info.bit_depth))

    def _blend_border(self, index: int, shots: Sequence[Shot], planes: list[Tensor]) -> None:
        """Between the last frame of a segment and a segment that continues it: mix the pixels."""
        entry = self.linc.segments[index]
        if index + 1 >= len(self.linc.segments):
            return
        between = [
            (k, float(shot.share))
            for k, shot in enumerate(shots)
            if shot.frame == entry.end_frame - 1 and shot.share > 0
        ]
        if not between or not self.linc.read_segment_header(index + 1).continues:
            return
        follower = self._fetch(index + 1).result()
        z = follower.latents[:, :1]
        first = follower.at_size(z, self.output.plane_sizes)
        for plane, other in zip(planes, first, strict=True):
            for k, share in between:
                plane[k].lerp_(other[0], share)


def _smaller(frames: int, error: BaseException) -> int:
    """How many frames to render at a time after memory ran out for ``frames``.

    Raises:
        ResourceError: it was a single frame.
    """
    if frames == 1:
        raise ResourceError("out of memory for one frame; decode at a lower --res") from error
    return frames // 2


def output_shots(start: int, stop: int, fps_scale: int) -> list[Shot]:
    """``fps_scale`` output frames per source frame in start..stop-1 (paper Eq. 4)."""
    return [
        Shot(frame, Fraction(j, fps_scale))
        for frame in range(start, stop)
        for j in range(fps_scale)
    ]


def intact_shots(shots: Sequence[Shot], file: DamagedFile) -> list[Shot]:
    """The same number of shots of intact frames only; before a gap the last frame is held."""
    frames = [file.stand_in(shot.frame) for shot in shots]
    ends = {loss.first_frame - 1 for loss in file.missing}
    return [
        Shot(frame, Fraction(0) if frame != shot.frame or frame in ends else shot.share)
        for frame, shot in zip(frames, shots, strict=True)
    ]


def frame_range(times: Times, span: Span) -> tuple[int, int]:
    """First and one past the last source frame of a span.

    Raises:
        UsageError: the span holds no frame.
    """
    base, total = times.time_base, len(times.pts)
    length = float((times.pts[-1] + times.last_duration) * base)

    def absolute(value: float | None, default: float) -> float:
        if value is None:
            return default
        return value + length if value < 0 else value

    begin, end = absolute(span.start, 0.0), absolute(span.end, length)
    start = sum(float(pts * base) < begin - 1e-6 for pts in times.pts)
    stop = sum(float(pts * base) < end - 1e-6 for pts in times.pts)
    if span.frames is not None:
        stop = min(stop, start + span.frames)
    if start >= stop:
        raise UsageError(f"no frame between {begin:g} s and {end:g} s; the video has {length:g} s")
    return start, min(stop, total)


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
        CorruptError: the file is damaged.
        UsageError: the options do not fit the file or the output.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        kind = DamagedFile if options.recover else LincFile
        linc = kind(stack.enter_context(Path(source).open("rb")), name=source)
        size = _output_size(linc.info, options)
        renderer = Renderer(linc, size)
        stack.callback(renderer.close)
        if isinstance(linc, DamagedFile):
            linc.keep(renderer.load)
        start, stop = frame_range(linc.times(), options.span)
        times = sliced(linc.times(), start, stop)
        audio = _audio(linc, times, start, stop) if options.audio else None
        job = _Job(renderer, options, scaled(times, options.fps_scale), audio, progress)
        shots = output_shots(start, stop, options.fps_scale)
        if isinstance(linc, DamagedFile):
            shots = intact_shots(shots, linc)
        if output == "-" or options.format == "null":
            job.write(output, shots)
        else:
            temporary = stack.enter_context(atomic_output(output, overwrite=overwrite))
            job.write(str(temporary), shots)
    seconds = time.monotonic() - started
    return DecodeReport(
        output, len(shots), renderer.output.width, renderer.output.height,
        seconds, len(shots) / max(seconds, 1e-9), job.render_seconds,
        {"warnings": job.warnings, **_losses(linc)},
    )  # fmt: skip


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
        width, height = (max(1, round(side * options.scale)) for side in (info.width, info.height))
    Limits().check_picture(width, height, "output")
    return width, height


def _audio(linc: LincFile, times: Times, start: int, stop: int) -> AudioTrack | None:
    """The audio of a span, times relative to its first frame."""
    track = linc.audio()
    if track is None or (start == 0 and stop == linc.n_frames):
        return track
    whole = linc.times()
    begin = whole.pts[start] * whole.time_base
    length = (times.pts[-1] + times.last_duration) * times.time_base
    shift = round(begin / track.time_base)
    kept = []
    for packet in track.packets:
        at = packet.pts * track.time_base - begin
        if 0 <= at < length:
            kept.append(
                AudioPacket(
                    packet.pts - shift,
                    packet.dts - shift,
                    packet.duration,
                    packet.data,
                    packet.is_keyframe,
                )
            )
    return replace(track, packets=tuple(kept)) if kept else None


class _Job:
    """One decode to one output."""

    def __init__(
        self,
        renderer: Renderer,
        options: DecodeOptions,
        times: Times,
        audio: AudioTrack | None,
        progress: ProgressCallback | None,
    ) -> None:
        self.renderer, self.options, self.times, self.audio = renderer, options, times, audio
        self.progress = progress
        self.render_seconds = 0.0
        self.warnings: list[str] = []

    def write(self, output: str, shots: Sequence[Shot]) -> None:
        """Render every frame and hand it to the encoder's thread."""
        options, renderer = self.options, self.renderer
        info = replace(
            renderer.output, fps=renderer.info.fps * options.fps_scale, n_frames=len(shots)
        )
        info = replace(info, sar=_sample_aspect(renderer.info, info))
        durations = [
            later - earlier
            for earlier, later in zip(self.times.pts, self.times.pts[1:], strict=False)
        ]
        durations.append(self.times.last_duration)
        with FrameWriter(
            output, info, self.times.time_base, codec=options.codec, crf=options.crf,
            preset=options.encoder_preset, pix_fmt=options.pix_fmt,
            options=options.encoder_options, container_format=options.format, audio=self.audio,
        ) as writer:  # fmt: skip
            frames = iter(renderer.frames(shots))
            for index, pts in enumerate(self.times.pts):
                begun = time.monotonic()
                planes = next(frames)
                self.render_seconds += time.monotonic() - begun
                writer.write(planes, pts, durations[index])
                if self.progress:
                    self.progress(Progress("decode", (index + 1) / len(shots), frames=index + 1))
        self.warnings = list(writer.warnings)


def _sample_aspect(source: VideoInfo, output: VideoInfo) -> Fraction:
    """Sample aspect ratio that keeps the picture's shape at the output size."""
    exact = (
        source.sar * Fraction(source.width, source.height) * Fraction(output.height, output.width)
    )
    same_shape = abs(float(exact / source.sar) - 1) < 0.01
    return source.sar if same_shape else exact.limit_denominator(1000)
