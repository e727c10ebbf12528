"""Formats of output files: what names stand for them, and what they hold when nobody says."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from lincodec.errors import UsageError


@dataclass(frozen=True)
class Kind:
    """A format of output files."""

    suffixes: tuple[str, ...]
    """Ends of names that mean it; none: it is only asked for."""
    muxer: str
    """FFmpeg's name of it; empty: written without FFmpeg's muxers."""
    codec: str
    """Encoder of its video unless another is asked for."""


@dataclass(frozen=True)
class Coding:
    """How video is to be encoded."""

    codec: str
    """FFmpeg encoder name."""
    crf: float | None = None
    """Constant quality of that encoder; None: a nearly transparent default."""
    preset: str | None = None
    """Speed preset of that encoder; None: of libx264 one that keeps up with decoding."""
    pix_fmt: str | None = None
    """FFmpeg pixel format; None keeps depth and subsampling where possible."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further options of the encoder."""
    lossless: bool = False
    """Whether the encoder is to keep every sample."""


KINDS: Mapping[str, Kind] = {
    "mp4": Kind((".mp4", ".m4v"), "mp4", "libx264"),
    "mov": Kind((".mov", ".qt"), "mov", "libx264"),
    "mkv": Kind((".mkv",), "matroska", "libx264"),
    "webm": Kind((".webm",), "webm", "libvpx-vp9"),
    "gif": Kind((".gif",), "gif", "gif"),
    "png": Kind((".png",), "", "png"),
    "jpg": Kind((".jpg", ".jpeg"), "", "mjpeg"),
    "y4m": Kind((".y4m",), "", ""),
    "null": Kind((), "", ""),
}
#: Formats of one file for each frame.
PICTURES = ("png", "jpg")
#: A number in the name of a picture, as in ``frame_%04d.png``.
_NUMBER = re.compile(r"%(0\d{1,2})?d")


def format_of(output: str | BinaryIO) -> str:
    """The output format that a name stands for.

    Raises:
        UsageError: The name's suffix is not known.
    """
    if not isinstance(output, str) or output == "-":
        return "y4m"
    suffix = os.path.splitext(output)[1].lower()
    for name, kind in KINDS.items():
        if suffix in kind.suffixes:
            return name
    known = ", ".join(suffix for kind in KINDS.values() for suffix in kind.suffixes)
    raise UsageError(
        f"{output}: cannot tell the format from the name; expected one of {known}, or give --format"
    )


def check_kind(kind: str, output: str | BinaryIO) -> None:
    """Check that a format exists and can go where it is to go.

    Raises:
        UsageError: It does not, or cannot.
    """
    if kind not in KINDS:
        raise UsageError(f"unknown output format {kind!r}: expected one of {', '.join(KINDS)}")
    if output == "-" and kind not in ("y4m", "null"):
        raise UsageError(f"{kind} cannot be written to a pipe; use y4m, or a file name")


def numbered(output: str, number: int) -> str:
    """The name of picture ``number``; that of ``output`` itself where it has no number in it."""
    folder, name = os.path.split(output)
    found = _NUMBER.search(name)
    if found is None:
        return output
    digits = int(found[1] or 0)
    return os.path.join(folder, f"{name[: found.start()]}{number:0{digits}d}{name[found.end() :]}")


def is_numbered(output: str) -> bool:
    """Whether a name stands for many."""
    return _NUMBER.search(os.path.basename(output)) is not None
