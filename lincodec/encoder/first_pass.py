"""The first pass over a source: times, scene cuts, audio, and the frames of a short one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lincodec.encoder.segments import CutDetector, Range, plan
from lincodec.options import EncodeOptions
from lincodec.types import AudioTrack, Beside, Frame, Planes, Times, VideoInfo
from lincodec.video.containers import holders
from lincodec.video.reader import FrameReader
from lincodec.video.tracks import chosen, kept_lines

#: Bytes of planes that are kept, so that a short source is not decoded twice.
_HELD_BYTES = 256_000_000


@dataclass(frozen=True)
class Scan:
    """What the first pass over a source found; a pipe has none."""

    ranges: tuple[Range, ...]
    times: Times
    audio: AudioTrack | None
    warnings: tuple[str, ...]
    info: VideoInfo
    held: tuple[Frame, ...] | None
    """All frames, None when they take too much memory to keep."""
    beside: Beside = field(default_factory=Beside)
    """What else the source holds, as far as it is kept."""
    prints: tuple[int, ...] = ()
    """``frame_print`` of every frame, where it was asked for."""

    @property
    def frames(self) -> int:
        """Frames of the video."""
        return len(self.times.pts)


def scan_source(
    source: str,
    options: EncodeOptions,
    longest: Callable[[VideoInfo], int],
    report: Callable[[float, int], None],
    *,
    prints: bool = False,
) -> Scan:
    """Read a file once; its frames are kept when they take little memory.

    Args:
        source: path of the video.
        options: span, scene cuts and audio.
        longest: most frames of a segment for a kind of video.
        report: called with (estimated share done, frames seen).
        prints: whether frames are to be known again.

    Raises:
        InputError: the source cannot be read.
    """
    with FrameReader(source, span=options.span, every=options.hold_out) as reader:
        detector = CutDetector(reader.info.bit_depth) if options.scene_cut else None
        expected = (reader.header.estimated_frames or 0) // options.hold_out
        cuts, room = [], _HELD_BYTES
        held: list[Frame] = []
        known: list[int] = []
        for index, frame in enumerate(reader):
            room -= sum(plane.nbytes for plane in frame.planes)
            if room >= 0:
                held.append(frame)
            else:
                held.clear()
            if prints:
                known.append(frame_print(frame.planes))
            if detector and detector.is_cut(frame.planes[0]):
                cuts.append(index)
            if index % 16 == 0:
                report(min(index / expected, 1.0) if expected else 0.0, index)
        times = reader.times()
        ranges = plan(len(times.pts), cuts, longest(reader.info))
        audio = reader.audio() if options.audio else None
        beside = chosen(
            reader.beside(), options.tracks, audio=options.audio, metadata=options.metadata
        )
        kept = tuple(held) if room >= 0 else None
        said = (*reader.warnings, *kept_lines(beside), *_homeless(audio))
        return Scan(
            tuple(ranges),
            times,
            audio,
            said,
            reader.info,
            kept,
            beside,
            tuple(known),
        )


def _homeless(audio: AudioTrack | None) -> list[str]:
    """A line where no format that linc decode writes holds the audio."""
    if audio is None or holders(audio.codec):
        return []
    text = f"the {audio.codec} audio is kept, but no format that linc decode writes holds it: "
    return [f"{text}decode with --audio none"]


def frame_print(planes: Planes) -> int:
    """CRC-32 of the samples of a frame, plane after plane."""
    found = 0
    for plane in planes:
        found = zlib.crc32(plane.data, found)
    return found


@dataclass(frozen=True)
class Stream:
    """The frames of a source from the first to the last, once."""

    info: VideoInfo
    frames: Iterator[Frame]
    warnings: list[str]
    """Grows while frames are read."""


@contextmanager
def source_frames(source: str, options: EncodeOptions, scan: Scan | None) -> Iterator[Stream]:
    """The frames to encode: those that the scan kept, or of a reader.

    Args:
        source: path of the video, or ``-``.
        options: span and frames held out.
        scan: of the source, None for a pipe.

    Raises:
        InputError: the source cannot be read.
    """
    if scan and scan.held is not None:
        yield Stream(scan.info, iter(scan.held), list(scan.warnings))
        return
    with FrameReader(source, span=options.span, every=options.hold_out) as reader:
        yield Stream(reader.info, iter(reader), reader.warnings)
