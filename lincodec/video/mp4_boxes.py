"""Boxes of ISO base media files (MP4, QuickTime) that muxers do not write."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

_HEADER = struct.Struct(">I4s")
#: Bytes of a visual sample entry before its boxes, the header of eight included (ISO 14496-12).
_VISUAL = 86
_HANDLER = 8 + 8  # type in hdlr behind its header: version, flags and a reserved word
#: Boxes that hold other boxes, on the way to a sample table.
_INNER = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
#: Tables of chunk offsets, and the form of an entry.
_OFFSETS = {b"stco": ">I", b"co64": ">Q"}


def box(kind: bytes, payload: bytes) -> bytes:
    """One box."""
    return _HEADER.pack(_HEADER.size + len(payload), kind) + payload


def add_to_sample_entry(path: str | os.PathLike[str], boxes: bytes) -> None:
    """Append ``boxes`` to the sample entry of the video of a finished file, in place.

    Sizes of the boxes around and offsets of chunks behind are set right.

    Raises:
        ValueError: it is not a file with a video track as FFmpeg writes it.
    """
    data = Path(path).read_bytes()
    for start, stop, kind in _boxes(data, 0, len(data)):
        if kind == b"moov":
            moov = _with(data[start:stop], boxes, shift=len(boxes), behind=start)
            with open(path, "r+b") as file:
                file.seek(start)
                file.write(moov + data[stop:])
            return
    raise ValueError("no moov box")


def _boxes(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
    """(begin, end, type) of the boxes from ``start`` to ``stop``."""
    while start + _HEADER.size <= stop:
        size, kind = _HEADER.unpack_from(data, start)
        if size == 1:
            size = int.from_bytes(data[start + 8 : start + 16], "big")
        end = start + size if size else stop
        if not start + _HEADER.size <= end <= stop:
            raise ValueError(f"box {kind!r} at byte {start} has a wrong size")
        yield start, end, kind
        start = end


def _with(moov: bytes, boxes: bytes, *, shift: int, behind: int) -> bytes:
    """A movie box with ``boxes`` in its video entry; offsets after ``behind`` are moved."""
    out = bytearray(moov)
    path = _video_entry(moov)
    for start, _, kind in _walk(moov):
        if kind in _OFFSETS:
            form = struct.Struct(_OFFSETS[kind])
            (count,) = struct.unpack_from(">I", moov, start + 12)
            for index in range(count):
                at = start + 16 + index * form.size
                (offset,) = form.unpack_from(moov, at)
                if offset > behind:
                    form.pack_into(out, at, offset + shift)
    for start, _ in path:
        (size,) = struct.unpack_from(">I", out, start)
        struct.pack_into(">I", out, start, size + shift)
    end = path[-1][1]
    return bytes(out[:end] + boxes + out[end:])


def _walk(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, int, bytes]]:
    """All boxes down to the sample tables."""
    for begin, end, kind in _boxes(data, start, len(data) if stop is None else stop):
        yield begin, end, kind
        if kind in _INNER:
            yield from _walk(data, begin + _HEADER.size, end)


def _video_entry(moov: bytes) -> list[tuple[int, int]]:
    """(begin, end) of the boxes around the first video sample entry, itself last."""
    for track, track_end, kind in _boxes(moov, _HEADER.size, len(moov)):
        if kind != b"trak":
            continue
        found: dict[bytes, tuple[int, int]] = {}
        for begin, end, inner in _walk(moov, track, track_end):
            found.setdefault(inner, (begin, end))
        handler = found.get(b"hdlr", (0, 0))[0] + _HANDLER
        if moov[handler : handler + 4] != b"vide":
            continue
        table = found.get(b"stbl", (0, 0))
        for begin, end, inner in _boxes(moov, table[0] + _HEADER.size, table[1]):
            if inner == b"stsd":
                entry = begin + 16  # version, flags and the number of entries
                (size,) = struct.unpack_from(">I", moov, entry)
                if size < _VISUAL or entry + size > end:
                    raise ValueError("the sample entry has a wrong size")
                around = [found[k] for k in (b"mdia", b"minf", b"stbl")]
                return [
                    (0, len(moov)), (track, track_end), *around, (begin, end),
                    (entry, entry + size),
                ]  # fmt: skip
    raise ValueError("no video track")
