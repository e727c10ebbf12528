"""Whole files: writing, lazy reading, the full check, and every kind of damage."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from lincodec import registry
from lincodec.container import Head, LincArch, LincFile, LincWriter, structure
from lincodec.container.source import Source
from lincodec.errors import (
    ChecksumError,
    CorruptError,
    LimitError,
    LincError,
    TruncatedError,
    UnsupportedError,
)
from lincodec.limits import Limits

Make = Callable[..., bytes]


def open_bytes(data: bytes, limits: Limits | None = None) -> LincFile:
    return LincFile(io.BytesIO(data), limits, name="x.linc")


def check(data: bytes) -> None:
    """Open, read everything and verify the structure."""
    file = open_bytes(data)
    for index in range(len(file.segments)):
        assert len(file.read_segment(index).payloads) == 3
    file.times()
    file.audio()
    file.tags()
    file.digest()
    file.quality()
    file.verify_structure()


# ---------------------------------------------------------------- what is written


def test_first_bytes(tiny: bytes) -> None:
    assert tiny[:8] == b"\x89LNC\r\n\x1a\n"
    assert tiny[8:16] == b"HEAD\x40\0\0\0"
    assert tiny[-64:-56] == b"DONE\x34\0\0\0"
    assert struct.unpack_from("<Q", tiny, len(tiny) - 56)[0] == len(tiny)


def test_canonical_order(kit: SimpleNamespace, tiny: bytes) -> None:
    kinds = [kind for kind, _ in kit.split(tiny)]
    assert b" ".join(kinds) == (
        b"HEAD ARCH TIME SEGM WGTS LATS SEGM WGTS LATS aUDi dGST qLTY mETa iNDX DONE"
    )


def test_everything_comes_back(kit: SimpleNamespace, tiny: bytes) -> None:
    file = open_bytes(tiny)
    assert (file.n_frames, file.info.n_frames, file.info.width) == (4, 4, 18)
    assert file.arch == LincArch(3, 4, 2)
    assert (file.times(), file.audio(), file.tags()) == (kit.times, kit.audio, kit.tags)
    assert (file.digest(), file.quality()) == (bytes(32), kit.quality)
    for index in range(2):
        data = file.read_segment(index)
        assert (data.header, data.wgts, data.lats) == kit.segment(index)
    assert [file.segment_at(frame) for frame in range(4)] == [0, 0, 1, 1]
    assert file.section_length(registry.DGST) == 44


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("optional", [True, False])
@pytest.mark.parametrize("counts", [True, False])
def test_optional_parts(make: Make, *, index: bool, optional: bool, counts: bool) -> None:
    data = make(index=index, optional=optional, counts=counts)
    check(data)
    file = open_bytes(data)
    assert file.n_frames == 4
    assert file.is_variable_rate == file.has_audio == optional


def test_writer_appends_only(kit: SimpleNamespace) -> None:
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    writer = LincWriter(pipe)  # type: ignore[arg-type]
    writer.add(registry.HEAD, Head(8, 8, kit.times.time_base, 2, 1, 99, 9).pack())
    writer.add(registry.ARCH, LincArch(3, 4, 2).pack())
    writer.add_segment(*kit.segment(0))
    writer.finish()
    check(pipe.data)
    assert b"iNDX" not in pipe.data  # it would tell of the one segment there is


def test_writer_refuses_what_is_out_of_place(kit: SimpleNamespace) -> None:
    writer = LincWriter(io.BytesIO())
    with pytest.raises(ValueError, match="expected HEAD"):
        writer.add(registry.ARCH, LincArch(3, 4, 2).pack())
    with pytest.raises(ValueError, match="finish"):
        writer.add(registry.DONE, b"")
    with pytest.raises(ValueError, match="HEAD"):
        writer.finish()
    writer.add(registry.HEAD, Head(8, 8, kit.times.time_base, 3, 1, 99, 9).pack())
    writer.add(registry.ARCH, LincArch(3, 4, 2).pack())
    with pytest.raises(ValueError, match="frame 2"):
        writer.add(registry.SEGM, kit.segment(1)[0].pack())


def test_writer_checks_counts_and_lengths(kit: SimpleNamespace) -> None:
    writer = LincWriter(io.BytesIO())
    writer.add(registry.HEAD, Head(8, 8, kit.times.time_base, 3, 1, 99, 9).pack())
    writer.add(registry.ARCH, LincArch(3, 4, 2).pack())
    header, wgts, lats = kit.segment(0)
    with pytest.raises(ValueError, match="tensor table"):
        writer.add_segment(header, wgts + b"x", lats)
    writer.add_segment(header, wgts, lats)
    with pytest.raises(ValueError, match="n_frames 3"):
        writer.finish()


# ---------------------------------------------------------------- lazy reading


def test_a_segment_reads_only_its_own_bytes(make: Make) -> None:
    file = open_bytes(make())
    before = file.bytes_read
    file.read_segment(1)
    assert file.bytes_read - before <= file.segments[1].length + 4 * 8


def test_a_wrong_index_is_ignored_by_reading_and_refused_by_verify(
    kit: SimpleNamespace, make: Make
) -> None:
    sections = kit.split(make())
    index = next(i for i, (kind, _) in enumerate(sections) if kind == registry.INDX)
    payload = sections[index][1]
    backwards = payload[28:] + payload[:28]
    shifted = payload[:4] + struct.pack("<I", 1) + payload[8:28] + struct.pack("<I", 1)
    for wrong in (backwards, shifted + payload[32:], payload[:28], payload[:-1], b""):
        sections[index] = (registry.INDX, wrong)
        data = kit.join(sections)
        assert open_bytes(data).segments == open_bytes(make()).segments
        open_bytes(data).read_segment(1)
        with pytest.raises(CorruptError, match="iNDX"):
            open_bytes(data).verify_structure()


# ---------------------------------------------------------------- order and unknown sections


def test_unknown_ancillary_sections_are_skipped(kit: SimpleNamespace, make: Make) -> None:
    sections = kit.split(make(index=False))
    for at in (3, 6, 9, len(sections) - 1):
        data = kit.join([*sections[:at], (b"xyZa", b"hello"), *sections[at:]])
        check(data)
        assert open_bytes(data).verify_structure().unknown == ("xyZa",)


@pytest.mark.parametrize("kind", [b"XTRA", b"XtRA", b"xtra", b"HEAd"])
def test_unknown_critical_sections_are_unsupported(
    kit: SimpleNamespace, make: Make, kind: bytes
) -> None:
    sections = kit.split(make(index=False))
    data = kit.join([*sections[:3], (kind, b"hello"), *sections[3:]])
    with pytest.raises(UnsupportedError, match=kind.decode()):
        open_bytes(data)
    position = data.index(kind)
    with pytest.raises(ChecksumError):  # the same, damaged: not a newer format
        open_bytes(data[: position + 9] + b"!" + data[position + 10 :])


@pytest.mark.parametrize(
    "order",
    [
        "ARCH HEAD SEGM WGTS LATS DONE",
        "HEAD SEGM WGTS LATS DONE",
        "HEAD HEAD ARCH SEGM WGTS LATS DONE",
        "HEAD ARCH ARCH SEGM WGTS LATS DONE",
        "HEAD ARCH SEGM LATS WGTS DONE",
        "HEAD ARCH WGTS SEGM LATS DONE",
        "HEAD ARCH SEGM WGTS mETa LATS DONE",
        "HEAD ARCH SEGM WGTS LATS LATS DONE",
        "HEAD ARCH SEGM WGTS LATS TIME DONE",
        "HEAD ARCH mETa TIME SEGM WGTS LATS DONE",
        "HEAD ARCH dGST SEGM WGTS LATS DONE",
        "HEAD ARCH mETa SEGM WGTS LATS mETa DONE",
        "HEAD ARCH iNDX SEGM WGTS LATS DONE",
        "HEAD ARCH SEGM WGTS LATS iNDX mETa DONE",
        "HEAD ARCH SEGM WGTS LATS DONE mETa",
        "HEAD ARCH SEGM WGTS LATS DONE DONE",
        "HEAD ARCH DONE",
        "HEAD ARCH SEGM DONE",
    ],
)
def test_wrong_orders(kit: SimpleNamespace, make: Make, order: str) -> None:
    payloads = dict(kit.split(make(counts=False)))
    data = kit.join([(kind.encode(), payloads[kind.encode()]) for kind in order.split()])
    with pytest.raises(CorruptError):
        check(data)


def test_ancillary_sections_may_come_before_the_segments(kit: SimpleNamespace, make: Make) -> None:
    payloads = dict(kit.split(make(index=False)))
    first = [(k, p) for k, p in kit.split(make(optional=False, index=False)) if k != b"DONE"]
    early = [(k, payloads[k]) for k in (b"mETa", b"aUDi")]
    data = kit.join([*first[:2], *early, *first[2:], (b"DONE", b"")])
    check(data)
    assert open_bytes(data).audio() == kit.audio


# ---------------------------------------------------------------- damage


def test_truncation_at_every_byte(tiny: bytes) -> None:
    for length in range(len(tiny)):
        with pytest.raises(TruncatedError):
            open_bytes(tiny[:length])


def test_truncation_names_intact_frames(make: Make) -> None:
    data = make(optional=False)
    end = open_bytes(data).segments[0]
    with pytest.raises(TruncatedError, match="frames 0-1 are intact"):
        open_bytes(data[: end.offset + end.length + 10])


def test_flipped_bytes_are_always_noticed(tiny: bytes) -> None:
    rng = random.Random(1)
    for at in range(len(tiny)):
        for bit in {0, rng.randrange(1, 7), 5, 7}:
            damaged = bytearray(tiny)
            damaged[at] ^= 1 << bit
            with pytest.raises((CorruptError, LimitError)):
                check(bytes(damaged))


def test_repaired_mutations_raise_only_our_errors(kit: SimpleNamespace, tiny: bytes) -> None:
    rng = random.Random(2)
    sections, refused = kit.split(tiny), 0
    for _ in range(1500):
        changed = list(sections)
        at = rng.randrange(len(changed))
        payload = bytearray(changed[at][1]) or bytearray(b"\0")
        for _ in range(rng.randrange(1, 4)):
            payload[rng.randrange(len(payload))] = rng.choice((0, 1, 127, 128, 255))
        changed[at] = (
            changed[at][0],
            bytes(payload[: rng.choice((len(payload), rng.randrange(1, 9)))]),
        )
        try:
            check(kit.join(changed))
        except LincError:
            refused += 1
    assert refused > 700


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"\x89LNC\n\x1a\n", "text mode"),
        (b"\x89LNC\r\r\n\x1a\r\n", "text mode"),
        (b"\x09LNC\r\n\x1a\n", "7-bit"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "LFS"),
        (b"\x00\x00\x00\x20ftypisom", "not a .linc file"),
        (b"hello, world", "not a .linc file"),
    ],
)
def test_wrong_first_bytes_are_explained(tiny: bytes, start: bytes, message: str) -> None:
    with pytest.raises(CorruptError, match=message):
        open_bytes(start + tiny[8:])


def test_empty_file() -> None:
    with pytest.raises(TruncatedError, match="0 bytes"):
        open_bytes(b"")


def test_nothing_may_follow_done(tiny: bytes) -> None:
    for extra in (b"\0", tiny, b"x" * 64):
        with pytest.raises(CorruptError, match="DONE"):
            open_bytes(tiny + extra)


@pytest.mark.parametrize(
    ("kind", "offset", "replacement", "nth", "message"),
    [
        (b"SEGM", 0, struct.pack("<I", 1), 1, "frame"),  # overlap
        (b"SEGM", 0, struct.pack("<I", 3), 1, "frame"),  # gap
        (b"SEGM", 4, struct.pack("<I", 1), 1, "4 frames"),  # one frame less than HEAD
        (b"HEAD", 24, struct.pack("<I", 1), 0, "1 segments"),
        (b"HEAD", 48, struct.pack("<Q", 40), 0, "HEAD allows 40"),
        (b"SEGM", 8, b"\x01", 0, "continue"),
        (b"qLTY", 20, b"\x03", 0, "segments"),
    ],
)
def test_sections_that_disagree(
    tiny: bytes,
    patched: Callable[..., bytes],
    kind: bytes,
    offset: int,
    replacement: bytes,
    nth: int,
    message: str,
) -> None:
    with pytest.raises(CorruptError, match=message):
        check(patched(tiny, kind, offset, replacement, nth))


def test_done_that_lies(tiny: bytes) -> None:
    for offset, match in ((0, "bytes"), (8, "index"), (16, "sections"), (20, "SHA-256")):
        payload = bytearray(tiny[-56:-4])
        payload[offset] ^= 1
        frame = struct.pack("<4sI", b"DONE", 52) + bytes(payload)
        data = tiny[:-64] + frame + struct.pack("<I", zlib.crc32(frame))
        with pytest.raises(CorruptError, match=match):
            check(data)


def test_limits_come_before_allocation(tiny: bytes) -> None:
    with pytest.raises(LimitError, match="--limit frames"):
        open_bytes(tiny, Limits(frames=3))
    with pytest.raises(LimitError, match="sections"):
        open_bytes(tiny, Limits(sections=5))
    with pytest.raises(LimitError, match="metadata"):
        open_bytes(tiny, Limits(metadata=10)).tags()
    with pytest.raises(LimitError, match="tensors"):
        open_bytes(tiny, Limits(tensors=2)).read_segment(0)
    with pytest.raises(LimitError, match="params"):
        open_bytes(tiny, Limits(params=998))


@pytest.mark.parametrize("kind", [b"HEAD", b"ARCH", b"TIME", b"SEGM", b"WGTS", b"xyZa", b"XYZA"])
def test_a_huge_section_is_refused_before_it_is_read(
    tmp_path: Path, make: Make, kind: bytes
) -> None:
    data = make()
    at = {b"HEAD": 8, b"ARCH": 84, b"WGTS": data.index(b"WGTS")}.get(kind, 116)
    path = tmp_path / "huge.linc"
    with path.open("wb") as file:
        file.write(data[:at] + kind + struct.pack("<I", 1 << 30))
        file.truncate((1 << 30) + 1000)
    with path.open("rb") as file, pytest.raises(LincError):
        LincFile(file).read_segment(0)
    with path.open("rb") as file:
        source = Source(file, Limits(), "x")
        with pytest.raises(LincError):
            structure.verify_structure(source)
        assert source.bytes_read < 1 << 20


def test_messages_name_file_byte_and_next_step(tiny: bytes) -> None:
    damaged = bytearray(tiny)
    position = tiny.index(b"WGTS")
    damaged[position + 9] ^= 1
    with pytest.raises(ChecksumError, match=rf"x\.linc: section WGTS at byte {position}: CRC"):
        open_bytes(bytes(damaged)).read_segment(0)
