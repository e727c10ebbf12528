"""What a media file holds beside its pictures and its first audio track: read and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition

from lincodec.errors import InputError
from lincodec.types import Beside, Chapter, Display, Track
from lincodec.video.audio import Window, read_stream
from lincodec.video.source import open_container, reason, video_stream

#: Tags that say how a file was written and are no longer true, or are kept elsewhere.
_PASSING = {
    "major_brand", "minor_version", "compatible_brands", "encoder", "duration", "vendor_id",
    "alpha_mode", "rotate",
}  # fmt: skip
#: Starts of such tags.
_PASSING_STARTS = ("_statistics", "bps", "number_of_", "handler_name")


@dataclass(frozen=True)
class Found:
    """What there is, and what of it is not kept."""

    beside: Beside
    losses: tuple[str, ...]


def read_beside(source: str, display: Display, window: Window) -> Found:
    """Read everything of a file beside its pictures and its first audio track.

    Args:
        source: path of a media file.
        display: what its frames say.
        window: the part of the file that is wanted.

    Raises:
        InputError: the file cannot be opened.
    """
    with open_container(source) as container:
        video = video_stream(container, source)
        first = container.streams.best("audio", related=video)
        indices = [
            stream.index
            for stream in container.streams
            if stream.type in ("audio", "subtitle")
            and stream is not first
            and (first is None or stream.index != first.index)
        ]
        losses = _losses(container)
        beside = Beside(
            tags=kept_tags(container.metadata),
            video=kept_tags(video.metadata),
            audio=kept_tags(first.metadata) if first is not None else {},
            dispositions=_names(first.disposition) if first is not None else (),
            chapters=tuple(_chapters(container, window)),
            attachments=_attached(container),
            display=display,
        )
    tracks = []
    for index in indices:
        found = _track(source, index, window)
        if isinstance(found, Track):
            tracks.append(found)
        elif found:
            losses.append(found)
    return Found(replace(beside, tracks=tuple(tracks)), tuple(losses))


def kept_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that say something of the video and not of the file."""
    return {
        key: value
        for key, value in tags.items()
        if value and key.lower() not in _PASSING and not key.lower().startswith(_PASSING_STARTS)
        and (key, value) != ("language", "und")
    }  # fmt: skip


def _track(source: str, index: int, window: Window) -> Track | str | None:
    """One further stream; text: why it is not kept; None: it is empty."""
    with open_container(source) as container:
        stream: Any = container.streams[index]
        context = stream.codec_context
        if context is None:
            return f"{stream.type} stream {index} is left out: this FFmpeg does not know its codec"
        try:
            found = read_stream(container, stream, window)
        except av.error.FFmpegError as error:
            raise InputError(f"{source}: cannot read stream {index}: {reason(error)}") from error
        if found is None:
            return None
        names = ("codec", "time_base", "sample_rate", "layout", "bit_rate", "extradata", "packets")
        return Track(
            **{name: getattr(found, name) for name in names},
            kind=stream.type,
            tags=kept_tags(stream.metadata),
            dispositions=_names(stream.disposition),
        )


def _attached(container: InputContainer) -> tuple[str, ...]:
    """Names of attached files."""
    streams = [stream for stream in container.streams if stream.type == "attachment"]
    return tuple(stream.metadata.get("filename", "without a name") for stream in streams)


def _names(disposition: Disposition) -> tuple[str, ...]:
    return tuple(each.name for each in Disposition if each & disposition and each.name)


def _chapters(container: InputContainer, window: Window) -> Iterator[Chapter]:
    """Chapters that are shown in the window, relative to its first frame."""
    for each in container.chapters():
        base = Fraction(each["time_base"] or 1)
        start, end = (each[key] * base - window.origin for key in ("start", "end"))
        if end <= 0 and window.trim_start:
            continue
        if window.length is not None and start >= window.length:
            continue
        if end >= start:
            yield Chapter(start, end, dict(each["metadata"]))


def _losses(container: InputContainer) -> list[str]:
    """What is in the file and not kept."""
    lines = []
    attached = _attached(container)
    if attached:
        lines.append(f"attached files are left out, their names are kept: {', '.join(attached)}")
    for stream in container.streams:
        if stream.type == "data":
            what = stream.metadata.get("handler_name") or stream.name or "of unknown kind"
            lines.append(f"data stream {stream.index} ({what}) is left out")
    return lines
