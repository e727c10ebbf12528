"""YUV4MPEG2 streams: own parser and writer, for pipes and files, without seeking."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from lincodec.errors import InputError, UsageError
from lincodec.types import ColorInfo, Planes, VideoInfo
from lincodec.video.color import upsample
from lincodec.video.media import Header, RawFrame
from lincodec.video.pixels import kept_shift, limited, planar_name

_MAGIC = b"YUV4MPEG2"
_MAX_LINE = 4096
_MAX_SIDE = 1 << 16
_SHIFTS = {"420": (1, 1), "422": (1, 0), "444": (0, 0), "411": (2, 0), "mono": None}
#: Siting of chroma, and all that is no alpha, has no influence.
_CHROMA = re.compile(r"(420|411|422|444|mono)(?:jpeg|mpeg2|paldv)?(alpha)?(?:p?(9|1[0-6]))?")
_FRAME = b"FRAME\n"


class Y4mSource:
    """Frames of a YUV4MPEG2 stream in the order they arrive; a file can be read again."""

    clock_resets = False

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Parse the stream header.

        Args:
            stream: Readable; need not be seekable.
            name: How error messages call it.

        Raises:
            InputError: Not YUV4MPEG2, or a form of it that is not supported.
        """
        self._stream = stream
        self._name = name
        self._owned = False
        self.warnings: list[str] = []
        self._alpha = False
        self._shift: tuple[int, int] | None = (1, 1)
        self.info = self._parse(_header_line(stream, name))
        self._whole = replace(self.info, chroma_shift=self._shift)
        self.time_base = 1 / self.info.fps
        self._begin = stream.tell() if stream.seekable() else None
        self.header = self._header()

    @classmethod
    def from_stdin(cls) -> Y4mSource:
        """The stream on standard input."""
        return cls(sys.stdin.buffer, "standard input")

    @classmethod
    def from_file(cls, path: str) -> Y4mSource:
        """The stream in a file, or that comes out of a pipe with a name.

        Raises:
            InputError: As for the class, or it cannot be opened.
        """
        try:
            stream = open(path, "rb")  # noqa: SIM115 (closed by close)
        except OSError as error:
            raise InputError(f"{path}: cannot be opened: {error.strerror}") from error
        try:
            found = cls(stream, path)
        except BaseException:
            stream.close()
            raise
        found._owned = True
        return found

    def frames(self) -> Iterator[RawFrame]:
        """All frames from the start; a pipe can be read once.

        Raises:
            InputError: A frame header is damaged. A last frame that is cut off is dropped
                with a warning.
        """
        if self._begin is not None:
            self._stream.seek(self._begin)
        total, number = self._frame_bytes, 0
        while True:
            line = self._stream.readline(_MAX_LINE)
            if not line:
                return
            if not line.startswith(b"FRAME") or not line.endswith(b"\n"):
                raise InputError(
                    f"{self._name}: frame {number}: expected a FRAME header, "
                    f"found {line[:16]!r}; the stream is damaged or its size is wrong"
                )
            data = _read_exactly(self._stream, total)
            if len(data) < total:
                self._warn(f"frame {number} is cut off and was dropped")
                return
            yield RawFrame(number, 1, _Ready(self._split(data)))
            number += 1

    def frames_from(self, seconds: float) -> None:
        """Frames are read through: always None."""
        return

    def total_seconds(self) -> float | None:
        """Seconds by the size of the file; None: unknown on a pipe."""
        return self.header.duration

    def close(self) -> None:
        """Close a file; any other stream belongs to the caller."""
        if self._owned:
            self._stream.close()

    @property
    def _frame_bytes(self) -> int:
        """Bytes of a frame behind its line."""
        width = 1 if self.info.bit_depth == 8 else 2
        sizes = self._whole.plane_sizes
        sizes += sizes[:1] if self._alpha else ()
        return sum(h * w for h, w in sizes) * width

    def _header(self) -> Header:
        count = None
        if self._begin is not None:
            end = self._stream.seek(0, os.SEEK_END)
            self._stream.seek(self._begin)
            count = (end - self._begin) // (len(_FRAME) + self._frame_bytes)
        seconds = None if count is None else float(count * self.time_base)
        shift = self.info.chroma_shift
        depth = self.info.bit_depth
        grey = "gray" if depth == 8 else f"gray{depth}le"
        name = grey if shift is None else planar_name(shift, depth)
        return Header("yuv4mpegpipe", "rawvideo", name, seconds, count, None)

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def _split(self, data: bytes) -> Planes:
        depth = self.info.bit_depth
        dtype = np.dtype(np.uint8 if depth == 8 else "<u2")
        planes, offset = [], 0
        for height, width in self._whole.plane_sizes:
            count = height * width
            plane = np.frombuffer(data, dtype, count, offset).reshape(height, width)
            planes.append(plane)
            offset += count * dtype.itemsize
        if self._shift != self.info.chroma_shift:
            size = self.info.plane_sizes[1]
            planes[1:] = [upsample(plane, (1, 0), *size) for plane in planes[1:]]
        read = tuple(planes)
        within = limited(read, depth)
        if within is not read:
            self._warn(f"samples beyond {depth} bits: limited to the largest code")
        return within

    def _parse(self, line: str) -> VideoInfo:
        tags: dict[str, str] = {}
        extra: dict[str, str] = {}
        for token in line.split()[1:]:
            if token[0] == "X":
                key, _, value = token[1:].partition("=")
                extra[key] = value
            else:
                tags[token[0]] = token[1:]
        width, height = self._side(tags, "W"), self._side(tags, "H")
        self._shift, depth = self._chroma(tags.get("C"), extra.get("YSCSS"))
        if tags.get("I", "p") not in ("p", "?"):
            self._warn("interlaced video: each frame is coded with both fields as one picture")
        stated = extra.get("COLORRANGE")
        return VideoInfo(
            width=width,
            height=height,
            fps=_ratio(tags.get("F", "25:1")) or Fraction(25),
            sar=_ratio(tags.get("A", "1:1")) or Fraction(1),
            bit_depth=depth,
            chroma_shift=self._shift and kept_shift(self._shift),
            # grey without a stated range is full range, as everywhere
            color=ColorInfo(full_range=stated == "FULL" or (not stated and self._shift is None)),
        )

    def _side(self, tags: dict[str, str], tag: str) -> int:
        text = tags.get(tag, "")
        if not text.isdigit() or not 0 < int(text) < _MAX_SIDE:
            raise InputError(
                f"{self._name}: YUV4MPEG2 header: expected {tag} with 1..{_MAX_SIDE - 1} samples, "
                f"found {text!r}"
            )
        return int(text)

    def _chroma(self, tag: str | None, older: str | None) -> tuple[tuple[int, int] | None, int]:
        """Subsampling and depth from C, or from XYSCSS where there is none."""
        text, name = (older or "420", "XYSCSS=") if tag is None else (tag, "C")
        match = _CHROMA.fullmatch(text.lower())
        if match is None:
            raise InputError(
                f"{self._name}: YUV4MPEG2 colour space {name}{text} is not supported; "
                "expected 420, 411, 422, 444 or mono with 8..16 bits"
            )
        self._alpha = match[2] is not None
        if self._alpha:
            self._warn("transparency is dropped")
        return _SHIFTS[match[1]], int(match[3] or 8)


class Y4mWriter:
    """Writes frames as YUV4MPEG2; times are lost, frames follow at the nominal rate."""

    def __init__(self, stream: BinaryIO, info: VideoInfo) -> None:
        """Write the stream header.

        Raises:
            UsageError: The subsampling has no YUV4MPEG2 name.
        """
        names = {(1, 1): "420", (1, 0): "422", (0, 0): "444", None: "mono"}
        if info.chroma_shift not in names:
            raise UsageError(f"y4m cannot hold chroma subsampling {info.chroma_shift}")
        chroma = names[info.chroma_shift]
        if info.bit_depth > 8:
            chroma += f"{'' if chroma == 'mono' else 'p'}{info.bit_depth}"
        elif chroma == "420":
            chroma = "420jpeg"
        self._stream = stream
        color = "FULL" if info.color.full_range else "LIMITED"
        fps, sar = info.fps, info.sar
        stream.write(
            f"YUV4MPEG2 W{info.width} H{info.height} F{fps.numerator}:{fps.denominator} Ip "
            f"A{sar.numerator}:{sar.denominator} C{chroma} XCOLORRANGE={color}\n".encode("ascii")
        )

    def write(self, planes: Planes) -> None:
        """Write one frame; planes as in ``info``, uint8 or uint16."""
        self._stream.write(b"FRAME\n")
        for plane in planes:
            data = plane if plane.dtype == np.uint8 else plane.astype("<u2", copy=False)
            self._stream.write(np.ascontiguousarray(data).tobytes())

    def flush(self) -> None:
        """Hand everything written so far to the stream's reader."""
        self._stream.flush()


class _Ready:
    """Planes that need no conversion."""

    def __init__(self, planes: Planes) -> None:
        self._planes = planes

    def __call__(self) -> Planes:
        return self._planes


def is_y4m(path: str) -> bool:
    """Whether a file begins as a YUV4MPEG2 stream does."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):
        return False


def _header_line(stream: BinaryIO, name: str) -> str:
    line = stream.readline(_MAX_LINE)
    if not line.startswith(_MAGIC) or not line.endswith(b"\n"):
        found = "nothing" if not line else repr(line[:16])
        raise InputError(
            f"{name}: expected a YUV4MPEG2 stream, found {found}; "
            "make one with 'ffmpeg -i IN -f yuv4mpegpipe -strict -1 -'"
        )
    return line.decode("ascii", errors="replace")


def _ratio(text: str) -> Fraction | None:
    match = re.fullmatch(r"(\d+):(\d+)", text)
    if match is None or int(match[1]) == 0 or int(match[2]) == 0:
        return None
    return Fraction(int(match[1]), int(match[2]))


def _read_exactly(stream: BinaryIO, count: int) -> bytes:
    """Read ``count`` bytes; fewer only at the end of the stream."""
    data = stream.read(count)
    if len(data) == count or not data:
        return data
    parts, have = [data], len(data)
    while have < count:
        more = stream.read(count - have)
        if not more:
            break
        parts.append(more)
        have += len(more)
    return b"".join(parts)
