"""Every vector with lincodec and with the independent reader, and the generated files."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from lincodec.bitstream import segment as bitstream
from lincodec.bitstream.embedding import Aligned
from lincodec.bitstream.pictures import PictureDigest
from lincodec.container import (
    AlignmentData,
    Head,
    LincFile,
    LincWriter,
    Quality,
    pack_audio,
    pack_metadata,
    pack_times,
    parse_arch,
    parse_audio,
    parse_metadata,
    parse_times,
)
from lincodec.decoder.pictures import opened
from lincodec.decoder.shots import Shot, output_shots
from lincodec.decoder.verify import verify
from lincodec.errors import (
    ChecksumError,
    CorruptError,
    LimitError,
    LincError,
    TruncatedError,
    UnsupportedError,
    VerifyError,
)
from lincodec.limits import Limits
from lincodec.types import Planes

SPEC = Path(__file__).resolve().parent.parent / "format_spec"
VECTORS = SPEC / "vectors"
MANIFEST: list[dict[str, Any]] = json.loads((VECTORS / "manifest.json").read_text("utf-8"))[
    "vectors"
]
CLASSES: dict[type[LincError], str] = {
    CorruptError: "corrupt",
    TruncatedError: "truncated",
    ChecksumError: "checksum",
    UnsupportedError: "unsupported",
    VerifyError: "digest",
    LimitError: "limit",
}


def named(entry: dict[str, Any]) -> str:
    return Path(entry["file"]).stem


GOOD = [entry for entry in MANIFEST if "error" not in entry["expect"]]
REFUSED = [entry for entry in MANIFEST if "error" in entry["expect"]]


def data_of(entry: dict[str, Any]) -> bytes:
    data = (VECTORS / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    return data


def test_every_file_is_in_the_manifest() -> None:
    listed = {entry["file"] for entry in MANIFEST}
    assert listed == {str(path.relative_to(VECTORS)) for path in VECTORS.glob("*/*.linc")}
    assert len(GOOD) >= 25
    assert len(REFUSED) >= 80


@pytest.fixture(scope="session")
def decoded(reader: ModuleType) -> Callable[[str], Any]:
    """What the independent reader makes of a vector; each is decoded once."""

    @functools.cache
    def decode(file: str) -> Any:
        theirs = reader.read((VECTORS / file).read_bytes())
        reader.decode_all(theirs)
        return theirs

    return decode


@pytest.mark.parametrize("entry", GOOD, ids=named)
def test_good_vectors(entry: dict[str, Any], reader: ModuleType) -> None:
    expect = entry["expect"]
    report = verify(VECTORS / entry["file"])
    assert report.digest == expect["digest"]
    assert (report.frames, report.segments) == (expect["frames"], expect["segments"])
    assert report.sections == expect["sections"]
    described = reader.describe(reader.read(data_of(entry)))
    assert described == expect


ALIGNED = [entry for entry in GOOD if "embeddings" in entry["expect"]]


@pytest.mark.parametrize("entry", ALIGNED, ids=named)
def test_both_embed_the_same(
    entry: dict[str, Any], reader: ModuleType, decoded: Callable[[str], Any]
) -> None:
    """Clause 8.9 at frames and between them."""
    theirs = decoded(entry["file"])
    file = LincFile(io.BytesIO(data_of(entry)))
    for ours, other in zip(file.alignments(), theirs.alignments, strict=True):
        assert (ours.model, ours.revision) == (other.model, other.revision)
        for index, segment in enumerate(theirs.segments):
            times = [t / 2 for t in range(2 * segment.frames - 1)]
            found = Aligned(file, ours).segment(index, times)
            wanted = [reader.embedding(theirs, other, segment, t) for t in times]
            np.testing.assert_allclose(found, np.array(wanted), rtol=1e-4, atol=1e-4)
        last = Aligned(file, ours).frames()[-1]
        np.testing.assert_allclose(last, found[-1], rtol=1e-6)
    assert len(ALIGNED) >= 4


@pytest.mark.parametrize("entry", REFUSED, ids=named)
def test_refused_vectors(entry: dict[str, Any], reader: ModuleType) -> None:
    expected, data = entry["expect"]["error"], data_of(entry)
    if entry["expect"]["only_render"]:
        assert verify(VECTORS / entry["file"]).depth == "entropy"
    with pytest.raises(LincError) as ours:
        verify(VECTORS / entry["file"], render=entry["expect"]["only_render"])
    assert CLASSES[type(ours.value)] == expected
    assert "\n" not in str(ours.value)
    with pytest.raises(reader.Refused) as theirs:
        reader.describe(reader.read(data))
    assert theirs.value.kind == expected


@pytest.mark.parametrize("entry", REFUSED, ids=named)
def test_playing_ignores_only_ancillary_damage(entry: dict[str, Any]) -> None:
    def play() -> None:
        file = LincFile(io.BytesIO(data_of(entry)))
        file.times()
        rendered(file, output_shots(0, file.n_frames, 1))

    if entry["expect"]["only_verify"]:
        play()
    else:
        with pytest.raises(LincError):
            play()


def at_exact(theirs: Any, frame: int) -> bool:
    """Whether a frame is of a segment of pictures without a network."""
    inside = next(s for s in theirs.segments if s.first <= frame < s.first + s.frames)
    return bool(inside.pictures) and not any(3 <= tensor.role <= 8 for tensor in inside.tensors)


PICTURES = [entry for entry in GOOD if "pictures" in entry["expect"]]


@pytest.mark.parametrize("entry", PICTURES, ids=named)
def test_pictures_are_those_of_the_manifest(
    entry: dict[str, Any], decoded: Callable[[str], Any]
) -> None:
    """Clause 7.10: the digests of the core's pictures; and every plane is the other reader's."""
    file = LincFile(io.BytesIO(data_of(entry)))
    theirs, found = decoded(entry["file"]), []
    for index, segment in enumerate(theirs.segments):
        if not segment.pictures:
            continue
        digest = PictureDigest()
        with opened(file.read_segment(index), file.info) as decoder:
            for planes, wanted in zip(decoder.frames(), segment.pictures, strict=True):
                digest.add(planes)
                for plane, other in zip(planes, wanted, strict=True):
                    np.testing.assert_array_equal(plane, other)
        found.append(digest.value.hex())
    assert found == entry["expect"]["pictures"]
    assert len(PICTURES) >= 50


@pytest.mark.parametrize("size", [None, (35, 48), (7, 9), (5, 40)], ids=str)
@pytest.mark.parametrize("entry", GOOD, ids=named)
def test_both_render_the_same(
    entry: dict[str, Any],
    reader: ModuleType,
    decoded: Callable[[str], Any],
    size: tuple[int, int] | None,
) -> None:
    """Every frame at a size (height, width), within clause 8.8."""
    theirs = decoded(entry["file"])
    file = LincFile(io.BytesIO(data_of(entry)))
    frames = rendered(file, output_shots(0, file.n_frames, 1), size)
    assert len(frames) == file.n_frames
    top, wrong, count = 1 << file.head.bit_depth - 8, 0, 0
    for index, planes in enumerate(frames):
        expected = reader.codes(theirs, reader.render(theirs, index, size=size))
        for found, wanted in zip(planes, expected, strict=True):
            assert found.shape == wanted.shape
            error = np.abs(found.astype(np.int64) - wanted)
            assert error.max() <= top
            if size is None and at_exact(theirs, index):
                assert not error.any()
            wrong += int((error > 0).sum())
            count += error.size
    # Means of whole codes often lie halfway between two of them, where any last bit decides.
    assert wrong <= 1 + count // (10 if "pictures" in entry["expect"] else 200)


def rendered(
    file: LincFile, shots: list[Shot], size: tuple[int, int] | None = None
) -> list[Planes]:
    """Shots of a file at a size (height, width)."""
    from lincodec.decoder.render import Renderer

    renderer = Renderer(file, None if size is None else (size[1], size[0]))
    try:
        return list(renderer.frames(shots))
    finally:
        renderer.close()


SHARES = (Fraction(1, 3), Fraction(1, 2))


@pytest.mark.parametrize("entry", GOOD, ids=named)
def test_both_make_the_same_between_frames(
    entry: dict[str, Any], reader: ModuleType, decoded: Callable[[str], Any]
) -> None:
    """Clause 8.7 after the first frame and where segments end: exactly, from the same frames."""
    theirs, file = decoded(entry["file"]), LincFile(io.BytesIO(data_of(entry)))
    ends = {segment.end_frame - 1 for segment in file.segments}
    for frame in sorted({0, *ends}):
        shots = [Shot(frame, share) for share in (Fraction(0), *SHARES)]
        first, *found = rendered(file, shots)
        if not reader.goes_on(theirs, frame):
            expected = [list(first) for _ in SHARES]
        else:
            [second] = rendered(file, [Shot(frame + 1, Fraction(0))])
            both = [[plane.astype(np.int64) for plane in planes] for planes in (first, second)]
            scene = reader.linc_between.scene(*both, file.head.bit_depth)
            expected = [scene.at(share) for share in SHARES]
        for planes, wanted in zip(found, expected, strict=True):
            for plane, other in zip(planes, wanted, strict=True):
                np.testing.assert_array_equal(plane, other)


@pytest.mark.parametrize("size", [None, (35, 48)], ids=str)
@pytest.mark.parametrize("name", ["good-pictures-between", "good-pictures-between-10bit"])
def test_pictures_between_exact_ones_are_exact(
    name: str, size: tuple[int, int] | None, reader: ModuleType, decoded: Callable[[str], Any]
) -> None:
    theirs = decoded(f"good/{name}.linc")
    file = LincFile(io.BytesIO((VECTORS / f"good/{name}.linc").read_bytes()))
    found = rendered(file, output_shots(0, file.n_frames, 2), size)
    for index, planes in enumerate(found):
        expected = reader.codes(theirs, reader.render(theirs, index, 2, size))
        for plane, wanted in zip(planes, expected, strict=True):
            error = np.abs(plane.astype(np.int64) - wanted)
            assert error.max() <= (0 if size is None else 1 << file.head.bit_depth - 8)


def repacked(data: bytes) -> bytes:
    """A file taken apart into values and written again from them."""
    file, out = LincFile(io.BytesIO(data)), io.BytesIO()
    writer, limits = LincWriter(out), Limits()
    segments = iter(range(len(file.segments)))
    again: dict[bytes, Callable[[bytes], bytes]] = {
        b"HEAD": lambda payload: Head.parse(payload, limits).pack(),
        b"ARCH": lambda payload: parse_arch(payload).pack(),
        b"TIME": lambda payload: pack_times(parse_times(payload, file.n_frames)),
        b"aUDi": lambda payload: pack_audio(parse_audio(payload, limits)),
        b"aLGN": lambda payload: AlignmentData.parse(payload, len(file.segments), file.arch).pack(),
        b"qLTY": lambda payload: Quality.parse(payload, len(file.segments)).pack(),
        b"mETa": lambda payload: pack_metadata(parse_metadata(payload)),
    }
    at, index = 8, False
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        payload = data[at + 8 : at + 8 + length]
        index = index or kind == b"iNDX"
        if kind == b"SEGM":
            stored = file.read_segment(next(segments))
            code = bitstream.unpack_segment(stored, file.arch, file.info.plane_sizes)
            writer.add_segment(*bitstream.pack_segment(code))
        elif kind not in (b"WGTS", b"LATS", b"iNDX", b"DONE"):
            writer.add(kind, again.get(kind, bytes)(payload))
        at += 12 + length
    writer.finish(index=index)
    return out.getvalue()


@pytest.mark.parametrize("entry", GOOD, ids=named)
def test_same_values_give_the_same_bytes(entry: dict[str, Any]) -> None:
    data = data_of(entry)
    assert repacked(data) == data


def test_every_clause_named_exists() -> None:
    prose = (SPEC / "linc-1.0.md").read_text("utf-8")
    clauses = set(re.findall(r"^#+ (\d+(?:\.\d+)*)\.? (?!\(void)", prose, re.MULTILINE))
    named_clauses = {clause for entry in MANIFEST for clause in entry["clauses"]}
    assert named_clauses <= clauses
    binding = {c for c in clauses if c.split(".")[0] in ("4", "6", "7", "8") and "." in c}
    covered = named_clauses | {clause.rpartition(".")[0] for clause in named_clauses}
    assert binding <= covered, f"clauses without a vector: {sorted(binding - covered)}"


@pytest.mark.parametrize(
    "script", ["generate.py", "vectors/make_vectors.py", "walkthrough.py", "coverage.py"]
)
def test_generated_files_are_up_to_date(script: str) -> None:
    command = [sys.executable, str(SPEC / script), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_reader_shares_no_code() -> None:
    files = sorted((SPEC / "reference").glob("*.py"))
    allowed = {*sys.stdlib_module_names, "numpy", *(path.stem for path in files)}
    for path in files:
        source = path.read_text("utf-8")
        assert set(re.findall(r"^\s*(?:from|import) (\w+)", source, re.MULTILINE)) <= allowed


def test_reader_prints_the_structure() -> None:
    command = [sys.executable, str(SPEC / "reference" / "linc_read.py")]
    for path, code in (("good/good-everything.linc", 0), ("bad/bad-crc-head.linc", 4)):
        done = subprocess.run(
            [*command, str(VECTORS / path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
