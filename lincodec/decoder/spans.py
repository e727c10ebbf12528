"""What a span of time is in frames and audio packets of a .linc file."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from lincodec.container import LincFile
from lincodec.errors import UsageError
from lincodec.options import Span
from lincodec.types import AudioPacket, AudioTrack, Beside, Times


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
        if begin >= length:
            raise UsageError(f"no frame at {begin:g} s or after; the video has {length:g} s")
        raise UsageError(f"no frame between {begin:g} s and {end:g} s; the video has {length:g} s")
    return start, min(stop, total)


def beside_of(linc: LincFile, times: Times, start: int, stop: int) -> Beside:
    """Further tracks and chapters of a span, times relative to its first frame, and the rest."""
    found = linc.beside()
    if start == 0 and stop == linc.n_frames:
        return found
    whole = linc.times()
    begin = whole.pts[start] * whole.time_base
    length = (times.pts[-1] + times.last_duration) * times.time_base
    tracks = (replace(t, packets=_within(t, begin, length)) for t in found.tracks)
    chapters = (
        replace(each, start=each.start - begin, end=each.end - begin)
        for each in found.chapters
        if each.end > begin and each.start < begin + length
    )
    return replace(found, tracks=tuple(t for t in tracks if t.packets), chapters=tuple(chapters))


def audio_of(linc: LincFile, times: Times, start: int, stop: int) -> AudioTrack | None:
    """The audio of a span, times relative to its first frame."""
    track = linc.audio()
    if track is None or (start == 0 and stop == linc.n_frames):
        return track
    whole = linc.times()
    begin = whole.pts[start] * whole.time_base
    length = (times.pts[-1] + times.last_duration) * times.time_base
    kept = _within(track, begin, length)
    return replace(track, packets=kept) if kept else None


def _within(track: AudioTrack, begin: Fraction, length: Fraction) -> tuple[AudioPacket, ...]:
    """The packets that begin within ``length`` seconds from ``begin``, which becomes 0."""
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
    return tuple(kept)
