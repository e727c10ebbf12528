"""Bounds on what a file or a request may make a reader allocate (spec clause 9)."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass

from lincodec import registry
from lincodec.errors import LimitError, UsageError


@dataclass(frozen=True)
class Limits:
    """What a reader accepts; checked from declared sizes, before anything is allocated."""

    side: int = registry.LIMIT_SIDE
    """Largest width or height in samples."""
    area: int = registry.LIMIT_AREA
    """Largest width times height in samples."""
    frames: int = registry.LIMIT_FRAMES
    """Most frames of a video."""
    params: int = registry.LIMIT_PARAMS
    """Most tensor elements of one segment."""
    symbols: int = registry.LIMIT_SYMBOLS
    """Most entropy-coded tensor elements of one segment."""
    tensors: int = registry.LIMIT_TENSORS
    """Most tensors of one segment."""
    sections: int = registry.LIMIT_SECTIONS
    """Most sections of one file."""
    metadata: int = registry.LIMIT_METADATA
    """Largest mETa payload in bytes."""
    ancillary: int = registry.LIMIT_ANCILLARY
    """Largest payload in bytes of every other ancillary section, aUDi excepted."""
    payload: int = registry.LIMIT_PAYLOAD
    """Largest payload of WGTS or LATS in bytes."""
    audio: int = registry.LIMIT_AUDIO
    """Largest payload of aUDi in bytes."""
    expansion: int = registry.LIMIT_EXPANSION
    """Most tensor elements of a segment beyond 2^24, per byte of the file."""
    work: int = registry.LIMIT_WORK
    """Most multiplications of the network for one frame at native size."""
    pictures: int = registry.LIMIT_PICTURES
    """Most luma samples of exact pictures of a segment that are needed at once."""
    packets: int = registry.LIMIT_PACKETS
    """Most audio packets."""

    def check(self, name: str, value: int, where: str) -> int:
        """Return ``value``, or raise when it is above the limit called ``name``.

        Raises:
            LimitError: names the limit, its value and how to raise it.
        """
        limit: int = getattr(self, name)
        if value > limit:
            raise LimitError(
                f"{where}: {value} {name} exceeds the limit of {limit}; "
                f"if you trust the file, raise it with --limit {name}={value}"
            )
        return value

    def check_picture(self, width: int, height: int, where: str) -> None:
        """Check a picture size against ``side`` and ``area``.

        Raises:
            LimitError: the picture is too large.
        """
        self.check("side", max(width, height), where)
        self.check("area", width * height, where)

    def replaced(self, settings: str) -> Limits:
        """A copy with one limit changed by text of the form ``name=value``.

        Raises:
            UsageError: there is no such limit, or the value is not a positive integer.
        """
        name, _, text = settings.partition("=")
        names = [field.name for field in dataclasses.fields(self)]
        if name not in names:
            raise UsageError(f"unknown limit {name!r}; there are {', '.join(names)}")
        if not text.isascii() or not text.isdigit() or int(text) == 0:
            raise UsageError(f"limit {name}: expected a positive integer, found {text!r}")
        return dataclasses.replace(self, **{name: int(text)})

    @staticmethod
    def unlimited() -> Limits:
        """Limits that refuse nothing; for files whose origin is trusted."""
        names = (field.name for field in dataclasses.fields(Limits))
        return Limits(**dict.fromkeys(names, sys.maxsize))
