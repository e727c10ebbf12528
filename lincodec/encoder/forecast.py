"""What an encode would come to: the source is read once, samples are encoded and scaled up."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.decoder.pictures import opened
from lincodec.encoder.encode import encode
from lincodec.encoder.engine import Setting
from lincodec.encoder.engines import engine_class
from lincodec.encoder.first_pass import Scan, scan_source
from lincodec.encoder.preset_choice import resolve, settled
from lincodec.encoder.presets import Preset
from lincodec.encoder.rate_control import FILE_BYTES, wanted_bytes
from lincodec.encoder.segments import Range
from lincodec.errors import UsageError
from lincodec.options import RATES, EncodeOptions, Span
from lincodec.video.pipes import called, reads_once

#: Luma samples that all samples of the video hold at most, and how many there are at most.
_SAMPLED, _PLACES = 64_000_000, 3
#: Frames of one: a first frame and two groups of the pyramid. A spectral segment takes more to
#: tell: far fewer frames than it has make the weights look dearer than they are.
_FRAMES, _DRAWN_FRAMES = 33, 48


@dataclass(frozen=True)
class Forecast:
    """A prediction; sizes are of the file less its audio."""

    output: str
    preset: str
    width: int
    height: int
    frames: int
    bytes: int
    bpp: float
    psnr: float | None
    """RGB PSNR of the samples in dB; None when a target decides."""
    seconds: float
    """Wall seconds of the encode."""
    sampled: int
    """Frames that were really encoded."""
    dry_run: bool = True
    """Always: what tells it from the report of an encode."""


@dataclass(frozen=True)
class _Sample:
    """What a few frames came to."""

    frames: int
    seconds: float
    psnr: float
    partitioned: bool
    first: float
    """Bytes of the frame that nothing is predicted from, and of what every segment has."""
    rest: float
    """Bytes of each other frame."""


def forecast(source: str, output: str, options: EncodeOptions) -> Forecast:
    """Predict size, quality and time of an encode; nothing is written.

    A few frames of the largest segments are encoded; the time of the network is what the preset
    gives it.

    Raises:
        UsageError: the source is a pipe, or the preset has no such prediction.
        InputError: it cannot be read.
    """
    if reads_once(source):
        raise UsageError(f"--dry-run reads the source twice; {called(source)} cannot be")
    preset = resolve(options.preset, options.preset_table)
    if preset.inr is not None:
        raise UsageError(f"--dry-run predicts architecture linc; {preset.name} is {preset.arch}")
    options = settled(options, preset)
    begun = time.monotonic()
    scan = scan_source(
        source, options,
        lambda info: engine_class(preset).longest(Setting(options, preset, info, None)),
        lambda _, __: None,
    )  # fmt: skip
    reading = time.monotonic() - begun
    info, frames = scan.info, scan.frames
    samples = info.width * info.height
    taken = _taken(source, options, scan, max(1, min(_PLACES, _SAMPLED // (_FRAMES * samples))))
    coded = FILE_BYTES + sum(_bytes_of(part, taken) for part in scan.ranges)
    wanted = wanted_bytes(options, frames, (info.width, info.height), info.fps)
    size = round(coded if wanted is None else wanted)
    sampled = sum(sample.frames for sample in taken)
    spent = sum(sample.seconds for sample in taken) / sampled * frames
    seconds = reading + spent + _network(preset, options, scan, taken)
    if options.max_time is not None:
        seconds = min(seconds, options.max_time)
    aimed = any(getattr(options, name) is not None for name in RATES[1:])
    psnr = sum(sample.psnr * sample.frames for sample in taken) / sampled
    return Forecast(
        output, preset.name, info.width, info.height, frames, size, 8 * size / (samples * frames),
        None if aimed else psnr, seconds, sampled,
    )  # fmt: skip


def _taken(source: str, options: EncodeOptions, scan: Scan, places: int) -> list[_Sample]:
    """Samples from the middles of the longest segments."""
    longest = sorted(scan.ranges, key=lambda part: -part.count)[:places]
    return [_sample(source, options, scan, part) for part in longest]


def _sample(source: str, options: EncodeOptions, scan: Scan, part: Range) -> _Sample:
    """Encode a few frames from the middle of a segment."""
    found = _encoded(source, options, scan, part, _FRAMES)
    drawn = not found.partitioned and part.count > _FRAMES
    return _encoded(source, options, scan, part, _DRAWN_FRAMES) if drawn else found


def _encoded(source: str, options: EncodeOptions, scan: Scan, part: Range, most: int) -> _Sample:
    """The same with at most so many frames."""
    count = min(most, part.count)
    at = part.first + (part.count - count) // 2
    times = scan.times
    start = float((times.pts[at] - times.pts[0]) * times.time_base) + (options.span.start or 0.0)
    asked = replace(
        _of_a_part(options, scan), span=Span(start, None, count), scene_cut=False,
        network=False, max_time=None, audio=False, resume=False,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "sample.linc")
        begun = time.monotonic()
        report = encode(source, path, asked)
        seconds = time.monotonic() - begun
        others = _predicted(path)
    coded = report.bytes["total"] - FILE_BYTES
    if others is not None:
        rest = others / max(report.frames - 1, 1)
        return _Sample(report.frames, seconds, report.psnr, True, coded - others, rest)
    each = coded / report.frames
    return _Sample(report.frames, seconds, report.psnr, False, each, each)


def _of_a_part(options: EncodeOptions, scan: Scan) -> EncodeOptions:
    """The options with a target in bytes as such that a part of the video can be given."""
    size = scan.info.width, scan.info.height
    wanted = wanted_bytes(options, scan.frames, size, scan.info.fps)
    if wanted is None:
        return options
    bpp = 8 * wanted / (scan.frames * size[0] * size[1])
    return replace(options, size=None, bitrate=None, bpp=bpp)


def _predicted(path: str) -> float | None:
    """Bytes of the frames that are predicted from others; None: its segments are drawn."""
    with open_file(path) as stream:
        linc = LincFile(stream)
        found = 0.0
        for index in range(len(linc.segments)):
            if linc.read_segment_header(index).pictures is None:
                return None
            with opened(linc.read_segment(index), linc.info, linc.limits) as decoder:
                found += sum(record.size for record in decoder.records if record.references)
        return found


def _bytes_of(part: Range, taken: Sequence[_Sample]) -> float:
    """Bytes of a segment, as the samples have it in the mean."""
    count = sum(sample.frames for sample in taken)
    first = sum(sample.first * sample.frames for sample in taken) / count
    rest = sum(sample.rest * sample.frames for sample in taken) / count
    return first + rest * (part.count - 1)


def _network(preset: Preset, options: EncodeOptions, scan: Scan, taken: Sequence[_Sample]) -> float:
    """Seconds of fitting networks to segments that are not partitioned."""
    if not (preset.network if options.network is None else options.network):
        return 0.0
    drawn = sum(not sample.partitioned for sample in taken) / len(taken)
    megasamples = scan.info.width * scan.info.height * scan.frames / 1e6
    return drawn * (len(scan.ranges) * preset.fit_floor + preset.fit_seconds * megasamples)
