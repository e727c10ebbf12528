"""Rules of SEGM for coded pictures, seen in headers before anything is read of the payload."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support import forge
from support.partitioned_files import latents, pictures_code, spectral_code, video, write

from lincodec import registry
from lincodec.bitstream.segment import SegmentCode, pack_segment
from lincodec.container import LincFile, SegmentHeader, TensorEntry
from lincodec.container.work import check_expansion
from lincodec.errors import CorruptError, LimitError, UnsupportedError
from lincodec.limits import Limits
from lincodec.registry import Mode, Role

INFO = video()


def entry(role: Role = Role.PICTURES, mode: Mode = Mode.PARTITIONED, **more: object) -> TensorEntry:
    sound = TensorEntry(role, 0, mode, (3, 1, 2), 40)
    return replace(sound, **more)  # type: ignore[arg-type]


LATENT = TensorEntry(Role.LATENT, 0, Mode.LATTICE, (2, 3), 9, a=1.0)


def header(*tensors: TensorEntry, frames: int = 3) -> bytes:
    return SegmentHeader(0, frames, tensors).pack()


def test_a_sound_header_comes_back() -> None:
    found = SegmentHeader.parse(header(LATENT, entry()), Limits())
    assert found.pictures == entry()
    assert (found.params, found.symbols) == (6 + 6, 6 + 6)
    assert (found.weights_length, found.latents_length) == (40, 9)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (entry(mode=Mode.RAW, bits=32, payload_length=24), "pictures of mode raw"),
        (entry(role=Role.MOTION), "motion of mode partitioned"),
        (entry(layer=1), "pictures 1, expected 0 alone"),
        (entry(dims=(3, 2)), "2 dimensions, expected 3"),
        (entry(dims=(2, 1, 2)), "pictures of 2 frames, not 3"),
        (entry(payload_length=16), "16 payload bytes"),
        (entry(payload_length=(6 << 16) + (1 << 20) + 1), "payload bytes for 6 elements"),
        (entry(a=1.0), "with a = 1.0"),
        (entry(b=1.0), "with b = 1.0"),
        (entry(bits=8), "with 8 bits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_broken_rules(tensor: TensorEntry, message: str) -> None:
    with pytest.raises(CorruptError, match=message):
        header(LATENT, tensor)


def test_nothing_that_draws_stands_beside() -> None:
    spectral = TensorEntry(Role.SPECTRAL, 0, Mode.SPECTRAL, (1, 1, 1, 96), 9, a=1.0, b=1.0)
    with pytest.raises(CorruptError, match="spectral beside pictures"):
        header(spectral, LATENT, entry())
    with pytest.raises(CorruptError, match="pictures 1, expected 0 alone"):
        header(LATENT, entry(), entry(layer=1))


def test_frames_have_a_limit() -> None:
    many = registry.MAX_PICTURES + 1
    with pytest.raises(LimitError, match="the format allows 65535"):
        header(entry(dims=(many, 1, 1)), frames=many)
    header(entry(dims=(many - 1, 1, 1)), frames=many - 1)


def test_frames_that_take_no_bytes_are_bounded_by_the_file(tmp_path: Path) -> None:
    """A unit of 64 x 64 samples counts as 64 elements beyond 2^24."""
    assert SegmentHeader.parse(header(LATENT, entry()), Limits()).expanse == 6 + 6 * 64
    code, _ = pictures_code(1, 0, 2, INFO)
    path = write(tmp_path / "f.linc", INFO, [code])
    with path.open("rb") as stream, pytest.raises(LimitError, match="expansion"):
        check_expansion((1 << 24) + 16385 * 700, 700, LincFile(stream).limits)


def opened(data: bytes, path: Path) -> SegmentHeader:
    path.write_bytes(data)
    with path.open("rb") as stream:
        return LincFile(stream).read_segment_header(0)


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (forge.WIDTH, 129, "units; HEAD is of"),
        (forge.HEIGHT, 65, "units; HEAD is of"),
        (forge.WIDTH, 16385, "side of 16385; the format allows 16384"),
    ],
)
def test_units_are_those_of_head(offset: int, value: int, message: str, tmp_path: Path) -> None:
    code, _ = pictures_code(1, 0, 2, INFO)
    data = write(tmp_path / "sound.linc", INFO, [code]).read_bytes()
    opened(data, tmp_path / "again.linc")
    with pytest.raises((CorruptError, LimitError), match=message):
        opened(forge.with_head(data, offset, struct.pack("<I", value)), tmp_path / "wrong.linc")


def changed(change: Callable[[bytearray], None], tmp_path: Path, code: SegmentCode) -> bytes:
    """A file whose SEGM is changed."""
    sections = forge.sections_of(write(tmp_path / "f.linc", INFO, [code]).read_bytes())
    index = next(k for k, (kind, _) in enumerate(sections) if kind == registry.SEGM)
    payload = bytearray(sections[index][1])
    change(payload)
    sections[index] = (registry.SEGM, bytes(payload))
    return forge.file_of(sections)


def test_the_predicted_kind_is_refused_as_of_an_earlier_draft(tmp_path: Path) -> None:
    code = spectral_code(1, 0, 2, INFO)
    at = len(pack_segment(code)[0].pack())

    def change(payload: bytearray) -> None:
        payload[16 + 36] = 25  # the role of the second row
        assert len(payload) == at

    with pytest.raises(UnsupportedError, match=r"prediction\) is of an earlier draft; encode the"):
        opened(changed(change, tmp_path, code), tmp_path / "old.linc")


def test_latents_stay(tmp_path: Path) -> None:
    code, _ = pictures_code(1, 0, 2, INFO)
    found = opened(write(tmp_path / "f.linc", INFO, [code]).read_bytes(), tmp_path / "g.linc")
    assert found.tensors[0].dims == latents(2).q.shape
