"""Files made to exhaust memory or time are refused from their headers."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from lincodec.container import Head, LincArch, SegmentHeader, TensorEntry, pack_section
from lincodec.registry import SIGNATURE, Mode, Role
from lincodec.types import VideoInfo

GIGABYTE = 1 << 30
SECONDS = 1.0
MEGABYTES = 200


def start(side: int = 64, arch: LincArch | None = None, elements: int = 1 << 28) -> bytes:
    """Signature, HEAD and ARCH."""
    video = VideoInfo(side, side, Fraction(25))
    counts = {"n_frames": 1, "n_segments": 1}
    head = Head.from_video(video, max_params=elements, max_symbols=elements, **counts)
    return (
        SIGNATURE
        + pack_section(b"HEAD", head.pack())
        + pack_section(b"ARCH", (arch or LincArch(3, 0, 1)).pack())
    )


def finished(data: bytes, count: int) -> bytes:
    """With a DONE that is right."""
    digest = hashlib.sha256(data).digest()
    return data + pack_section(b"DONE", struct.pack("<QQI32s", len(data) + 64, 0, count, digest))


def segment(*tensors: TensorEntry) -> bytes:
    """SEGM, WGTS and LATS of tensors with no payload to speak of."""
    header = SegmentHeader(0, 1, tensors)
    return b"".join(
        pack_section(kind, payload)
        for kind, payload in (
            (b"SEGM", header.pack()),
            (b"WGTS", bytes(header.weights_length)),
            (b"LATS", bytes(header.latents_length)),
        )
    )


LATENT = TensorEntry(Role.LATENT, 0, Mode.CONST, (1, 1), 0, a=1.0)


def spectral_bomb() -> bytes:
    """16384 x 16384 of zeros: about 400 million coefficients in no bytes."""
    dims = (1, 256, 256, 64 * 64 * 3 // 2)
    spectral = TensorEntry(Role.SPECTRAL, 0, Mode.SPECTRAL, dims, 40, a=1.0, b=1.0)
    return finished(start(16384, LincArch(6, 0, 1), 1 << 29) + segment(spectral, LATENT), 6)


def constant_bomb() -> bytes:
    """Half a gigabyte of ones."""
    weight = TensorEntry(Role.NET_WEIGHT, 0, Mode.CONST, (1 << 14, 1 << 13), 0, a=1.0)
    return finished(start() + segment(LATENT, weight), 6)


def network_bomb() -> bytes:
    """A network that would take hours for a frame."""
    return finished(start(2048, LincArch(3, 0, 1, 32, 2, 60000, 1, 8)) + segment(LATENT), 6)


def lattice_bomb() -> bytes:
    """A row of 2^27 latents, all zero."""
    latent = TensorEntry(Role.LATENT, 0, Mode.LATTICE, (8, 1 << 23), 30, a=1.0)
    return finished(start() + segment(latent), 6)


#: Starts a command and measures it. A process inherits the peak of the one that started it, so
#: this one stays small.
LAUNCHER = """
import json, os, sys, time
begun = time.monotonic()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - begun,
                  usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def refused(path: Path, command: str) -> tuple[int, str]:
    """Exit code and message of a command on a file, which keeps within time and memory."""
    arguments = [sys.executable, "-m", "lincodec", command, str(path)]
    if command == "decode":
        arguments += ["--format", "null"]
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *arguments]
    done = subprocess.run(launcher, capture_output=True, text=True, check=True)
    code, wall, processor, memory = json.loads(done.stdout)
    # on a busy machine the clock says little
    assert min(wall, processor) < SECONDS, f"{wall:.2f} s, {processor:.2f} s of processor"
    assert memory < MEGABYTES * 1024, f"{memory / 1024:.0f} MB"
    assert done.stderr.count("\n") == 1
    return code, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs wait4")
@pytest.mark.parametrize("command", ["verify", "decode"])
@pytest.mark.parametrize(
    "make", [spectral_bomb, constant_bomb, network_bomb, lattice_bomb], ids=lambda f: f.__name__
)
def test_a_few_hundred_bytes_cannot_ask_for_much(
    tmp_path: Path, make: Callable[[], bytes], command: str
) -> None:
    path = tmp_path / "bomb.linc"
    path.write_bytes(make())
    assert path.stat().st_size < 400
    code, text = refused(path, command)
    assert code == 8
    assert "--limit" in text


def sparse(path: Path, *pieces: bytes | int) -> None:
    """Bytes, and holes of the lengths given."""
    with path.open("wb") as file:
        for piece in pieces:
            if isinstance(piece, bytes):
                file.write(piece)
            else:
                file.seek(piece, 1)
        file.truncate(file.tell())


def header(kind: bytes, length: int) -> bytes:
    return struct.pack("<4sI", kind, length)


def crc_of_zeros(kind: bytes, length: int) -> bytes:
    """The right CRC of a section of zeros."""
    crc, chunk = zlib.crc32(header(kind, length)), bytes(1 << 24)
    for left in range(length, 0, -len(chunk)):
        crc = zlib.crc32(chunk[: min(left, len(chunk))], crc)
    return struct.pack("<I", crc)


DONE = pack_section(b"DONE", struct.pack("<QQI32s", GIGABYTE, 0, 4, bytes(32)))
SHAPES: dict[str, tuple[bytes | int, ...]] = {
    "nothing": (GIGABYTE,),
    "signature": (SIGNATURE, GIGABYTE),
    "head": (SIGNATURE + header(b"HEAD", GIGABYTE), GIGABYTE, bytes(4)),
    "arch": (start()[:-36] + header(b"ARCH", GIGABYTE), GIGABYTE, bytes(4), DONE),
    "time": (start() + header(b"TIME", GIGABYTE), GIGABYTE, bytes(4), DONE),
    "table": (start() + header(b"SEGM", GIGABYTE), GIGABYTE, bytes(4), DONE),
    "audio": (start() + header(b"aUDi", GIGABYTE), GIGABYTE, bytes(4), DONE),
    "tags": (start() + header(b"mETa", GIGABYTE), GIGABYTE, bytes(4), DONE),
    "private": (start() + header(b"xyZa", GIGABYTE), GIGABYTE, bytes(4), DONE),
    "critical": (start() + header(b"XYZA", GIGABYTE), GIGABYTE, bytes(4), DONE),
    "zeros": (start(), GIGABYTE, DONE),
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs wait4 and sparse files")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_gigabyte_of_nothing(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "sparse.linc"
    sparse(path, *SHAPES[shape])
    assert path.stat().st_size >= GIGABYTE
    for command in ("verify",) if shape != "zeros" else ("info", "decode"):
        code, _ = refused(path, command)
        assert code in (4, 5, 8)


@pytest.mark.skipif(sys.platform == "win32", reason="needs wait4 and sparse files")
def test_a_payload_of_a_gigabyte(
    tmp_path: Path,
) -> None:
    """Right up to the CRC, so that nothing but the limit is wrong with it."""
    length = 4 * (1 << 28)
    raw = TensorEntry(Role.NET_WEIGHT, 0, Mode.RAW, (1 << 14, 1 << 14), length, bits=32)
    table = pack_section(b"SEGM", SegmentHeader(0, 1, (LATENT, raw)).pack())
    path = tmp_path / "sparse.linc"
    sparse(
        path, start() + table + header(b"WGTS", length), length, crc_of_zeros(b"WGTS", length),
        pack_section(b"LATS", b""), DONE,
    )  # fmt: skip
    for command in ("verify", "decode"):
        code, text = refused(path, command)
        assert code in (4, 8), text
