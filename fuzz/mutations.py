"""Broken variants of sound files: every section, every field, checksums repaired.

Nothing here knows a field of the format: sections are taken from whatever files are given, and
every byte of every payload is a field of one, two, four or eight bytes. New sections and
new tensors are covered as soon as a vector has them.
"""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "format_spec" / "vectors"

SIGNATURE_SIZE = 8
_INDEX, _DONE = b"iNDX", b"DONE"

#: What a field is set to: ends of ranges, signs, not-a-number and infinity in binary32.
VALUES: dict[int, tuple[bytes, ...]] = {
    1: tuple(bytes([v]) for v in (0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF)),
    2: tuple(struct.pack("<H", v) for v in (0, 1, 0x7FFF, 0x8000, 0xFFFF)),
    4: tuple(
        struct.pack("<I", v)
        for v in (0, 1, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF,
                  0x7FC00000, 0x7F800000, 0xFF800000, 0x7F7FFFFF, 0x00000001)
    ),
    8: tuple(struct.pack("<Q", v) for v in (0, 1 << 31, 1 << 32, (1 << 63) - 1, (1 << 64) - 1)),
}  # fmt: skip

Sections = list[tuple[bytes, bytes]]


def corpus() -> dict[str, bytes]:
    """Name and bytes of every good vector."""
    return {path.stem: path.read_bytes() for path in sorted(VECTORS.glob("good/*.linc"))}


def split(data: bytes) -> Sections:
    """(type, payload) of every section of a sound file."""
    at, sections = SIGNATURE_SIZE, []
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        sections.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return sections


def join(signature: bytes, sections: Sections, *, index: bool = True) -> bytes:
    """A file of these sections; CRCs, offsets of the index and DONE are made right.

    Args:
        index: whether the offsets in iNDX follow the segments; its other fields stay.
    """
    out, offset, starts = bytearray(signature), 0, []
    for kind, payload in sections:
        if kind == b"SEGM":
            starts.append(len(out))
        if kind == _INDEX:
            offset = len(out)
            if index:
                payload = _index_of(payload, starts)
        if kind == _DONE and len(payload) == 52:
            digest = hashlib.sha256(out).digest()
            payload = struct.pack("<QQI32s", len(out) + 64, offset, len(sections), digest)
        frame = struct.pack("<4sI", kind, len(payload)) + payload
        out += frame + struct.pack("<I", zlib.crc32(frame))
    return bytes(out)


def _index_of(payload: bytes, starts: list[int]) -> bytes:
    rows = bytearray(payload)
    for row, start in enumerate(starts):
        if 28 * row + 16 <= len(rows):
            struct.pack_into("<Q", rows, 28 * row + 8, start)
    return bytes(rows)


def with_payload(data: bytes, number: int, payload: bytes) -> bytes:
    """The file with the payload of one section replaced and everything repaired."""
    sections = split(data)
    sections[number] = (sections[number][0], payload)
    return join(data[:SIGNATURE_SIZE], sections)


def field_mutations(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(what was done, file): every field of every section at every value of ``VALUES``."""
    for number, (kind, payload) in enumerate(split(data)):
        name = kind.decode("ascii")
        for offset in range(len(payload)):
            fresh = {
                value
                for width, values in VALUES.items()
                for value in values
                if offset + width <= len(payload)
                and (width == 1 or offset % 2 == 0)
                and payload[offset : offset + width] != value
            }
            for value in sorted(fresh):
                changed = payload[:offset] + value + payload[offset + len(value) :]
                yield f"{name}+{offset}={value.hex()}", with_payload(data, number, changed)


def section_mutations(data: bytes, others: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """(what was done, file): sections lost, doubled, swapped, renamed, cut, extended, spliced."""
    signature, sections = data[:SIGNATURE_SIZE], split(data)
    kinds = sorted({kind for kind, _ in sections} | {b"XXXX", b"xxXx", b"xxxx", b"SEGM"})
    for i, (kind, payload) in enumerate(sections):
        rest = sections[:i] + sections[i + 1 :]
        yield f"without {i}", join(signature, rest)
        yield f"twice {i}", join(signature, [*sections[: i + 1], *sections[i:]])
        for j in range(len(sections)):
            yield f"moved {i} to {j}", join(signature, [*rest[:j], sections[i], *rest[j:]])
        for other in kinds:
            yield (
                f"{i} as {other!r}",
                join(signature, [*sections[:i], (other, payload), *sections[i + 1 :]]),
            )
        for cut in (1, 2, 4, len(payload) // 2, len(payload)):
            yield f"{i} cut {cut}", with_payload(data, i, payload[: max(0, len(payload) - cut)])
        for more in (b"\0", b"\xff" * 4, bytes(1000)):
            yield f"{i} longer {len(more)}", with_payload(data, i, payload + more)
        for other_file in others:
            for other, content in split(other_file):
                if other == kind and content != payload:
                    yield f"{i} spliced", with_payload(data, i, content)


def random_mutations(seed: int, files: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """(what was done, file), without end: one to four changes at once, checksums repaired."""
    chance = random.Random(seed)
    for number in range(1 << 62):
        data = chance.choice(files)
        sections = split(data)
        for _ in range(chance.randint(1, 4)):
            i = chance.randrange(len(sections))
            kind, payload = sections[i]
            sections[i] = (kind, _changed(chance, payload))
        yield (
            f"random {seed}:{number}",
            join(data[:SIGNATURE_SIZE], sections, index=chance.random() < 0.9),
        )


def _changed(chance: random.Random, payload: bytes) -> bytes:
    """A payload with one random change."""
    if not payload:
        return bytes(chance.randrange(8))
    at, how = chance.randrange(len(payload)), chance.randrange(6)
    if how == 0:
        return payload[:at] + bytes([payload[at] ^ 1 << chance.randrange(8)]) + payload[at + 1 :]
    if how == 1:
        width = chance.choice((1, 2, 4, 8))
        return payload[:at] + chance.choice(VALUES[width]) + payload[at + width :]
    if how == 2:
        return payload[:at] + chance.randbytes(chance.randint(1, 8)) + payload[at:]
    if how == 3:
        return payload[:at] + payload[at + chance.randint(1, 8) :]
    if how == 4:
        value = int.from_bytes(payload[at : at + 4], "little") + chance.choice((-1, 1, 2, 16))
        fresh = (value % (1 << 32)).to_bytes(4, "little")
        return payload[:at] + fresh[: len(payload) - at] + payload[at + 4 :]
    other = chance.randrange(len(payload))
    return payload[:at] + payload[other : other + 8] + payload[at + 8 :]
