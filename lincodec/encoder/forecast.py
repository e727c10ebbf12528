"""What an encode would come to: a short sample is encoded and scaled up."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.encoder.encode import encode
from lincodec.encoder.preset_choice import resolve
from lincodec.errors import UsageError
from lincodec.options import EncodeOptions, Span
from lincodec.video.reader import FrameReader

#: Luma samples that the sample holds at most.
_SAMPLE = 40_000_000
#: Frames it holds at most; far fewer than a segment has make the weights look dearer than they are.
_FRAMES = 48


@dataclass(frozen=True)
class Forecast:
    """A prediction; sizes are of the file less its audio."""

    output: str
    preset: str
    width: int
    height: int
    frames: int
    """As the headers say; could be inaccurate."""
    bytes: int
    bpp: float
    psnr: float | None
    """RGB PSNR of the sample in dB; None when a rate target decides."""
    seconds: float
    """Wall seconds of the encode."""
    sampled: int
    """Frames that were really encoded."""
    dry_run: bool = True
    """Always: what tells it from the report of an encode."""


def forecast(source: str, output: str, options: EncodeOptions) -> Forecast:
    """Predict size, quality and time of an encode; nothing is written.

    The closed form is run on a few frames from the middle; the time of the network is what the
    preset gives it. Content that changes makes the prediction worse.

    Raises:
        UsageError: the source is a pipe, or its length is not known.
        InputError: it cannot be read.
    """
    if source == "-":
        raise UsageError("--dry-run reads the source twice; standard input cannot be")
    preset = resolve(options.preset, options.preset_table)
    if preset.inr is not None:
        raise UsageError(f"--dry-run predicts architecture linc; {preset.name} is {preset.arch}")
    with FrameReader(source, span=Span(options.span.start, None, None)) as reader:
        info, total = reader.info, reader.header.estimated_frames
    if total is None:
        raise UsageError(f"{source}: does not say how long it is, so nothing can be predicted")
    rate = float(info.fps)
    begin = round((options.span.start or 0.0) * rate)
    end = total if options.span.end is None else round(options.span.end * rate)
    frames = max(1, min(end, total) - begin)
    frames = min(frames, options.span.frames or frames)
    samples = info.width * info.height
    count = max(1, min(_FRAMES, frames, _SAMPLE // samples))
    middle = (begin + (frames - count) // 2) / rate
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "sample.linc")
        sample = replace(
            options, network=False, max_time=None, audio=False, verify=False, resume=False,
            size=None, bitrate=None, span=Span(middle, None, count),
            bpp=_bpp(options, frames, rate, samples),
        )  # fmt: skip
        report = encode(source, path, sample)
        plain = 1 - _predicted(path)
    spent = time.monotonic() - begun
    segments = -(-frames // (options.segment or preset.segment))
    network = preset.network if options.network is None else options.network
    fit = segments * preset.fit_floor + preset.fit_seconds * samples * frames / 1e6
    seconds = spent / report.frames * frames + (fit * plain if network else 0.0)
    if options.max_time is not None:
        seconds = min(seconds, options.max_time)
    overhead = report.bytes["container"] + report.bytes["tables"]
    coded = (report.bytes["total"] - overhead) / report.frames * frames
    size = options.size or round(coded + overhead + segments * 100)
    aimed = sample.bpp is not None
    return Forecast(
        output, preset.name, info.width, info.height, frames, size, 8 * size / (samples * frames),
        None if aimed else report.psnr, seconds, report.frames,
    )  # fmt: skip


def _predicted(path: str) -> float:
    """Share of a file's frames that lie in partitioned segments, which get no network."""
    with open_file(path) as stream:
        linc = LincFile(stream)
        headers = [linc.read_segment_header(index) for index in range(len(linc.segments))]
    found = [h.n_frames for h in headers if h.pictures is not None]
    return sum(found) / sum(h.n_frames for h in headers)


def _bpp(options: EncodeOptions, frames: int, rate: float, samples: int) -> float | None:
    """The rate target as bits per luma sample."""
    if options.size is not None:
        return 8 * options.size / (frames * samples)
    if options.bitrate is not None:
        return options.bitrate / rate / samples
    return options.bpp
