"""Encoding frames and copied audio into a media file with PyAV."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lincodec.errors import LincError, ResourceError, UsageError
from lincodec.types import AudioTrack, Beside, Planes, VideoInfo, delayed
from lincodec.video.containers import advice
from lincodec.video.mp4_boxes import add_to_sample_entry
from lincodec.video.outformat import OutputFormat, choose_format
from lincodec.video.outputs import KINDS, Coding
from lincodec.video.passing import Passing, display_boxes, later, pass_tags
from lincodec.video.passing_losses import display_losses
from lincodec.video.quality import encoder_options, is_hardware, with_display
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
        beside: Beside,
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
            beside: what is passed on beside it.

        Raises:
            UsageError: Unknown codec, format or option, or a codec that the container cannot hold.
            ResourceError: The output cannot be written.
        """
        self._source, self._name, self._kind, codec = info, name, kind, coding.codec
        self._format: OutputFormat = choose_format(info, codec, coding.pix_fmt)
        self.info = self._format.info
        self._time_base = time_base
        self._durations: dict[int, int] = {}
        muxer = KINDS[kind].muxer
        options, lost = with_display(encoder_options(coding, info), codec, beside.display)
        self.warnings = [*_losses(info, muxer, codec), *lost, *display_losses(kind, beside.display)]
        self._boxes = display_boxes(beside.display) if kind in ("mp4", "mov") else b""
        _check_size(info, codec, name)
        self._path = output if isinstance(output, str) else ""
        # names such as Apple's have a place of their own, which takes all others too
        self._plain_tags = any(key.startswith("com.") for key in beside.tags)
        self._container = self._open(output, muxer)
        try:
            self._stream = self._add_video(codec, options)
            self._pass_on(audio, beside)
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
            sound = f" and {audio.codec} audio" if audio is not None else ""
            raise self._failure(error, f"cannot write {kind} with {codec}{sound}") from error
        except LincError:
            self._discard()
            raise

    def _pass_on(self, audio: AudioTrack | None, beside: Beside) -> None:
        """The other streams, and how late the picture begins for those that begin before it."""
        heard = [audio, *(track for track in beside.tracks if track.kind == "audio")]
        early = max(
            (-min(p.pts for p in track.packets) * track.time_base for track in heard if track
             and track.packets),
            default=Fraction(0),
        )  # fmt: skip
        self._lead = 0
        if self._kind in ("mp4", "mov") and early > _PRIMING:
            # what is before 0 would be hidden by an edit list: all of it comes later instead
            self._lead = math.ceil(early / self._time_base)
            audio = delayed(audio, self._lead * self._time_base) if audio else None
        passing = Passing(
            self._container, self._kind, audio, later(beside, self._lead * self._time_base)
        )
        pass_tags(self._container, self._stream, later(beside, self._lead * self._time_base))
        self.warnings += passing.warnings
        self._audio: Iterator[Packet[Any]] = passing.packets()
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
            if self._boxes and self._path:
                add_to_sample_entry(self._path, self._boxes)
        except (av.error.FFmpegError, ValueError, OSError) as error:
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
            if self._plain_tags:
                options["movflags"] = options.get("movflags", "") + "+use_metadata_tags"
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
