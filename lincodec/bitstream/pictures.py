"""Coded frames of a partitioned segment, and the digest of their samples (spec clause 7.10)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from lincodec.container import SegmentData, TensorEntry
from lincodec.errors import CorruptError
from lincodec.registry import UNIT, Mode
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


def unpack_pictures(data: SegmentData, size: tuple[int, int]) -> Pictures | None:
    """The coded frames of a segment, None of one that has none.

    Raises:
        CorruptError: they are not of pictures of ``size`` (height, width).
    """
    for entry, payload in zip(data.header.tensors, data.payloads, strict=True):
        if entry.mode == Mode.PARTITIONED:
            return pictures_of(entry, payload, size)
    return None


def pictures_of(entry: TensorEntry, payload: bytes, size: tuple[int, int]) -> Pictures:
    """The coded frames of a row of the tensor table."""
    shape = (entry.dims[0], *units(size))
    if entry.dims != shape:
        raise CorruptError(f"partitioned tensor: dims {entry.dims}; expected {shape}")
    return Pictures(shape, payload[:DIGEST_LENGTH], payload[DIGEST_LENGTH:])


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
            stored = plane.astype(plane.dtype.newbyteorder("<"), copy=False)
            self._sha.update(np.ascontiguousarray(stored).data)

    @property
    def value(self) -> bytes:
        """16 bytes."""
        return self._sha.digest()[:DIGEST_LENGTH]
