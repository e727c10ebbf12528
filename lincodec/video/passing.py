"""Passing on what a source held beside its pictures and first audio: into a media file."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from typing import Any, cast

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition

from lincodec.types import AudioPacket, AudioTrack, Beside, Display, Track, delayed
from lincodec.video.audio import add_audio_stream
from lincodec.video.containers import can_hold
from lincodec.video.mp4_boxes import box
from lincodec.video.passing_losses import STEREO_MODES
from lincodec.video.subtitles import as_text_of

#: Subtitles that a container holds in place of other text.
_TEXT = {"mp4": "mov_text", "mov": "mov_text", "mkv": "subrip", "webm": "webvtt"}
_MILLI = Fraction(1, 1000)
#: Projections as FFmpeg counts them.
_EQUIRECTANGULAR, _CUBEMAP, _TILE = 0, 1, 2
_FULL = b"\0\0\0\0"


class Passing:
    """The further streams of an output file; their packets in the order of decoding.

    Attributes:
        warnings: one line for each thing that the container cannot hold.
    """

    def __init__(
        self, container: OutputContainer, kind: str, audio: AudioTrack | None, beside: Beside
    ) -> None:
        """Add the streams.

        Args:
            container: of the output, not begun.
            kind: one of ``outputs.KINDS``.
            audio: the first audio track, at its final times.
            beside: everything else, at its final times.

        Raises:
            UsageError: the container cannot hold the first audio track.
        """
        self.warnings: list[str] = []
        self._kind = kind
        rows: list[list[Any]] = []
        if audio is not None and audio.packets:
            stream = add_audio_stream(container, audio, kind)
            _describe(stream, beside.audio, beside.dispositions)
            rows.append(bound_packets(audio, stream))
        for track in beside.tracks:
            row = self._add(container, track)
            rows += [row] if row else []
        self._packets = heapq.merge(*rows, key=lambda p: p.dts * p.time_base)

    def packets(self) -> Iterator[Packet[Any]]:
        """All packets, each bound to its stream."""
        return self._packets

    def _add(self, container: OutputContainer, track: Track) -> list[Packet[Any]]:
        """One further track; none where it cannot be."""
        codec = track.codec
        if track.kind == "subtitle" and not can_hold(self._kind, codec):
            other = as_text_of(track, _TEXT.get(self._kind, ""))
            if other is not None:
                self.warnings.append(
                    f"{self._kind} holds no {codec} subtitles: they are written as {other.codec}"
                )
                track = other
        if not can_hold(self._kind, track.codec):
            language = track.tags.get("language", "language unknown")
            self.warnings.append(
                f"{self._kind} cannot hold {codec} {track.kind} ({language}): left out"
            )
            return []
        if track.kind == "audio":
            stream: Any = add_audio_stream(container, track, self._kind)
        else:
            stream = _subtitle_stream(container, track)
        _describe(stream, track.tags, track.dispositions)
        return bound_packets(track, stream)


def bound_packets(track: AudioTrack, stream: Any) -> list[Packet[Any]]:
    """The packets of ``track`` bound to ``stream``, in stored order."""
    return [_bound(packet, track, stream) for packet in track.packets]


def _bound(source: AudioPacket, track: AudioTrack, stream: Any) -> Packet[Any]:
    packet: Packet[Any] = Packet(source.data)
    packet.stream = stream
    packet.time_base = track.time_base
    packet.pts = source.pts
    packet.dts = source.dts
    packet.duration = source.duration
    packet.is_keyframe = source.is_keyframe
    return packet


def _subtitle_stream(container: OutputContainer, track: Track) -> Any:
    """A stream that takes the packets of ``track`` as they are."""
    with av.open(BytesIO(), mode="w", format="null") as scratch:
        try:
            stream: Any = container.add_stream_from_template(scratch.add_stream(track.codec))
            stream.codec_context.extradata = track.extradata or None
        except (ValueError, av.error.FFmpegError):  # bitmaps that FFmpeg cannot encode
            stream = container.add_mux_stream(track.codec)
    stream.time_base = track.time_base
    return stream


def _describe(stream: Any, tags: Mapping[str, str], dispositions: Sequence[str]) -> None:
    stream.metadata.update(tags)
    flags = Disposition(0)
    for name in dispositions:
        flags |= Disposition[name]
    stream.disposition = flags


def pass_tags(container: OutputContainer, stream: Any, beside: Beside) -> None:
    """Tags of the file and of its video, and chapters."""
    container.metadata.update(beside.tags)
    stream.metadata.update(beside.video)
    entries = [
        {
            "id": number,
            "start": max(0, round(chapter.start / _MILLI)),
            "end": max(0, round(chapter.end / _MILLI)),
            "time_base": _MILLI,
            "metadata": dict(chapter.tags),
        }
        for number, chapter in enumerate(beside.chapters, 1)
    ]
    if entries:
        container.set_chapters(cast("list[Any]", entries))


def later(beside: Beside, seconds: Fraction) -> Beside:
    """The same that much later."""
    if not seconds:
        return beside
    tracks = [delayed(track, seconds) for track in beside.tracks]
    chapters = (
        replace(each, start=each.start + seconds, end=each.end + seconds)
        for each in beside.chapters
    )
    return replace(beside, tracks=tuple(tracks), chapters=tuple(chapters))


def display_boxes(display: Display) -> bytes:
    """Boxes for the sample entry of an MP4 (Spherical Video V2); empty: there is nothing to say."""
    boxes = b""
    if display.stereo is not None and display.stereo[0] in STEREO_MODES:
        boxes += box(b"st3d", _FULL + bytes([STEREO_MODES[display.stereo[0]]]))
    if display.spherical is not None:
        projection, yaw, pitch, roll, left, top, right, bottom, padding = display.spherical
        pose = box(b"prhd", _FULL + struct.pack(">iii", yaw, pitch, roll))
        if projection in (_EQUIRECTANGULAR, _TILE):
            bounds = struct.pack(">IIII", top, bottom, left, right)
            shape = box(b"equi", _FULL + bounds)
        elif projection == _CUBEMAP:
            shape = box(b"cbmp", _FULL + struct.pack(">II", 0, padding))
        else:
            return boxes
        header = box(b"svhd", _FULL + b"linc\0")
        boxes += box(b"sv3d", header + box(b"proj", pose + shape))
    return boxes
