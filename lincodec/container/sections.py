"""The section frame: type, length, payload, CRC-32 (spec clauses 4.2 and 4.3)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from lincodec import registry
from lincodec.errors import CorruptError, UnsupportedError

#: type, payload length  # spec 4.2
FRAME_HEADER = struct.Struct("<4sI")
FRAME_CRC = struct.Struct("<I")
#: Bytes a section takes beyond its payload.
FRAME_SIZE = FRAME_HEADER.size + FRAME_CRC.size

_CASE_BIT = 0x20


@dataclass(frozen=True)
class Section:
    """Where one section of a file is."""

    type: bytes
    """Four ASCII letters."""
    offset: int
    """Byte offset of the frame in the file."""
    length: int
    """Bytes of payload."""

    @property
    def payload_offset(self) -> int:
        """Byte offset of the payload in the file."""
        return self.offset + FRAME_HEADER.size

    @property
    def end(self) -> int:
        """Byte offset of what follows the section."""
        return self.offset + FRAME_SIZE + self.length

    @property
    def name(self) -> str:
        """The type as text."""
        return self.type.decode("ascii")


def is_critical(kind: bytes) -> bool:
    """Whether a reader that does not know this type must refuse the file (spec 4.3)."""
    return not kind[0] & _CASE_BIT


def is_safe_to_copy(kind: bytes) -> bool:
    """Whether an editor that does not know this type may keep it after a change (spec 4.3)."""
    return bool(kind[3] & _CASE_BIT)


def check_letters(kind: bytes) -> None:
    """Check that a section type is four ASCII letters.

    Raises:
        CorruptError: it is not, so this is no section.
    """
    if len(kind) != 4 or not (kind.isascii() and kind.isalpha()):
        raise CorruptError(f"section type {kind!r} is not four letters")


def check_known(kind: bytes) -> None:
    """Check that a reader may go on after a section of this type.

    Raises:
        UnsupportedError: an unknown critical type, or the reserved letter case.
    """
    if kind in registry.KNOWN_SECTIONS:
        return
    name = kind.decode("ascii")
    if kind[2] & _CASE_BIT:
        raise UnsupportedError(f"section {name} uses a reserved letter case; update linc")
    if is_critical(kind):
        raise UnsupportedError(f"unknown critical section {name}; update linc to read this file")


def section_crc(header: bytes, payload: bytes) -> int:
    """CRC-32 over type, length and payload."""
    return zlib.crc32(payload, zlib.crc32(header))


def pack_section(kind: bytes, payload: bytes) -> bytes:
    """One whole section.

    Args:
        kind: Four ASCII letters.
        payload: At most 2^31 - 1 bytes.

    Raises:
        CorruptError: the type is malformed.
        ValueError: the payload is too long.
    """
    if len(payload) > registry.MAX_SECTION_LENGTH:
        raise ValueError(f"section {kind!r}: {len(payload)} bytes do not fit in one section")
    check_letters(kind)
    header = FRAME_HEADER.pack(kind, len(payload))
    return header + payload + FRAME_CRC.pack(section_crc(header, payload))
