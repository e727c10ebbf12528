"""Opening a local media file: what is refused, which stream, which rate, which colour."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from fractions import Fraction

import av
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lincodec.errors import InputError
from lincodec.registry import SIGNATURE
from lincodec.types import ColorInfo, VideoInfo
from lincodec.video.facts import side_data
from lincodec.video.orientation import orientation

# Demuxers that turn text or lists of other files into "video".
_REFUSED_FORMATS = frozenset({"tty", "concat", "hls", "dash", "lavfi", "ffmetadata"})
#: Streams that are no picture of their own.
_ASIDE = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.dependent
#: For the demuxer of pictures; the others have no such option.
_ONE_FILE = {"pattern_type": "none"}
_AUXILIARY = re.compile(r"\b(?:alpha|depth|matte|disparity)\b")
_RAW_VIDEO_SUFFIXES = (".yuv", ".i420", ".rgb", ".raw")


class TilesError(InputError):
    """There is no stream that is a picture, only parts of one."""


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
        # "file:" keeps names such as "concat:a|b" or "a:b" from selecting a protocol, and the
        # option those with "%d" or "*" from meaning other pictures.
        container = av.open(
            "file:" + source, metadata_errors="replace", container_options=_ONE_FILE
        )
    except av.error.FFmpegError as error:
        if _is_linc(source):
            raise InputError(
                f"{source}: is a .linc file already; expected a video, see linc decode"
            ) from error
        raise InputError(f"{source}: not a video that can be read ({reason(error)})") from error
    if container.format.name in _REFUSED_FORMATS:
        name = container.format.name
        container.close()
        raise InputError(f"{source}: expected a video file, found {_described(name)}")
    return container


def _is_linc(source: str) -> bool:
    """Whether a file begins as ours do."""
    with open(source, "rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE


def video_stream(container: InputContainer, source: str) -> VideoStream:
    """The video stream to encode.

    Cover art, thumbnails and parts of other pictures are none. Of the others, those that stand
    beside a picture (its alpha or depth) come last, then single pictures beside moving ones; of
    what is left FFmpeg's best one.

    Raises:
        TilesError: There are only parts of a picture, perhaps with a small one beside.
        InputError: There is none.
    """
    videos = container.streams.video
    streams = [s for s in videos if s.codec_context is not None]
    shown = [s for s in streams if not s.disposition & _ASIDE]
    if any(map(is_tile, streams)) and all(map(_is_still, shown)):
        raise TilesError(f"{source}: is a picture in tiles")
    if not shown:
        if videos and not streams:
            raise InputError(f"{source}: this FFmpeg has no decoder for its video")
        what = "cover art only" if streams else "no video stream"
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "none"
        raise InputError(f"{source}: expected a video stream, found {what} (streams: {kinds})")
    best = container.streams.best("video")

    def rank(stream: VideoStream) -> tuple[bool, bool, bool]:
        is_best = best is not None and stream.index == best.index
        return _is_auxiliary(stream, shown), _is_still(stream), not is_best

    return min(shown, key=rank)


def is_tile(stream: VideoStream) -> bool:
    """Whether a stream is a part of a picture that others are parts of too."""
    return bool(stream.disposition & Disposition.dependent)


def _is_auxiliary(stream: VideoStream, others: Sequence[VideoStream]) -> bool:
    """Whether a stream is the alpha or depth of another: it says so, or is grey beside colour."""
    words = " ".join(stream.metadata.get(key, "") for key in ("title", "handler_name")).lower()
    if _AUXILIARY.search(words):
        return True
    return _is_grey(stream) and any(
        not _is_grey(other) and _size(other) == _size(stream) for other in others
    )


def _is_grey(stream: VideoStream) -> bool:
    return (stream.codec_context.pix_fmt or "").startswith("gray")


def _size(stream: VideoStream) -> tuple[int, int]:
    return stream.codec_context.width, stream.codec_context.height


def _is_still(stream: VideoStream) -> bool:
    """Whether a stream is one picture, as items of HEIF files are."""
    return bool(stream.disposition & Disposition.still_image) or stream.frames == 1


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
    matrix = side_data(frame).get(SideDataType.DISPLAYMATRIX)
    turned, mirrored = orientation(bytes(matrix)) if matrix is not None else (0.0, False)
    rotation = round(turned) % 360
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
        mirrored=mirrored,
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
