"""Copying an audio track: reading its packets and rebuilding a stream to write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import Any, cast

import av
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.subtitles.stream import SubtitleStream

from lincodec.errors import InputError, UsageError
from lincodec.types import AudioPacket, AudioTrack
from lincodec.video.containers import advice
from lincodec.video.source import open_container, reason, video_stream

#: Seconds by which audio and video may be apart within one run of a clock that is reset.
_RESET = 10
# Raw PCM in some containers states only a number of channels; muxers want their places.
_LAYOUTS = {
    "1 channels": "mono",
    "2 channels": "stereo",
    "3 channels": "2.1",
    "4 channels": "4.0",
    "5 channels": "5.0",
    "6 channels": "5.1",
    "7 channels": "6.1",
    "8 channels": "7.1",
}


@dataclass(frozen=True)
class Window:
    """The part of a file that is wanted, by the frames that were taken of it."""

    origin: Fraction
    """Time of the first wanted video frame, seconds on the file's clock."""
    length: Fraction | None
    """Seconds of video after it; packets that start later are left out. None keeps all of them."""
    trim_start: bool = False
    """Leave out packets that end before the origin. Without it they stay: at the start of a file
    they prime the audio decoder."""
    shifts: tuple[Fraction, ...] = ()
    """Seconds by which the video's times were shifted since each reset of the clock."""


def read_audio(source: str, window: Window) -> AudioTrack | None:
    """Read the packets of the audio track that belongs to the video, without decoding.

    Returns:
        The track with times relative to the first wanted frame, or None when there is no audio.

    Raises:
        InputError: The file cannot be opened.
    """
    with open_container(source) as container:
        related = video_stream(container, source)
        stream = container.streams.best("audio", related=related)
        if not isinstance(stream, AudioStream) or stream.codec_context is None:
            return None
        try:
            return read_stream(container, stream, window)
        except av.error.FFmpegError as error:
            raise InputError(f"{source}: cannot read the audio: {reason(error)}") from error


def read_stream(
    container: InputContainer, stream: AudioStream | SubtitleStream, window: Window
) -> AudioTrack | None:
    """The packets of a stream as they are; None when there is none in the window.

    Raises:
        FFmpegError: they cannot be read.
    """
    context: Any = stream.codec_context
    rate = context.sample_rate if isinstance(stream, AudioStream) else 0
    time_base = Fraction(stream.time_base or Fraction(1, rate or 48000))
    shift = round(window.origin / time_base)
    limit = None if window.length is None else round(window.length / time_base)
    demuxed = _Demuxed(container, stream)
    clock = _Clock([round(each / time_base) for each in window.shifts], round(_RESET / time_base))
    packets = _packets(iter(demuxed), clock, shift, limit, trim_start=window.trim_start)
    if not packets:
        return None
    layout = context.layout.name if rate else ""
    return AudioTrack(
        codec=context.codec.canonical_name,
        time_base=time_base,
        sample_rate=rate,
        layout=_LAYOUTS.get(layout, layout),
        bit_rate=context.bit_rate or 0,
        extradata=bytes(demuxed.extradata),
        packets=tuple(packets),
    )


def add_audio_stream(container: OutputContainer, track: AudioTrack, kind: str) -> AudioStream:
    """Add a stream to ``container`` that takes the packets of ``track`` as they are.

    Args:
        container: the output.
        track: of which the codec counts.
        kind: what messages call the format.

    Raises:
        UsageError: The container cannot hold the codec, or this FFmpeg cannot describe it.
    """
    # A scratch stream (the null muxer takes any codec) carries the codec identifier; a stream
    # made from it is never opened as an encoder: its parameters are exactly those set here.
    scratch = av.open(BytesIO(), mode="w", format="null")
    try:
        carrier = scratch.add_stream(track.codec, rate=track.sample_rate)
        stream = container.add_stream_from_template(carrier)
        assert isinstance(stream, AudioStream)
        context = stream.codec_context
        context.sample_rate = track.sample_rate
        context.layout = _LAYOUTS.get(track.layout, track.layout)
        context.bit_rate = track.bit_rate
        context.extradata = track.extradata
        context.time_base = track.time_base
        stream.time_base = track.time_base
    except (ValueError, av.error.FFmpegError) as error:
        raise UsageError(
            f"{kind} cannot hold {track.codec} audio; {advice(track.codec, '--audio none')}"
        ) from error
    finally:
        scratch.close()
    return stream


class _Demuxed:
    """The packets of an audio stream as a container with global headers stores them.

    AAC in transport streams repeats its header in every packet (ADTS); it is taken off and
    becomes the extradata, so that any container can hold the packets. Everything else passes
    unchanged.
    """

    def __init__(self, container: InputContainer, stream: AudioStream | SubtitleStream) -> None:
        context: Any = stream.codec_context
        self._packets = container.demux(stream)
        self.extradata = bytes(context.extradata or b"")
        self._filter: BitStreamFilterContext | None = None
        if context.codec.canonical_name == "aac" and not self.extradata:
            self._filter = BitStreamFilterContext("aac_adtstoasc", stream)

    def __iter__(self) -> Iterator[Packet[AudioStream]]:
        for packet in self._packets:
            if packet.size == 0:
                continue
            if self._filter is None:
                yield cast("Packet[AudioStream]", packet)
                continue
            for bare in self._filter.filter(packet):
                if not self.extradata and bare.has_sidedata("new_extradata"):
                    self.extradata = bytes(bare.get_sidedata("new_extradata"))
                yield cast("Packet[AudioStream]", bare)


class _Clock:
    """Follows a clock over the resets that the video's had too."""

    def __init__(self, shifts: Sequence[int], longest: int) -> None:
        """``shifts``: ticks by which video was shifted; ``longest``: what is no reset."""
        self._shifts, self._longest = shifts, longest
        self._shift = 0

    def shift(self, time: int, expected: int | None) -> int:
        """What to add to ``time`` and all after it, given where the next packet should be."""
        if self._shifts and expected is not None and self._off(time, self._shift, expected):
            near = [each for each in self._shifts if not self._off(time, each, expected)]
            self._shift = near[0] if near else expected - time
        return self._shift

    def _off(self, time: int, shift: int, expected: int) -> bool:
        return abs(time + shift - expected) > self._longest


def _packets(
    demuxed: Iterator[Packet[AudioStream]],
    clock: _Clock,
    shift: int,
    limit: int | None,
    *,
    trim_start: bool,
) -> list[AudioPacket]:
    """Packets with times moved back by ``shift``, those before 0 and after ``limit`` cut."""
    kept: list[AudioPacket] = []
    following: int | None = None
    for packet in demuxed:
        duration = int(packet.duration or 0)
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:
            pts = dts = (shift if following is None else following) - shift
        else:
            back = shift - clock.shift(time, following)
            pts = time - back
            dts = pts if packet.dts is None else packet.dts - back
        following = pts + shift + duration
        if limit is not None and pts >= limit:
            continue
        if trim_start and pts + max(duration, 1) <= 0:
            continue
        kept.append(AudioPacket(pts, dts, duration, bytes(packet), packet.is_keyframe))
    return kept
