"""Playing what is intact of a damaged file: every other frame is the same, bit for bit."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lincodec.container import DamagedFile, LincFile
from lincodec.decoder.decode import decode, intact_shots
from lincodec.decoder.render import Renderer
from lincodec.decoder.shots import Shot, output_shots
from lincodec.encoder.encode import encode
from lincodec.errors import CorruptError, LincError
from lincodec.options import DecodeOptions, EncodeOptions, Span
from lincodec.types import Planes
from lincodec.video.reader import FrameReader

VECTORS = Path(__file__).resolve().parents[2] / "format_spec" / "vectors"
FRAMES = 12


@pytest.fixture(scope="module")
def coded(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Twelve frames of carphone in four segments with a network."""
    path = tmp_path_factory.mktemp("recover") / "clip.linc"
    options = EncodeOptions(
        preset="instant", segment=3, span=Span(frames=FRAMES), network=True, max_time=8.0
    )
    encode(str(clip("carphone")), str(path), options)
    return path.read_bytes()


def rendered(file: LincFile, shots: list[Shot] | None = None) -> list[Planes]:
    renderer = Renderer(file)
    if isinstance(file, DamagedFile):
        file.keep(renderer.check)
    wanted = output_shots(0, file.n_frames, 1) if shots is None else shots
    if isinstance(file, DamagedFile):
        wanted = intact_shots(wanted, file)
    found = list(renderer.frames(wanted))
    renderer.close()
    return found


def same(a: Planes, b: Planes) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def damages(data: bytes) -> list[tuple[int, str, bytes]]:
    """(segment, what was done, damaged file): every part of every segment, in several ways."""
    file, out = LincFile(io.BytesIO(data)), []
    for index, entry in enumerate(file.segments):
        at = entry.offset
        for name in ("SEGM", "WGTS", "LATS"):
            length = struct.unpack_from("<I", data, at + 4)[0]
            spots = {"type": at + 1, "length": at + 6, "payload": at + 8 + length // 2,
                     "crc": at + 9 + length}  # fmt: skip
            for what, spot in spots.items():
                bad = data[:spot] + bytes([data[spot] ^ 0x5A]) + data[spot + 1 :]
                out.append((index, f"{name} {what}", bad))
            middle = at + 8 + length // 2
            out.append((index, f"{name} cut", data[:middle] + data[middle + 7 :]))
            out.append((index, f"{name} longer", data[:middle] + b"SEGMhello" + data[middle:]))
            at += 12 + length
        begin, end = entry.offset, entry.offset + entry.length
        out.append((index, "gone", data[:begin] + data[end:]))
        out.append((index, "zeros", data[:begin] + bytes(end - begin) + data[end:]))
    return out


def test_one_damaged_segment_leaves_all_other_frames_as_they_were(coded: bytes) -> None:
    sound = LincFile(io.BytesIO(coded))
    expected, entries = rendered(sound), sound.segments
    assert len(entries) == 4
    tried = damages(coded)
    assert len(tried) == 4 * 20
    for index, what, data in tried:
        file = DamagedFile(io.BytesIO(data))
        found, lost = rendered(file), entries[index]
        (loss,) = file.missing
        assert (loss.first_frame, loss.frames) == (lost.first_frame, lost.n_frames), what
        assert loss.reason
        last = index == len(entries) - 1
        assert len(found) == FRAMES - (lost.n_frames if last else 0), what
        held = lost.first_frame - 1 if index else lost.end_frame
        for number, planes in enumerate(found):
            missing = lost.first_frame <= number < lost.end_frame
            assert same(planes, expected[held if missing else number]), (what, number)


def test_nothing_is_interpolated_into_a_gap(coded: bytes) -> None:
    entry = LincFile(io.BytesIO(coded)).segments[1]
    data = bytearray(coded)
    data[entry.offset + 40] ^= 1
    file = DamagedFile(io.BytesIO(bytes(data)))
    shots = intact_shots(output_shots(0, FRAMES, 2), file)
    half = Fraction(1, 2)
    first, end = entry.first_frame, entry.end_frame
    assert shots[2 * first - 2 : 2 * end] == [Shot(first - 1, Fraction(0))] * (
        2 * (end - first + 1)
    )
    assert shots[2 * end + 1] == Shot(end, half)


def test_several_damages_and_a_wrong_signature(coded: bytes) -> None:
    entries = LincFile(io.BytesIO(coded)).segments
    data = bytearray(coded)
    for spot in (0, 7, entries[0].offset + 30, entries[2].offset + 2, len(coded) - 20):
        data[spot] ^= 0xFF
    file = DamagedFile(io.BytesIO(bytes(data)))
    assert [loss.first_frame for loss in file.missing] == [0, 6]
    assert "the file ends before its DONE section" in file.problems
    assert len(rendered(file)) == FRAMES


@pytest.mark.parametrize("name", ["good-everything", "good-network-one-of-two", "good-vfr"])
def test_a_cut_anywhere_never_raises_more_than_one_line(name: str) -> None:
    data = (VECTORS / "good" / f"{name}.linc").read_bytes()
    whole = LincFile(io.BytesIO(data))
    ends = [entry.offset + entry.length for entry in whole.segments]
    for size in range(len(data)):
        intact = sum(end <= size for end in ends)
        if intact == 0:
            with pytest.raises(LincError) as refused:
                DamagedFile(io.BytesIO(data[:size]))
            assert "\n" not in str(refused.value)
            continue
        file = DamagedFile(io.BytesIO(data[:size]))
        file.keep(file.read_segment)
        assert len(file.segments) == intact
        assert len(file.times().pts) == file.n_frames
        file.audio(), file.tags(), file.quality()


def test_a_segment_that_decodes_to_nonsense_is_dropped(coded: bytes) -> None:
    from support.forge import file_of, sections_of

    sections = sections_of(coded)
    where = [i for i, (kind, _) in enumerate(sections) if kind == b"WGTS"][1]
    payload = bytearray(sections[where][1])
    payload[len(payload) // 2] ^= 0xFF  # the CRC will be right, the entropy coder notices
    sections[where] = (b"WGTS", bytes(payload))
    file = DamagedFile(io.BytesIO(file_of(sections)))
    assert file.missing == ()
    rendered(file)
    assert [(loss.first_frame, loss.frames) for loss in file.missing] == [(3, 3)]


def test_forged_traces_do_not_cost_hours(coded: bytes) -> None:
    """Half a megabyte of section headers that all reach to the end of the file."""
    body = LincFile(io.BytesIO(coded)).segments[0].offset
    fakes = (b"SEGM" + struct.pack("<I", 300_000)) * 60_000
    file = None
    with pytest.raises(CorruptError, match="no segment"):
        file = DamagedFile(io.BytesIO(coded[:body] + fakes))
    assert file is None


def test_the_whole_job(coded: bytes, tmp_path: Path) -> None:
    entry = LincFile(io.BytesIO(coded)).segments[1]
    data = bytearray(coded)
    data[entry.offset + entry.length // 2] ^= 1
    path, output = tmp_path / "bad.linc", tmp_path / "out.mkv"
    path.write_bytes(data)
    with pytest.raises(CorruptError):
        decode(str(path), str(output), DecodeOptions(codec="ffv1"))
    assert not output.exists()
    report = decode(str(path), str(output), DecodeOptions(codec="ffv1", recover=True))
    assert [loss["first_frame"] for loss in report.extra["missing"]] == [3]
    with FrameReader(str(output)) as reader:
        found = [frame.planes for frame in reader]
    expected = rendered(LincFile(io.BytesIO(coded)))
    assert len(found) == FRAMES
    assert all(same(found[n], expected[n if n not in (3, 4, 5) else 2]) for n in range(FRAMES))


def test_the_command_says_what_is_missing(
    coded: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lincodec.cli.main import run

    path = tmp_path / "bad.linc"
    path.write_bytes(coded[:-700])
    given = ["decode", str(path), "--recover", "--format", "null", "--json"]
    assert run(given[:2] + given[3:]) == 4
    capsys.readouterr()
    assert run(given) == 0
    captured = capsys.readouterr()
    done = json.loads(captured.out)
    assert done["missing"][0]["frames"] == 3
    assert "frames 9 to 11 are missing" in captured.err
