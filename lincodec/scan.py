"""The first pass over a source: times, scene cuts and audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lincodec.jobs import EncodeOptions
from lincodec.segments import CutDetector, Range, plan
from lincodec.types import AudioTrack, Times, VideoInfo
from lincodec.video.reader import FrameReader


@dataclass(frozen=True)
class Scan:
    """What the first pass over a source found; a pipe has none."""

    ranges: tuple[Range, ...]
    times: Times
    audio: AudioTrack | None
    warnings: tuple[str, ...]

    @property
    def frames(self) -> int:
        """Frames of the video."""
        return len(self.times.pts)


def scan_source(
    source: str,
    options: EncodeOptions,
    longest: Callable[[VideoInfo], int],
    report: Callable[[float, int], None],
) -> Scan:
    """Read a file once without keeping its frames.

    Args:
        source: path of the video.
        options: span, scene cuts and audio.
        longest: most frames of a segment for a kind of video.
        report: called with (estimated share done, frames seen).

    Raises:
        InputError: the source cannot be read.
    """
    with FrameReader(source, span=options.span, every=options.hold_out) as reader:
        detector = CutDetector(reader.info.bit_depth) if options.scene_cut else None
        expected = (reader.header.estimated_frames or 0) // options.hold_out
        cuts = []
        for index, frame in enumerate(reader):
            if detector and detector.is_cut(frame.planes[0]):
                cuts.append(index)
            if index % 16 == 0:
                report(min(index / expected, 1.0) if expected else 0.0, index)
        times = reader.times()
        ranges = plan(len(times.pts), cuts, longest(reader.info))
        audio = reader.audio() if options.audio else None
        return Scan(tuple(ranges), times, audio, tuple(reader.warnings))
