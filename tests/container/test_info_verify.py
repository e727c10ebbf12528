"""``info`` and ``verify`` on files made in memory: figures that add up, and depths."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from lincodec.decoder.info import info
from lincodec.decoder.verify import verify
from lincodec.errors import ChecksumError, CorruptError, InputError, VerifyError
from lincodec.options import Progress


def test_info_adds_up(tmp_path: Path, tiny: bytes) -> None:
    path = tmp_path / "a.linc"
    path.write_bytes(tiny)
    found = info(path)
    sizes = found["bytes"]
    assert sizes["total"] == len(tiny)
    assert sum(sizes.values()) == 2 * sizes["total"]
    assert sizes["weights"] == 24
    assert sizes["latents"] == 32
    assert found["bpp"] == 8 * (len(tiny) - sizes["audio"]) / (18 * 10 * 4)
    assert (found["width"], found["height"], found["frames"], found["segments"]) == (18, 10, 4, 2)
    assert (found["arch"], found["psnr"], found["vfr"]) == ("linc", 31.5, True)
    assert (found["fps_exact"], found["duration"]) == ("30000/1001", 0.18)
    assert found["audio"] == {
        "codec": "aac",
        "sample_rate": 48000,
        "layout": "stereo",
        "bit_rate": 128000,
        "packets": 3,
    }
    assert found["tags"]["title"] == "Häschen"
    assert json.loads(json.dumps(found)) == found


def test_info_without_optional_sections(tmp_path: Path, make: Callable[..., bytes]) -> None:
    path = tmp_path / "a.linc"
    path.write_bytes(make(optional=False, counts=False))
    found = info(path)
    assert (found["psnr"], found["quality"], found["audio"]) == (None, None, None)
    assert found["duration"] == pytest.approx(4 * 1001 / 30000)


@pytest.mark.parametrize("place", ["missing.linc", "."])
def test_what_cannot_be_opened(tmp_path: Path, place: str) -> None:
    for command in (info, verify):
        with pytest.raises(InputError, match="cannot be opened"):
            command(tmp_path / place)


def test_verify_structure(tmp_path: Path, tiny: bytes) -> None:
    path = tmp_path / "a.linc"
    path.write_bytes(tiny)
    report = verify(path, structure_only=True)
    assert (report.depth, report.sections, report.segments, report.frames) == (
        "structure",
        15,
        2,
        4,
    )
    assert report.digest is None
    path.write_bytes(tiny[:-40] + b"\0" + tiny[-39:])
    with pytest.raises(CorruptError):
        verify(path)


def test_verify_compares_the_digest(
    tmp_path: Path,
    tiny: bytes,
    kit: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hashlib import sha256

    from lincodec.bitstream import segment

    monkeypatch.setattr(
        segment, "segment_digest_bytes", lambda data, arch, sizes: data.lats + bytes(sizes[1])
    )
    path = tmp_path / "a.linc"
    path.write_bytes(tiny)
    with pytest.raises(VerifyError, match="0000000000000000"):
        verify(path)
    once = struct.pack("<4f", 4, 5, 6, 7) + bytes((5, 9))
    sections = [(k, sha256(once * 2).digest() if k == b"dGST" else p) for k, p in kit.split(tiny)]
    path.write_bytes(kit.join(sections))
    seen: list[Progress] = []
    report = verify(path, progress=seen.append)
    assert (report.depth, report.digest) == ("entropy", sha256(once * 2).hexdigest())
    assert [progress.fraction for progress in seen] == [0.5, 1.0]


def test_verify_says_when_no_digest_is_stored(
    tmp_path: Path, make: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lincodec.bitstream import segment

    monkeypatch.setattr(segment, "segment_digest_bytes", lambda data, arch, sizes: data.lats)
    path = tmp_path / "a.linc"
    path.write_bytes(make(optional=False))
    report = verify(path)
    assert not report.digest_stored
    assert "no digest" in report.warnings[0]


def test_verify_finds_damage(tmp_path: Path, tiny: bytes) -> None:
    path = tmp_path / "a.linc"
    at = tiny.index(b"WGTS") + 9
    path.write_bytes(tiny[:at] + bytes([tiny[at] ^ 1]) + tiny[at + 1 :])
    with pytest.raises(ChecksumError, match="WGTS"):
        verify(path)
