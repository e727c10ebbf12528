"""Pieces of a stream as fragmented MP4, which pages append to what they play (ISO/IEC 14496-12).

Every piece begins with a picture that needs no other, states its own time, and follows one
initialisation segment, whatever piece was made before it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import av
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lincodec.errors import UsageError
from lincodec.types import AudioPacket, AudioTrack, Planes, VideoInfo
from lincodec.video.audio import add_audio_stream
from lincodec.video.orientation import upright
from lincodec.video.outformat import choose_format, convert, fill
from lincodec.video.passing import bound_packets
from lincodec.video.source import reason

#: Edit lists and times that begin at 0 would move pieces; fragments end when they are told to.
_OPTIONS = {
    "movflags": "+empty_moov+default_base_moof+frag_discont+skip_trailer+negative_cts_offsets",
    "avoid_negative_ts": "disabled",
    "use_editlist": "0",
    "movie_timescale": "90000",
    "frag_duration": "400000",  # microseconds: what is seen first does not wait for the rest
}
#: Quick to make and to decode; the first picture alone is whole, and none waits for a later one.
_ENCODER = {
    "preset": "ultrafast", "crf": "17", "tune": "fastdecode", "profile": "main",
    "x264-params": "keyint=infinite:scenecut=0:bframes=0:threads=1",
}  # fmt: skip
_INIT, _MEDIA = (b"ftyp", b"moov"), (b"moof", b"mdat")
#: Audio codecs that pages play from MP4.
PLAYED = ("aac", "opus", "flac")


class PieceEncoder:
    """Makes pieces of one video: 8 bits, 4:2:0, upright, square samples told in the header."""

    def __init__(self, info: VideoInfo, time_base: Fraction) -> None:
        """
        Args:
            info: of the planes that it will get; sides that are odd lose a sample.
            time_base: of their times.

        Raises:
            UsageError: the picture is too small.
        """
        if min(info.width, info.height) < 2:
            raise UsageError(f"a picture of {info.width}x{info.height} is too small to stream")
        self._source, self._time_base = info, time_base
        self._even = replace(info, width=info.width // 2 * 2, height=info.height // 2 * 2)
        self._target = choose_format(self._even, "libx264", "yuv420p").info
        turned = info.rotation % 180 != 0
        size = (self._target.width, self._target.height)
        self.width, self.height = size[::-1] if turned else size
        self._sar = 1 / info.sar if turned else info.sar

    def init(self) -> bytes:
        """The initialisation segment."""
        buffer, container, _ = self._opened()
        container.start_encoding()
        found = _boxes(buffer, _INIT)
        container.close()
        return found

    def piece(self, frames: Iterator[tuple[Planes, int, int]]) -> Iterator[bytes]:
        """The bytes of a piece as they come.

        Args:
            frames: planes, time and duration in ticks.
        """
        buffer, container, stream = self._opened()
        try:
            durations: dict[int, int] = {}
            for planes, pts, duration in frames:
                durations[pts] = duration
                self._encode(container, stream, self._frame(planes, pts), durations)
                if data := _boxes(buffer, _MEDIA):
                    yield data
            self._encode(container, stream, None, durations)
        finally:
            container.close()
        yield _boxes(buffer, _MEDIA)

    def _opened(self) -> tuple[io.BytesIO, OutputContainer, VideoStream]:
        buffer = io.BytesIO()
        container = av.open(buffer, mode="w", format="mp4", container_options=_OPTIONS)
        rate = self._source.fps.limit_denominator(100_000)
        stream = container.add_stream("libx264", rate=rate, options=_ENCODER)
        assert isinstance(stream, VideoStream)
        context, color = stream.codec_context, self._source.color
        context.width, context.height, context.pix_fmt = self.width, self.height, "yuv420p"
        context.time_base = stream.time_base = self._time_base
        context.sample_aspect_ratio = self._sar.limit_denominator(65535)
        context.color_range = 2 if color.full_range else 1
        context.color_primaries, context.color_trc = color.primaries, color.transfer
        context.colorspace = color.matrix
        context.thread_count = 1
        return buffer, container, stream

    def _frame(self, planes: Planes, pts: int) -> VideoFrame:
        sizes = self._even.plane_sizes
        kept = tuple(plane[:h, :w] for plane, (h, w) in zip(planes, sizes, strict=True))
        frame = VideoFrame(self.width, self.height, "yuv420p")
        for plane, samples in zip(
            frame.planes, convert(kept, self._even, self._target), strict=True
        ):
            fill(plane, upright(samples, self._source))
        frame.pts, frame.time_base = pts, self._time_base
        return frame

    def _encode(
        self,
        container: OutputContainer,
        stream: VideoStream,
        frame: VideoFrame | None,
        durations: dict[int, int],
    ) -> None:
        for packet in stream.encode(frame):
            packet.duration = durations.pop(int(packet.pts or 0), 1)
            container.mux(packet)


def audio_init(track: AudioTrack) -> bytes:
    """The initialisation segment of a track."""
    return _audio(track, (), _INIT)


def audio_piece(track: AudioTrack, first: int, stop: int) -> bytes:
    """Packets ``first`` to before ``stop`` of a track, as they are."""
    return _audio(track, track.packets[first:stop], _MEDIA)


def _audio(track: AudioTrack, packets: Sequence[AudioPacket], kinds: tuple[bytes, ...]) -> bytes:
    buffer, part = io.BytesIO(), replace(track, packets=tuple(packets))
    try:
        container = av.open(
            buffer,
            mode="w",
            format="mp4",
            container_options={**_OPTIONS, "frag_duration": "10000000"},
        )
        with container:
            stream = add_audio_stream(container, part, "mp4")
            container.start_encoding()
            for packet in bound_packets(part, stream):
                container.mux(packet)
    except (av.error.FFmpegError, ValueError) as error:
        raise UsageError(f"{track.codec} audio cannot be streamed: {reason(error)}") from error
    return _boxes(buffer, kinds)


def codec_of(init: bytes) -> str:
    """What an initialisation segment of H.264 needs, as MediaSource names it: ``avc1.4d401f``.

    Raises:
        UsageError: it is not of H.264.
    """
    at = init.find(b"avcC")
    if at < 0:
        raise UsageError("the stream is not H.264")
    return f"avc1.{init[at + 5 : at + 8].hex()}"


def _boxes(buffer: io.BytesIO, kinds: tuple[bytes, ...]) -> bytes:
    """Take the whole boxes of some kinds from what was written; others are dropped."""
    data, at, found = buffer.getvalue(), 0, []
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size < 8 or at + size > len(data):
            break
        if kind in kinds:
            found.append(data[at : at + size])
        at += size
    buffer.seek(0)
    buffer.truncate()
    buffer.write(data[at:])
    return b"".join(found)
