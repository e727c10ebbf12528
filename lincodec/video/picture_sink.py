"""Frames as one picture file each, upright and with square samples."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from lincodec.errors import UsageError
from lincodec.types import Planes, VideoInfo
from lincodec.video.outputs import is_numbered, numbered
from lincodec.video.square import rgb_frame, square_rgb

#: Quantiser of JPEG where none is given, 2 to 31.
_QUANTISER = 2


class PictureSink:
    """A numbered row of PNG or JPEG files; the first has the number 1. Used by one thread.

    ``put`` is called with the name and the bytes of each.
    """

    def __init__(
        self, output: str, info: VideoInfo, kind: str, crf: float | None, put: Any
    ) -> None:
        """Begin a row.

        Args:
            output: name with a number such as ``%04d`` in it, or of a single picture.
            info: of what ``write`` is given.
            kind: png or jpg.
            crf: quantiser of JPEG, 2 to 31; None: 2.
            put: writes one file.

        Raises:
            UsageError: there is more than one picture and no number, or ``crf`` is out of range.
        """
        if info.n_frames != 1 and not is_numbered(output):
            raise UsageError(
                f"{output}: one picture holds one frame; name them such as frame_%04d.{kind}, or "
                "use linc frame, or --frames 1"
            )
        if crf is not None and not 2 <= crf <= 31:
            raise UsageError(f"--crf {crf:g}: expected 2 to 31, the quantiser of JPEG")
        self.info = info
        self.warnings: list[str] = []
        self._output, self._kind, self._put = output, kind, put
        self._quantiser = crf or _QUANTISER
        self._count = 0

    def write(self, planes: Planes, pts: int, duration: int) -> None:
        """Write the next picture."""
        self._count += 1
        deep = self._kind == "png" and self.info.bit_depth > 8
        picture = square_rgb(planes, self.info, deep=deep)
        self._put(numbered(self._output, self._count), self._coded(picture))

    def finish(self) -> None:
        """Every file is complete already."""

    def abort(self) -> None:
        """What is written stays: every picture is whole."""

    def _coded(self, picture: NDArray[Any]) -> bytes:
        """RGB [height, width, 3] as a file."""
        height, width = picture.shape[:2]
        deep = picture.dtype == np.uint16
        frame = rgb_frame(picture)
        if self._kind == "png":
            codec, pix_fmt = "png", "rgb48be" if deep else "rgb24"
        else:
            codec, pix_fmt = "mjpeg", "yuvj444p"
        context: Any = av.CodecContext.create(codec, "w")
        context.width, context.height, context.pix_fmt = width, height, pix_fmt
        context.time_base = Fraction(1, 25)
        if self._kind == "jpg":
            context.color_range = 2
            context.options = {"qmin": "1", "global_quality": f"{round(118 * self._quantiser)}"}
            context.flags |= 2  # AV_CODEC_FLAG_QSCALE
            frame = frame.reformat(format=pix_fmt, dst_color_range=2, threads=1)
        elif deep:
            frame = frame.reformat(format=pix_fmt, threads=1)
        return b"".join(bytes(p) for p in [*context.encode(frame), *context.encode(None)])
