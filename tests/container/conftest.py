"""Fixtures: a small valid file, and ways to break it."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace

import pytest

from lincodec import registry
from lincodec.container import (
    Head,
    LincArch,
    LincWriter,
    Quality,
    SegmentHeader,
    TensorEntry,
    pack_audio,
    pack_metadata,
    pack_times,
)
from lincodec.registry import Mode, Role
from lincodec.types import AudioPacket, AudioTrack, Times

TIMES = Times(Fraction(1, 1000), (0, 40, 80, 130), 50)
AUDIO = AudioTrack(
    codec="aac",
    time_base=Fraction(1, 48000),
    sample_rate=48000,
    layout="stereo",
    bit_rate=128000,
    extradata=b"\x11\x90",
    packets=(
        AudioPacket(-1024, -1024, 1024, b"abc"),
        AudioPacket(0, 0, 1024, b"", is_keyframe=False),
        AudioPacket(1100, 1024, 0, b"\x00" * 200),
    ),
)
QUALITY = Quality(31.5, 32.25, 0.9375, 0.25, 2.0, (31.0, 32.0), "cpu torch")
TAGS = {"encoder": "linc 0.1.0", "title": "Häschen"}

Section = tuple[bytes, bytes]


def segment(index: int) -> tuple[SegmentHeader, bytes, bytes]:
    """Two frames: a constant tensor, a raw bias and raw latents."""
    tensors = (
        TensorEntry(Role.SPECTRAL, 0, Mode.CONST, (2, 4, 5), 0, 0, 1.5),
        TensorEntry(Role.LATENT, 0, Mode.RAW, (2, 2), 16, 32),
        TensorEntry(Role.NET_BIAS, 1, Mode.RAW, (3,), 12, 32),
    )
    header = SegmentHeader(2 * index, 2, tensors, continues=index > 0)
    return header, struct.pack("<3f", 1, 2, 3), struct.pack("<4f", 4, 5, 6, 7)


def write(*, index: bool = True, optional: bool = True, counts: bool = True) -> bytes:
    """A file of two segments and four frames."""
    out = io.BytesIO()
    writer = LincWriter(out)
    head = Head(18, 10, Fraction(30000, 1001), 4 if counts else None, 2 if counts else None, 999, 9)
    writer.add(registry.HEAD, head.pack())
    writer.add(registry.ARCH, LincArch(3, 4, 2).pack())
    if optional:
        writer.add(registry.TIME, pack_times(TIMES))
    for k in range(2):
        writer.add_segment(*segment(k))
    if optional:
        writer.add(registry.AUDI, pack_audio(AUDIO))
        writer.add(registry.DGST, bytes(32))
        writer.add(registry.QLTY, QUALITY.pack())
        writer.add(registry.META, pack_metadata(TAGS))
    writer.finish(index=index)
    return out.getvalue()


def split(data: bytes) -> list[Section]:
    """The sections of a file, without checking anything."""
    at, sections = 8, []
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        sections.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return sections


def join(sections: list[Section]) -> bytes:
    """A file of any sections: correct CRCs, and a DONE that fits when there is one."""
    out, index = bytearray(registry.SIGNATURE), 0
    for kind, payload in sections:
        if kind == registry.INDX:
            index = len(out)
        if kind == registry.DONE:
            digest = hashlib.sha256(out).digest()
            payload = struct.pack("<QQI32s", len(out) + 64, index, len(sections), digest)
        frame = struct.pack("<4sI", kind, len(payload)) + payload
        out += frame + struct.pack("<I", zlib.crc32(frame))
    return bytes(out)


@pytest.fixture
def tiny() -> bytes:
    """A file with every section."""
    return write()


@pytest.fixture
def kit() -> SimpleNamespace:
    """What a file is made of: ``segment``, ``split``, ``join`` and the values in it."""
    return SimpleNamespace(
        segment=segment,
        split=split,
        join=join,
        times=TIMES,
        audio=AUDIO,
        quality=QUALITY,
        tags=TAGS,
    )


@pytest.fixture
def make() -> Callable[..., bytes]:
    """``write``, to choose the optional sections."""
    return write


@pytest.fixture
def patched() -> Callable[..., bytes]:
    """A function that changes one payload of a file and repairs CRCs and DONE.

    ``patched(data, type, offset, replacement, nth=0)``
    """

    def patch(data: bytes, kind: bytes, offset: int, replacement: bytes, nth: int = 0) -> bytes:
        sections = [s for s in split(data) if s[0] != registry.INDX]
        at = [i for i, (other, _) in enumerate(sections) if other == kind][nth]
        payload = bytearray(sections[at][1])
        payload[offset : offset + len(replacement)] = replacement
        sections[at] = (kind, bytes(payload))
        return join(sections)

    return patch
