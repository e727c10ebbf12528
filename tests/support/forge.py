"""Files that are wrong on purpose, with checksums that are right."""

from __future__ import annotations

import hashlib
import struct
import zlib

from lincodec import registry

#: Offsets in the payload of HEAD.
VERSION_NEEDED = 2
WIDTH = 12
HEIGHT = 16
FRAMES = 20


def sections_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """(type, payload) of every section, nothing checked."""
    at, found = len(registry.SIGNATURE), []
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def file_of(sections: list[tuple[bytes, bytes]]) -> bytes:
    """The file of these sections, less the index, with correct CRCs and DONE."""
    kept = [section for section in sections if section[0] != registry.INDX]
    out = bytearray(registry.SIGNATURE)
    for kind, payload in kept:
        if kind == registry.DONE:
            digest = hashlib.sha256(out).digest()
            payload = struct.pack("<QQI32s", len(out) + 64, 0, len(kept), digest)
        frame = struct.pack("<4sI", kind, len(payload)) + payload
        out += frame + struct.pack("<I", zlib.crc32(frame))
    return bytes(out)


def with_section(data: bytes, kind: bytes, payload: bytes, at: int = 2) -> bytes:
    """The file with one more section, as number ``at``."""
    sections = sections_of(data)
    return file_of([*sections[:at], (kind, payload), *sections[at:]])


def with_head(data: bytes, offset: int, value: bytes) -> bytes:
    """The file with some bytes of HEAD replaced."""
    (kind, head), *rest = sections_of(data)
    assert kind == registry.HEAD
    return file_of([(kind, head[:offset] + value + head[offset + len(value) :]), *rest])
