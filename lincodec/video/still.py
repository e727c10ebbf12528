"""One picture as PNG."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Colour type of RGB, filter of a line: differences to the line above.
_RGB, _UP = 2, 2
#: Six times as quick as the usual level, for a few per cent more bytes.
_LEVEL = 2


def png(rgb: NDArray[np.uint8]) -> bytes:
    """RGB samples [height, width, 3] as an 8-bit PNG."""
    height, width = rgb.shape[:2]
    lines = np.empty((height, 1 + 3 * width), np.uint8)
    samples = rgb.reshape(height, 3 * width)
    lines[:, 0] = _UP
    lines[0, 1:] = samples[0]
    np.subtract(samples[1:], samples[:-1], out=lines[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, _RGB, 0, 0, 0)
    data = zlib.compress(lines.data, _LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def write_png(path: Path, rgb: NDArray[np.uint8]) -> None:
    """Write RGB samples [height, width, 3] as an 8-bit PNG."""
    path.write_bytes(png(rgb))
