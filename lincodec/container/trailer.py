"""iNDX and DONE: how a file is found from its end (spec clauses 6.11 and 6.12)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lincodec import registry
from lincodec.container.cursor import require
from lincodec.container.sections import FRAME_SIZE
from lincodec.container.segment import SegmentHeader
from lincodec.errors import UnsupportedError
from lincodec.registry import SegmentFlag

#: first_frame, n_frames, offset, length, flags  # spec 6.11
_INDEX_ENTRY = struct.Struct("<IIQQI")
#: total_length, index_offset, n_sections, sha256  # spec 6.12
_DONE = struct.Struct("<QQI32s")
#: Bytes of a whole DONE section.
DONE_SIZE = FRAME_SIZE + registry.DONE_LENGTH


@dataclass(frozen=True)
class SegmentEntry:
    """Where one segment is: in the video and in the file."""

    first_frame: int
    n_frames: int
    offset: int
    """Byte offset of the SEGM section."""
    length: int
    """Bytes from there to the end of LATS."""
    continues: bool = False
    """No scene cut between the previous segment and this one."""

    @staticmethod
    def of(header: SegmentHeader, start: int, end: int) -> SegmentEntry:
        """The entry of a segment from its header and where SEGM starts and LATS ends."""
        return SegmentEntry(
            header.first_frame, header.n_frames, start, end - start, header.continues
        )

    @property
    def end_frame(self) -> int:
        """Index of the frame after the last."""
        return self.first_frame + self.n_frames


def pack_index(segments: tuple[SegmentEntry, ...]) -> bytes:
    """The iNDX payload."""
    return b"".join(
        _INDEX_ENTRY.pack(
            entry.first_frame,
            entry.n_frames,
            entry.offset,
            entry.length,
            SegmentFlag.CONTINUES if entry.continues else 0,
        )
        for entry in segments
    )


def parse_index(payload: bytes, end: int) -> tuple[SegmentEntry, ...]:
    """Decode and check an iNDX payload.

    Args:
        payload: The payload of iNDX.
        end: Byte offset of iNDX itself; segments lie before it.

    Raises:
        CorruptError: entries are not contiguous in frames, ascending in bytes, in the file.
        UnsupportedError: an unknown flag is set.
    """
    whole = len(payload) > 0 and len(payload) % _INDEX_ENTRY.size == 0
    require(whole, f"iNDX: {len(payload)} bytes, expected a multiple of {_INDEX_ENTRY.size}")
    entries, frame, position = [], 0, len(registry.SIGNATURE)
    for first, n_frames, offset, length, flags in _INDEX_ENTRY.iter_unpack(payload):
        if flags & ~int(SegmentFlag.CONTINUES):
            raise UnsupportedError("iNDX: an unknown flag is set; update linc")
        contiguous = first == frame and n_frames >= 1
        require(contiguous, f"iNDX: frames {first} to {first + n_frames}, expected from {frame}")
        inside = position <= offset and length >= 3 * FRAME_SIZE and offset + length <= end
        require(inside, f"iNDX: bytes {offset} to {offset + length} are out of order or file")
        entries.append(SegmentEntry(first, n_frames, offset, length, bool(flags)))
        frame, position = first + n_frames, offset + length
    return tuple(entries)


@dataclass(frozen=True)
class Done:
    """The decoded DONE section."""

    total_length: int
    """Bytes of the file, DONE included."""
    index_offset: int
    """Byte offset of iNDX, 0 when there is none."""
    n_sections: int
    """Sections of the file, DONE included."""
    sha256: bytes
    """SHA-256 of every byte before DONE."""

    def pack(self) -> bytes:
        """The DONE payload, 52 bytes."""
        return _DONE.pack(self.total_length, self.index_offset, self.n_sections, self.sha256)

    @staticmethod
    def parse(payload: bytes) -> Done:
        """Decode and check a DONE payload.

        Raises:
            CorruptError: the length is wrong.
        """
        require(len(payload) == _DONE.size, f"DONE: {len(payload)} bytes, expected {_DONE.size}")
        return Done(*_DONE.unpack(payload))
