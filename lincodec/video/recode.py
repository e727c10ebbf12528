"""Audio in a codec that every player knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from lincodec.errors import UsageError
from lincodec.types import AudioPacket, AudioTrack
from lincodec.video.source import reason


@dataclass(frozen=True)
class _Made:
    """How audio of a standard is made."""

    encoder: str
    samples: str
    """FFmpeg's name of their format."""
    bits: int
    """A second of each channel."""
    rates: tuple[int, ...]
    """Sample rates that it has."""


_AAC = _Made("aac", "fltp", 80_000, (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000))
_OPUS = _Made("libopus", "flt", 64_000, (8000, 12000, 16000, 24000, 48000))
#: What WebM holds.
_WEBM = ("opus", "vorbis")


def as_opus(track: AudioTrack) -> AudioTrack:
    """A track as Opus, mono or stereo; one that WebM holds comes back as it is.

    Raises:
        UsageError: this FFmpeg cannot decode it.
    """
    if track.codec in _WEBM:
        return track
    return _recoded(track, _OPUS, "opus")


def as_aac(track: AudioTrack) -> AudioTrack:
    """A track as AAC, mono or stereo; one that is AAC already comes back as it is.

    Raises:
        UsageError: this FFmpeg cannot decode it.
    """
    if track.codec == "aac":
        return track
    return _recoded(track, _AAC, "aac")


def _recoded(track: AudioTrack, made: _Made, codec: str) -> AudioTrack:
    try:
        return _encoded(track, list(_decoded(track)), made, codec)
    except (av.error.FFmpegError, ValueError) as error:
        raise UsageError(
            f"{track.codec} audio cannot be made {codec.upper()}: {reason(error)}; leave the audio "
            "out with --audio none"
        ) from error


def _decoded(track: AudioTrack) -> Iterator[AudioFrame]:
    """The samples of a track, their times in its time base."""
    context = av.CodecContext.create(track.codec, "r")
    assert isinstance(context, av.AudioCodecContext)
    context.extradata = track.extradata or None
    context.sample_rate, context.layout = track.sample_rate, track.layout
    for stored in track.packets:
        packet = Packet(stored.data)
        packet.pts, packet.dts, packet.time_base = stored.pts, stored.dts, track.time_base
        yield from context.decode(packet)
    yield from context.decode(None)


def _encoded(track: AudioTrack, frames: list[AudioFrame], made: _Made, codec: str) -> AudioTrack:
    if not frames:
        raise ValueError("it has no samples")
    rate = min(
        (known for known in made.rates if known >= track.sample_rate), default=made.rates[-1]
    )
    layout = "mono" if frames[0].layout.nb_channels == 1 else "stereo"
    encoder = av.CodecContext.create(made.encoder, "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = rate, layout, made.samples
    encoder.bit_rate = made.bits * (1 if layout == "mono" else 2)
    encoder.time_base = Fraction(1, rate)
    encoder.flags |= av.codec.context.Flags.global_header
    encoder.open()
    resampler = av.AudioResampler(made.samples, layout, rate, frame_size=encoder.frame_size)
    begin = round((frames[0].pts or 0) * (frames[0].time_base or track.time_base) * rate)
    packets, at = [], begin
    for frame in [*frames, None]:
        if frame is not None:
            frame.pts = None  # counted anew: gaps of a tick would split frames
        for part in resampler.resample(frame):
            part.pts, part.time_base = at, encoder.time_base
            at += part.samples
            packets += encoder.encode(part)
    packets += encoder.encode(None)
    kept = tuple(_kept(packet, encoder.frame_size) for packet in packets)
    return AudioTrack(
        codec, Fraction(1, rate), rate, layout, encoder.bit_rate or 0,
        bytes(encoder.extradata or b""), kept,
    )  # fmt: skip


def _kept(packet: Packet[AudioStream], samples: int) -> AudioPacket:
    pts = int(packet.pts or 0)
    return AudioPacket(pts, pts, int(packet.duration or samples), bytes(packet))
