"""Frames as YUV4MPEG2 into a file or a pipe."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import BinaryIO

from lincodec.errors import UsageError
from lincodec.types import AudioTrack, Planes, VideoInfo
from lincodec.video.outformat import convert, named_format
from lincodec.video.y4m import Y4mWriter


class Y4mSink:
    """One output, a path, standard output or a file object. Used by one thread."""

    def __init__(
        self,
        output: str | BinaryIO,
        info: VideoInfo,
        pix_fmt: str | None,
        audio: AudioTrack | None,
    ) -> None:
        self.warnings = _losses(info, audio)
        self.info = info
        if pix_fmt is not None:
            chosen = named_format(info, pix_fmt)
            if chosen.is_rgb or chosen.name != chosen.planar:
                raise UsageError(f"y4m cannot hold {pix_fmt}; use a planar format like yuv420p")
            self.info = chosen.info
        self._source = info
        self._owned: BinaryIO | None = None
        stream = output if not isinstance(output, str) else sys.stdout.buffer
        if isinstance(output, str) and output != "-":
            try:
                stream = self._owned = open(output, "wb")  # noqa: SIM115 (closed by finish)
            except OSError as error:
                raise UsageError(f"{output}: cannot create the file: {error.strerror}") from error
        self._writer = Y4mWriter(stream, self.info)

    def write(self, planes: Planes, pts: int, duration: int) -> None:
        """Write the frame; its times are given by the header's rate."""
        self._writer.write(convert(planes, self._source, self.info))

    def finish(self) -> None:
        """Flush; close a file that was opened here."""
        self._writer.flush()
        if self._owned is not None:
            self._owned.close()

    def abort(self) -> None:
        """Close a file that was opened here."""
        if self._owned is not None:
            with suppress(OSError):  # what is buffered may not fit on the disk: it is given up
                self._owned.close()


def _losses(info: VideoInfo, audio: AudioTrack | None) -> list[str]:
    """What YUV4MPEG2 has no place for."""
    color = info.color
    losses = []
    if (color.primaries, color.transfer, color.matrix) != (2, 2, 2):
        losses.append("y4m holds no colour tags other than the range")
    if audio is not None:
        losses.append("y4m holds no audio: it is left out")
    if info.rotation:
        losses.append(f"y4m holds no rotation: turn by {info.rotation} degrees to view")
    if info.mirrored:
        losses.append("y4m holds no mirroring: exchange left and right to view")
    return losses
