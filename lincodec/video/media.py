"""Decoding a media file frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, cast

import av
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lincodec.errors import InputError
from lincodec.types import Planes, VideoInfo
from lincodec.video.changes import FirstLike
from lincodec.video.crop import cropped, cropped_info
from lincodec.video.decode_order import DealtTimes, Stated, stated_times
from lincodec.video.display import display_losses, display_of
from lincodec.video.facts import facts_of, side_data
from lincodec.video.pixels import frame_info, limited, pixel_layout, planes_of
from lincodec.video.source import base_info, open_container, reason, video_stream
from lincodec.video.undecodable import why_undecodable

# Demuxers whose seek is exact enough to start decoding near the wanted time.
_SEEKABLE = ("mov", "matroska")


_TS_DISCONT = cast("int", Flags.ts_discont.value)


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
    clock_resets: bool
    """Whether its clock may begin anew at any place, as that of a broadcast."""

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
        facts = facts_of(self._container)  # before threads decode, which might log
        self._skipped, self._failure = 0, ""
        self._matrix: bytes | None = None
        self._stated = Stated.SHOWN
        self._first = next(self._decoded(), None)
        if self._first is None:
            why = why_undecodable(self._container, self._stream, path, self._failure)
            self.close()
            raise InputError(f"{path}: {why}")
        self._alike = FirstLike(self._first, self._stream, self.warnings)
        self._layout = pixel_layout(self._first.format.name)
        self._whole = frame_info(
            self._first, self._layout, base_info(self._stream, self._first, self.warnings)
        )
        crop = facts.crops.get(self._stream.index)
        self.info, self._corner = cropped_info(self._whole, crop)
        self.time_base = Fraction(self._stream.time_base or Fraction(1, 90000))
        self.header = self._read_header(self._first.format.name)
        self.clock_resets = bool(self._container.format.flags & _TS_DISCONT)
        self._stated = stated_times(path, self._stream)
        # Where only decoding times are stored they are used, shifted to start where frames do.
        self._dts_offset: int | None = None
        if self._first.dts is not None and self._stated == Stated.DECODED:
            self._dts_offset = self._first.dts - (self._stream.start_time or 0)
        self.display = display_of(side_data(self._first))
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
        self._dealt = DealtTimes()

    def _reopen(self) -> None:
        """Start again from the beginning; the decoder's state is not reusable after a flush."""
        self._container.close()
        self._open()
        self._skipped = 0
        self._alike.follow(self._stream)

    def _raw_frames(self) -> Iterator[RawFrame]:
        for frame in self._decoded():
            self._alike.see()
            self._tell_losses(frame)
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
        self._dealt.sent(packet)
        try:
            frames = self._stream.decode(packet)
        except av.error.FFmpegError as error:
            self._dealt.refused()
            self._skipped += 1
            self._failure = reason(error)
            return []
        good = []
        for frame in frames:
            time = self._dealt.next()
            if not frame.is_corrupt:
                if self._stated == Stated.MIXED_UP:
                    frame.pts = time
                good.append(frame)
        self._skipped += len(frames) - len(good)
        return good

    def _time_of(self, frame: VideoFrame) -> int | None:
        if self._dts_offset is None:
            return frame.pts
        return None if frame.dts is None else frame.dts - self._dts_offset

    def convert(self, frame: VideoFrame) -> Planes:
        """Planes of ``frame`` in the size and format of the first frame, as they are shown."""
        alike, layout = self._alike.convert(frame)
        planes = planes_of(alike, layout, self._whole)
        within = limited(planes, layout.bit_depth)
        if within is not planes:
            self._warn(f"samples beyond {layout.bit_depth} bits: limited to the largest code")
        return cropped(within, self._whole, self.info, self._corner)

    def _note(self, frame: VideoFrame) -> None:
        aside = self._stream.metadata.get("alpha_mode") == "1"  # VP8, VP9: beside the picture
        if self._layout.has_alpha or aside:
            self._warn("transparency is dropped")
        self._tell_losses(frame)
        if len(self._container.streams.video) > 1:
            self._warn(f"several video streams: stream {self._stream.index} is used")

    def _tell_losses(self, frame: VideoFrame) -> None:
        """Say what of a frame is left out; any frame may be the first that has it."""
        if frame.interlaced_frame:
            self._warn("interlaced video: each frame is coded with both fields as one picture")
        found = side_data(frame)
        for text in display_losses(found):
            self._warn(text)
        matrix = found.get(SideDataType.DISPLAYMATRIX)
        turned = None if matrix is None else bytes(matrix)
        if frame is self._first:
            self._matrix = turned
        elif turned != self._matrix and turned is not None:
            self._warn("the orientation changes in the stream: that of the first frame is stated")

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


def _chain(first: RawFrame, rest: Iterator[RawFrame]) -> Iterator[RawFrame]:
    yield first
    yield from rest
