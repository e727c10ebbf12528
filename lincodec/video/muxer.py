"""Encoding frames and copied audio into a media file with PyAV."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lincodec.errors import LincError, ResourceError, UsageError
from lincodec.types import AudioTrack, Planes, VideoInfo
from lincodec.video.audio import add_audio_stream, audio_packets, delayed
from lincodec.video.containers import advice
from lincodec.video.outformat import OutputFormat, choose_format
from lincodec.video.outputs import KINDS, Coding
from lincodec.video.quality import encoder_options, is_hardware
from lincodec.video.source import reason

#: Longest side of a picture by the standard of the video.
_LONGEST = {"h264": 16384, "hevc": 16384, "vp8": 16383, "mjpeg": 65500}
#: Seconds of sound before the first frame that no decoder needs to start up.
_PRIMING = Fraction(3, 20)


class MediaSink:
    """One output file: a video stream, perhaps an audio stream. Used by one thread."""

    def __init__(
        self,
        output: str | BinaryIO,
        name: str,
        info: VideoInfo,
        time_base: Fraction,
        kind: str,
        coding: Coding,
        audio: AudioTrack | None,
    ) -> None:
        """Open the file, the encoder and the streams, and write the header.

        Args:
            output: where the bytes go.
            name: what messages call it.
            info: of the frames that ``write`` is given.
            time_base: seconds a tick.
            kind: one of ``outputs.KINDS``.
            coding: of the video.
            audio: track to copy.

        Raises:
            UsageError: Unknown codec, format or option, or the container cannot hold a codec.
            ResourceError: The output cannot be written.
        """
        self._source, self._name, self._kind, codec = info, name, kind, coding.codec
        self._format: OutputFormat = choose_format(info, codec, coding.pix_fmt)
        self.info = self._format.info
        self._time_base = time_base
        self._durations: dict[int, int] = {}
        muxer = KINDS[kind].muxer
        options = encoder_options(coding, info)
        self.warnings = _losses(info, muxer, codec)
        _check_size(info, codec, name)
        self._path = output if isinstance(output, str) else ""
        self._container = self._open(output, muxer)
        try:
            self._stream = self._add_video(codec, options)
            self._add_audio(audio)
            self._container.start_encoding()
            unknown = sorted(set(self._stream.codec_context.options) & set(options))
            if unknown:
                raise UsageError(f"{codec} has no option {', '.join(unknown)}")
        except (av.error.FFmpegError, ValueError, OverflowError) as error:
            self._discard()
            if is_hardware(codec):
                raise ResourceError(
                    f"{codec} does not start: {reason(error)}; expected the device and driver it "
                    "is made for; use --codec libx264"
                ) from error
            with_audio = f" and {audio.codec} audio" if audio is not None else ""
            what = f"cannot write {kind} with {codec}{with_audio}"
            raise self._failure(error, what) from error
        except LincError:
            self._discard()
            raise

    def _add_audio(self, audio: AudioTrack | None) -> None:
        """The stream of the audio, and how late the picture begins for it."""
        self._audio: Iterator[Packet[AudioStream]] = iter(())
        self._lead = 0
        if audio is not None and audio.packets:
            early = -min(packet.pts for packet in audio.packets) * audio.time_base
            if self._kind in ("mp4", "mov") and early > _PRIMING:
                # what is before 0 would be hidden by an edit list: all of it comes later instead
                self._lead = math.ceil(early / self._time_base)
                audio = delayed(audio, self._lead * self._time_base)
            stream = add_audio_stream(self._container, audio, self._kind)
            self._audio = iter(audio_packets(audio, stream))
        self._next_audio = next(self._audio, None)

    def write(self, planes: Planes, pts: int, duration: int) -> None:
        """Encode one frame shown at ``pts`` for ``duration`` ticks."""
        try:
            frame = self._format.frame(planes, self._source)
            frame.pts = pts + self._lead
            frame.time_base = self._time_base
            self._durations[frame.pts] = duration
            self._encode(frame)
        except (av.error.FFmpegError, ValueError) as error:
            raise self._failure(error, "encoding failed") from error

    def finish(self) -> None:
        """Encode what is buffered, copy the rest of the audio and write the trailer."""
        try:
            self._encode(None)
            self._copy_audio(None)
            self._container.close()
        except (av.error.FFmpegError, ValueError) as error:
            raise self._failure(error, "finishing the file failed") from error

    def abort(self) -> None:
        """Close the file without finishing it; what is there is not usable."""
        self._discard()

    def _open(self, output: str | BinaryIO, muxer: str) -> OutputContainer:
        options: dict[str, str] = {}
        if muxer in ("mp4", "mov"):
            # The edit list that states the duration counts in this unit; 1000 would round.
            if 1000 <= self._time_base.denominator < 1 << 31:
                options["movie_timescale"] = str(self._time_base.denominator)
            if isinstance(output, str):
                options["movflags"] = "+faststart"  # rewrites the file: needs a path
        target = "file:" + output if isinstance(output, str) else output
        try:
            return av.open(target, mode="w", format=muxer, container_options=options)
        except av.error.FFmpegError as error:
            raise self._failure(error, "cannot create the file") from error

    def _add_video(self, codec: str, options: Mapping[str, str]) -> VideoStream:
        info = self._format.info
        rate = info.fps.limit_denominator(100_000)
        try:
            stream = self._container.add_stream(codec, rate=rate, options=dict(options))
        except ValueError as error:
            other = advice(
                av.Codec(codec, "w").canonical_name, f"--codec {KINDS[self._kind].codec}"
            )
            raise UsageError(f"{self._kind} cannot hold {codec} video; {other}") from error
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height = info.width, info.height
        context.pix_fmt = self._format.name
        context.time_base = self._time_base
        stream.time_base = self._time_base
        context.sample_aspect_ratio = info.sar.limit_denominator(65535)
        color = info.color
        context.color_range = 2 if color.full_range or self._format.is_full else 1
        context.color_primaries = color.primaries
        context.color_trc = color.transfer
        context.colorspace = 0 if self._format.is_rgb else color.matrix
        context.thread_type = "AUTO"
        if info.rotation or info.mirrored:
            stream.set_display_rotation(info.rotation, hflip=info.mirrored)
        return stream

    def _encode(self, frame: VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            if packet.pts is not None:
                duration = self._durations.pop(packet.pts, None)
                if duration is not None:
                    packet.duration = duration
            when = packet.dts if packet.dts is not None else packet.pts
            if when is not None:
                self._copy_audio(when * Fraction(packet.time_base))
            self._container.mux(packet)

    def _copy_audio(self, until: Fraction | None) -> None:
        """Mux the audio packets that come before ``until`` seconds; all for None."""
        packet = self._next_audio
        while packet is not None:
            dts = packet.dts
            if until is not None and dts is not None and dts * packet.time_base > until:
                break
            self._container.mux(packet)
            packet = next(self._audio, None)
        self._next_audio = packet

    def _discard(self) -> None:
        try:
            self._container.close()
        except (av.error.FFmpegError, ValueError):
            # The file is given up anyway; the error that led here is the one to report.
            return

    def _failure(self, error: Exception, what: str) -> LincError:
        number = getattr(error, "errno", None)
        if number in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ENOENT, errno.EDQUOT):
            return ResourceError(f"{self._name}: {what}: {os.strerror(number)}")
        text = reason(error)
        if self._path:  # a temporary one that nobody typed
            text = text.replace(self._path, self._name)
        return UsageError(f"{self._name}: {what}: {text}")


def _check_size(info: VideoInfo, codec: str, name: str) -> None:
    """Refuse pictures larger than the standard of the video allows."""
    standard = av.Codec(codec, "w").canonical_name
    longest = _LONGEST.get(standard, max(info.width, info.height))
    if max(info.width, info.height) > longest:
        raise UsageError(
            f"{name}: {info.width}x{info.height} is too large for {standard}, whose pictures end "
            f"at {longest}; use a smaller --res, or --codec ffv1 in .mkv"
        )


def _losses(info: VideoInfo, muxer: str, codec: str) -> list[str]:
    """What this combination cannot keep. Matroska relies on the codec for the sample aspect."""
    standard = av.Codec(codec, "w").canonical_name
    carried = muxer in ("mp4", "mov") or standard in ("h264", "hevc", "mpeg4", "prores")
    if info.sar != 1 and not carried:
        return [f"{muxer} with {codec} cannot hold the sample aspect ratio {info.sar}"]
    return []
