"""Coded frames of a partitioned segment, and the digest of what they decode to (spec clause 7.10)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lincodec.registry import UNIT
from lincodec.types import Planes

#: Bytes before the coded frames: the first half of a SHA-256.
DIGEST_LENGTH = 16


@dataclass(frozen=True)
class Pictures:
    """All frames of a segment, as ``lincodec.core.partitioned`` decodes them."""

    shape: tuple[int, int, int]
    """(frames, rows, columns) of units."""
    digest: bytes
    """``PictureDigest.value`` of the decoded frames."""
    stream: bytes
    """Frame records in coding order."""


def units(size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of units of a picture of ``size`` (height, width)."""
    return -(-size[0] // UNIT), -(-size[1] // UNIT)


class PictureDigest:
    """SHA-256 over all samples of frames in display order, cut to half its length.

    A frame adds its planes, luma first, row by row: a byte a sample where samples have 8 bits, else
    two bytes, little-endian.
    """

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def add(self, planes: Planes) -> None:
        """Add the next frame, planes [h, w] uint8 or uint16."""
        for plane in planes:
            self._sha.update(plane.astype(plane.dtype.newbyteorder("<"), copy=False).tobytes())

    @property
    def value(self) -> bytes:
        """16 bytes."""
        return self._sha.digest()[:DIGEST_LENGTH]
