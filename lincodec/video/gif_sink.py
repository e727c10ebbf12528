"""Frames as an animated GIF, each with a palette of its own."""

from __future__ import annotations

import errno
from fractions import Fraction
from typing import Any

import av
from av.filter import Graph
from av.video.frame import VideoFrame

from lincodec.errors import LincError, ResourceError, UsageError
from lincodec.types import AudioTrack, Planes, VideoInfo
from lincodec.video.source import reason
from lincodec.video.square import rgb_frame, square_rgb

#: GIF counts hundredths of a second; players take less than two of them as ten.
_TICK = Fraction(1, 100)


class GifSink:
    """One GIF that plays for ever, upright and with square samples. Used by one thread."""

    def __init__(
        self, output: Any, name: str, info: VideoInfo, time_base: Fraction, audio: AudioTrack | None
    ) -> None:
        """Open the file.

        Raises:
            ResourceError: it cannot be written.
        """
        self.info, self._name, self._time_base = info, name, time_base
        self.warnings = ["gif holds 256 colours a frame, and times to a hundredth of a second"]
        if audio is not None:
            self.warnings.append("gif holds no audio: it is left out")
        target = "file:" + output if isinstance(output, str) else output
        try:
            self._container = av.open(target, mode="w", format="gif")
        except av.error.FFmpegError as error:
            raise self._failure(error) from error
        self._stream: Any = None
        self._last = -1

    def write(self, planes: Planes, pts: int, duration: int) -> None:
        """Add one frame shown at ``pts``."""
        coded = _paletted(rgb_frame(square_rgb(planes, self.info)))
        self._last = max(self._last + 1, round(pts * self._time_base / _TICK))
        coded.pts, coded.time_base = self._last, _TICK
        try:
            if self._stream is None:
                self._stream = self._container.add_stream("gif", rate=100)
                self._stream.width, self._stream.height = coded.width, coded.height
                self._stream.pix_fmt = "pal8"
                self._stream.codec_context.time_base = _TICK
            self._container.mux(self._stream.encode(coded))
        except av.error.FFmpegError as error:
            raise self._failure(error) from error

    def finish(self) -> None:
        """Write the rest."""
        try:
            if self._stream is not None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        except av.error.FFmpegError as error:
            raise self._failure(error) from error

    def abort(self) -> None:
        """Let go without finishing."""
        try:
            self._container.close()
        except (av.error.FFmpegError, ValueError):
            return

    def _failure(self, error: av.error.FFmpegError) -> LincError:
        if error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT):
            return ResourceError(f"{self._name}: cannot write gif: {reason(error)}")
        return UsageError(f"{self._name}: cannot write gif: {reason(error)}")


def _paletted(frame: VideoFrame) -> VideoFrame:
    """An RGB frame with the 256 colours that suit it best, dithered."""
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_TICK
    )
    split, palette = graph.add("split"), graph.add("palettegen", "reserve_transparent=0")
    use, sink = graph.add("paletteuse"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    frame.pts = 0
    graph.push(frame)
    graph.push(None)
    found: Any = graph.pull()
    return found  # type: ignore[no-any-return]
