"""The independent reader on fresh encodes, and both readers on mutated files."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from lincodec.bitstream.embedding import check_heads
from lincodec.container import LincFile
from lincodec.decoder.verify import decoded_digest
from lincodec.errors import LincError
from lincodec.options import EncodeOptions, Span

SPEC = Path(__file__).resolve().parent.parent / "format_spec"


def write_y4m(path: Path) -> None:
    """Five frames of 10 bits, 4:2:2, 37 x 27: a moving gradient with texture."""
    rng = np.random.default_rng(5)
    texture = rng.normal(0, 12, (27, 37))
    y, x = np.mgrid[:27, :37]
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W37 H27 F30:1 Ip A1:1 C422p10\n")
        for frame in range(5):
            luma = 400 + 8 * x + 5 * y + 40 * np.sin(0.4 * (x - 2 * frame)) + texture
            chroma = [500 + 3 * (y + frame)[:, :19], 520 - 2 * x[:, :19]]
            file.write(b"FRAME\n")
            for plane in (luma, *chroma):
                file.write(np.clip(plane, 64, 940).astype("<u2").tobytes())


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("carphone", EncodeOptions(preset="instant", span=Span(frames=14), segment=8)),
        ("bikes", EncodeOptions(preset="instant", span=Span(frames=3), quality=30.0)),
        ("y4m", EncodeOptions(preset="instant", quality=12.0)),
        (
            "carphone",
            EncodeOptions(span=Span(frames=6), network=True, max_time=3.0),
        ),
    ],
    ids=["segments", "bikes", "10-bit", "network"],
)
def test_fresh_encodes(
    source: str,
    options: EncodeOptions,
    reader: ModuleType,
    clip: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    from lincodec.decoder.render import Renderer
    from lincodec.decoder.shots import output_shots
    from lincodec.encoder.encode import encode

    path = tmp_path / "in.y4m"
    if source == "y4m":
        write_y4m(path)
    else:
        path = clip(source)
    output = tmp_path / "out.linc"
    encode(str(path), str(output), options)
    data = output.read_bytes()
    theirs = reader.read(data)
    reader.decode_all(theirs)  # compares with dGST
    assert theirs.parts["dGST"] == theirs.digest
    file = LincFile(io.BytesIO(data))
    renderer = Renderer(file)
    for index, planes in enumerate(renderer.frames(output_shots(0, file.n_frames, 1))):
        expected = reader.codes(theirs, reader.render(theirs, index))
        for found, wanted in zip(planes, expected, strict=True):
            error = np.abs(found.astype(np.int64) - wanted)
            assert error.max() <= 1 << file.head.bit_depth - 8
            assert np.mean(error > 0) < 0.01
    renderer.close()


def mutations(count: int, seed: int) -> Iterator[bytes]:
    """Good vectors with bytes of one payload changed; CRCs and the hash repaired."""
    rng = random.Random(seed)
    sources = [path.read_bytes() for path in sorted((SPEC / "vectors" / "good").glob("*.linc"))]
    small = [data for data in sources if len(data) < 2000]
    for _ in range(count):
        sections = split(rng.choice(small))
        full = [i for i, (kind, payload) in enumerate(sections[:-1]) if payload and kind != b"dGST"]
        at = rng.choice(full)
        payload = bytearray(sections[at][1])
        for _ in range(rng.choice((1, 1, 2, 5))):
            place = rng.randrange(len(payload))
            payload[place] = rng.choice(
                (0, 1, 127, 128, 255, payload[place] ^ 1 << rng.randrange(8))
            )
        sections[at] = (sections[at][0], bytes(payload))
        yield join(sections)


def split(data: bytes) -> list[tuple[bytes, bytes]]:
    at, sections = 8, []
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        sections.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return sections


def join(sections: list[tuple[bytes, bytes]]) -> bytes:
    out, index = bytearray(b"\x89LNC\r\n\x1a\n"), 0
    for kind, payload in sections:
        index = len(out) if kind == b"iNDX" else index
        if kind == b"DONE":
            fields = (len(out) + 64, index, len(sections), sha256(out).digest())
            payload = struct.pack("<QQI32s", *fields)
        frame = struct.pack("<4sI", kind, len(payload)) + payload
        out += frame + struct.pack("<I", zlib.crc32(frame))
    return bytes(out)


def outcome(read: Callable[[], Any], refusal: type[Exception]) -> Any:
    """What reading gives, or None when it is refused; any other exception fails the test."""
    try:
        return read()
    except refusal:
        return None


def test_both_accept_or_refuse_the_same(reader: ModuleType) -> None:
    refused = 0
    for data in mutations(250, 11):

        def ours(data: bytes = data) -> bytes:
            file = LincFile(io.BytesIO(data))
            file.verify_structure()
            check_heads(file)
            return decoded_digest(file, lambda _: None)

        def theirs(data: bytes = data) -> bytes:
            file = reader.read(data)
            file.parts.pop("dGST", None)
            reader.decode_all(file)
            return bytes(file.digest)

        digest = outcome(ours, LincError)
        assert digest == outcome(theirs, reader.Refused)
        refused += digest is None
    assert 100 < refused < 250
