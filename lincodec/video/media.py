"""Decoding a media file frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import av
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type as SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lincodec.errors import InputError
from lincodec.types import Planes, VideoInfo
from lincodec.video.pixels import PixelLayout, frame_info, pixel_layout, planes_of
from lincodec.video.source import base_info, open_container, reason, video_stream

# Demuxers whose seek is exact enough to start decoding near the wanted time.
_SEEKABLE = ("mov", "matroska")
#: What a display needs to know of an HDR picture beyond the colour description.
_HDR = {
    SideData.MASTERING_DISPLAY_METADATA,
    SideData.CONTENT_LIGHT_LEVEL,
    SideData.DYNAMIC_HDR_PLUS,
    SideData.DOVI_METADATA,
}


@dataclass(frozen=True)
class Header:
    """What the container's headers say; nothing here is verified."""

    container: str
    codec: str
    pix_fmt: str
    duration: float | None
    """Seconds."""
    estimated_frames: int | None
    audio_codec: str | None


@dataclass(frozen=True)
class RawFrame:
    """One decoded picture, converted only when asked for."""

    pts: int | None
    """Time as the demuxer gives it, in ticks."""
    duration: int
    """Ticks, 0 when unknown."""
    planes: Callable[[], Planes]


class FrameSource(Protocol):
    """Where a reader gets its frames from."""

    info: VideoInfo
    time_base: Fraction
    header: Header
    warnings: list[str]

    def frames(self) -> Iterator[RawFrame]:
        """All frames in display order, from the start."""

    def frames_from(self, seconds: float) -> Iterator[RawFrame] | None:
        """Frames from a point at or before ``seconds`` after the first; None: cannot seek."""

    def total_seconds(self) -> float | None:
        """Seconds from the first frame to the end, found without decoding; None: unknown."""

    def close(self) -> None:
        """Release the file."""


class MediaSource:
    """A local media file decoded by PyAV, multi-threaded, with bounded memory."""

    def __init__(self, path: str) -> None:
        """Open ``path`` and decode its first frame.

        Raises:
            InputError: Not a video, or no frame of it can be decoded.
        """
        self.path = path
        self.warnings: list[str] = []
        self._open()
        self._skipped = 0
        self._first = next(self._decoded(), None)
        if self._first is None:
            self.close()
            raise InputError(f"{path}: no frame could be decoded; the stream is damaged or empty")
        self._layout = pixel_layout(self._first.format.name)
        self.info = frame_info(
            self._first,
            self._layout,
            base_info(self._stream, self._first, self.warnings),
        )
        self.time_base = Fraction(self._stream.time_base or Fraction(1, 90000))
        self.header = self._read_header(self._first.format.name)
        # AVI stores decoding times only: use those, shifted to start where the stream starts.
        self._dts_offset: int | None = None
        if self._container.format.name == "avi" and self._first.dts is not None:
            self._dts_offset = self._first.dts - (self._stream.start_time or 0)
        self._note(self._first)

    def frames(self) -> Iterator[RawFrame]:
        """All frames in display order, from the start."""
        self._reopen()
        return self._raw_frames()

    def frames_from(self, seconds: float) -> Iterator[RawFrame] | None:
        """Frames from the key frame at or before ``seconds``; None when seeking is unsafe."""
        first = self._first.pts if self._first is not None else None
        if first is None or not self._container.format.name.startswith(_SEEKABLE):
            return None
        target = first + int(seconds / self.time_base)
        self._reopen()
        try:
            self._container.seek(target, stream=self._stream, backward=True)
        except av.error.FFmpegError:
            return None
        raw = self._raw_frames()
        start = next(raw, None)
        if start is None or start.pts is None or start.pts > target:
            return None
        return _chain(start, raw)

    def total_seconds(self) -> float | None:
        """Seconds of video, by a pass over the packets without decoding."""
        container = open_container(self.path)
        with container:
            stream = container.streams[self._stream.index]
            ends = [
                packet.pts + (packet.duration or 0)
                for packet in container.demux(stream)
                if packet.pts is not None
            ]
        first = self._first.pts if self._first is not None else None
        if not ends or first is None:
            return None
        return float((max(ends) - first) * self.time_base)

    def close(self) -> None:
        """Release the file."""
        self._container.close()

    def _open(self) -> None:
        self._container: InputContainer = open_container(self.path)
        try:
            self._stream: VideoStream = video_stream(self._container, self.path)
        except InputError:
            self._container.close()
            raise
        self._stream.thread_type = "AUTO"

    def _reopen(self) -> None:
        """Start again from the beginning; the decoder's state is not reusable after a flush."""
        self._container.close()
        self._open()
        self._skipped = 0

    def _raw_frames(self) -> Iterator[RawFrame]:
        for frame in self._decoded():
            yield RawFrame(
                pts=self._time_of(frame),
                duration=int(frame.duration or 0),
                planes=_Conversion(self, frame),
            )
        if self._skipped:
            self._warn(f"{self._skipped} damaged packets or frames were skipped")

    def _decoded(self) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except IndexError:
                # Damage made the demuxer find a stream that PyAV does not know: go on after it.
                packets = self._container.demux(self._stream)
                continue
            except av.error.FFmpegError as error:
                self._warn(f"reading stopped early: {reason(error)}")
                yield from self._decode(None)
                return
            yield from self._decode(packet)

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            frames = self._stream.decode(packet)
        except av.error.FFmpegError:
            self._skipped += 1
            return []
        good = [frame for frame in frames if not frame.is_corrupt]
        self._skipped += len(frames) - len(good)
        return good

    def _time_of(self, frame: VideoFrame) -> int | None:
        if self._dts_offset is None:
            return frame.pts
        return None if frame.dts is None else frame.dts - self._dts_offset

    def convert(self, frame: VideoFrame) -> Planes:
        """Planes of ``frame`` in the size and format of the first frame."""
        first = self._first
        assert first is not None
        if (frame.width, frame.height) != (first.width, first.height):
            self._warn("the picture size changes in the stream: scaled to that of the first frame")
            frame = frame.reformat(first.width, first.height, first.format.name, threads=1)
        elif frame.format.name != first.format.name:
            layout = pixel_layout(frame.format.name)
            if _same_samples(layout, self._layout):
                return planes_of(frame, layout, self.info)
            self._warn("the pixel format changes in the stream: converted to the first one")
            frame = frame.reformat(format=first.format.name, threads=1)
        return planes_of(frame, self._layout, self.info)

    def _note(self, frame: VideoFrame) -> None:
        aside = self._stream.metadata.get("alpha_mode") == "1"  # VP8, VP9: beside the picture
        if self._layout.has_alpha or aside:
            self._warn("transparency is dropped")
        if frame.interlaced_frame:
            self._warn("interlaced video: each frame is coded with both fields as one picture")
        if any(kind in frame.side_data for kind in _HDR):
            self._warn("HDR mastering and light-level data are left out; the colour tags are kept")
        if len(self._container.streams.video) > 1:
            self._warn(f"several video streams: stream {self._stream.index} is used")

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def _read_header(self, pix_fmt: str) -> Header:
        container, stream = self._container, self._stream
        seconds: float | None = None
        if stream.duration:
            seconds = float(stream.duration * self.time_base)
        elif container.duration:
            seconds = container.duration / av.time_base
        count = stream.frames or (round(seconds * self.info.fps) if seconds else None)
        audio = container.streams.best("audio", related=stream)
        has_codec = audio is not None and audio.codec_context is not None
        return Header(
            container=container.format.name,
            codec=stream.codec_context.codec.canonical_name,
            pix_fmt=pix_fmt,
            duration=seconds,
            estimated_frames=count,
            audio_codec=audio.codec_context.codec.canonical_name if audio and has_codec else None,
        )


class _Conversion:
    """A decoded frame waiting to be turned into planes."""

    def __init__(self, source: MediaSource, frame: VideoFrame) -> None:
        self._source = source
        self._frame = frame

    def __call__(self) -> Planes:
        return self._source.convert(self._frame)


def _same_samples(one: PixelLayout, other: PixelLayout) -> bool:
    """True when both formats give planes of the same depth and subsampling unconverted."""
    return (
        not one.is_rgb
        and not other.is_rgb
        and (one.bit_depth, one.chroma_shift) == (other.bit_depth, other.chroma_shift)
    )


def _chain(first: RawFrame, rest: Iterator[RawFrame]) -> Iterator[RawFrame]:
    yield first
    yield from rest
