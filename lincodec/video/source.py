"""Opening a local media file: what is refused, which stream, which rate, which colour."""

from __future__ import annotations

import os
from fractions import Fraction

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lincodec.errors import InputError
from lincodec.types import ColorInfo, VideoInfo

# Demuxers that turn text or lists of other files into "video".
_REFUSED_FORMATS = frozenset({"tty", "concat", "hls", "dash", "lavfi", "ffmetadata"})
_RAW_VIDEO_SUFFIXES = (".yuv", ".i420", ".rgb", ".raw")


def open_container(source: str) -> InputContainer:
    """Open the local file ``source`` with PyAV.

    Raises:
        InputError: Missing, a directory, unreadable, empty, or not a media file.
    """
    if not os.path.exists(source):
        raise InputError(f"{source}: no such file; check the path")
    if os.path.isdir(source):
        raise InputError(f"{source}: is a directory, expected a video file")
    if not os.access(source, os.R_OK):
        raise InputError(f"{source}: permission denied; check the file's mode")
    if os.path.isfile(source) and os.path.getsize(source) == 0:
        raise InputError(f"{source}: the file is empty, expected a video")
    if source.lower().endswith(_RAW_VIDEO_SUFFIXES):
        raise InputError(
            f"{source}: raw video has no header that states size and format; "
            "wrap it as .y4m or in a container first"
        )
    try:
        # "file:" keeps names such as "concat:a|b" or "a:b" from selecting a protocol.
        container = av.open("file:" + source, mode="r", metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise InputError(f"{source}: not a video that can be read ({reason(error)})") from error
    if container.format.name in _REFUSED_FORMATS:
        name = container.format.name
        container.close()
        raise InputError(f"{source}: expected a video file, found {_described(name)}")
    return container


def video_stream(container: InputContainer, source: str) -> VideoStream:
    """The video stream to encode: FFmpeg's best one that is not cover art.

    Raises:
        InputError: There is none.
    """
    streams = [s for s in container.streams.video if s.codec_context is not None]
    moving = [s for s in streams if not s.disposition & Disposition.attached_pic]
    if not moving:
        what = "cover art only" if streams else "no video stream"
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "none"
        raise InputError(f"{source}: expected a video stream, found {what} (streams: {kinds})")
    best = container.streams.best("video")
    for stream in moving:
        if best is not None and stream.index == best.index:
            return stream
    return moving[0]


def nominal_fps(stream: VideoStream) -> Fraction:
    """Nominal rate: the stream's own guess unless it is far from the average rate.

    Phones with jittery clocks make the guess a common multiple (90000 or 120); the average
    is then the honest figure.
    """
    guessed = _rate(stream.guessed_rate)
    average = _rate(stream.average_rate)
    if guessed is None or average is None:
        return guessed or average or Fraction(25)
    if guessed > average * Fraction(3, 2) or guessed > 1000:
        return average.limit_denominator(1001 * 1000)
    return guessed


def base_info(stream: VideoStream, frame: VideoFrame, warnings: list[str]) -> VideoInfo:
    """Everything about the stream that does not depend on the pixel format."""
    context = stream.codec_context
    sar = stream.sample_aspect_ratio
    rotation = round(frame.rotation) % 360
    if rotation % 90:
        warnings.append(f"rotation of {rotation} degrees is not a quarter turn: ignored")
        rotation = 0
    color = ColorInfo(
        primaries=_code_point(frame.color_primaries, context.color_primaries),
        transfer=_code_point(frame.color_trc, context.color_trc),
        matrix=_code_point(frame.colorspace, context.colorspace),
        full_range=int(frame.color_range) == 2,
    )
    return VideoInfo(
        width=frame.width,
        height=frame.height,
        fps=nominal_fps(stream),
        sar=Fraction(sar) if sar else Fraction(1),
        rotation=rotation,
        color=color,
    )


def reason(error: BaseException) -> str:
    """PyAV's message without its numbers and paths, with FFmpeg's last word, on one line."""
    text = str(getattr(error, "strerror", "") or error)
    log = getattr(error, "log", None)
    if log and log[2] and log[2] not in text:
        text = f"{text}: {log[2]}"
    return " ".join(text.split()) or type(error).__name__


def _code_point(first: object, second: object) -> int:
    """The first stated H.273 code point; 2 when none is. 0 is stated only for a matrix."""
    for value in (first, second):
        number = int(value) if isinstance(value, int) else 2
        if number not in (0, 2) and number < 256:
            return number
    return 2


def _rate(value: Fraction | None) -> Fraction | None:
    rate = Fraction(value) if value else None
    return rate if rate is not None and rate > 0 else None


def _described(format_name: str) -> str:
    return "text" if format_name == "tty" else f"a {format_name} list or script"
