"""Everything a user may get wrong ends in its exit code, one clear line, and no file."""

from __future__ import annotations

import struct
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from support.engine import Linc, Result
from support.forge import FRAMES, HEIGHT, VERSION_NEEDED, WIDTH, with_head, with_section

READERS = ("info", "verify", "decode")


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def assert_refused(result: Result, *codes: int) -> None:
    assert result.code in codes, result
    assert result.err.startswith("linc: error: ")
    assert result.err.count("\n") == 1
    assert result.out == ""
    assert "Traceback" not in result.err
    assert "internal error" not in result.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one of everything that is not a video."""
    (tmp_path / "text.mp4").write_text("This is not a video.\n" * 50)
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "noise.mp4").write_bytes(bytes(i * 37 % 251 for i in range(20_000)))
    (tmp_path / "dir.mp4").mkdir()
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    return tmp_path


@pytest.mark.parametrize(
    "name", ["gone.mp4", "dir.mp4", "text.mp4", "empty.mp4", "noise.mp4", "sound.wav"]
)
def test_sources_that_are_no_videos(linc: Linc, folder: Path, name: str) -> None:
    before = names(folder)
    result = linc("encode", folder / name, "-o", folder / "out.linc", "--preset", "instant")
    assert_refused(result, 3)
    assert name in result.err
    assert names(folder) == before


def test_a_video_cut_short(linc: Linc, folder: Path, clip: Callable[[str], Path]) -> None:
    whole = clip("carphone").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    before = names(folder)
    result = linc("encode", folder / "cut.mp4", "--preset", "instant")
    if result.code != 0:  # with its index at the front, the first half can be read
        assert_refused(result, 3)
        assert names(folder) == before


def test_options_that_fit_no_frame(linc: Linc, tmp_path: Path, clip: Callable[[str], Path]) -> None:
    for arguments, codes in (
        (("--start", "1h"), (2, 3)),
        (("--start", "2", "--end", "1"), (2,)),
        (("--preset", "nonsense"), (2,)),
        (("--device", "cuda:99"), (2, 8)),
        (("--device", "toaster"), (2,)),
        (("--psnr", "30", "--bpp", "1"), (2,)),
    ):
        result = linc("encode", clip("carphone"), "-o", tmp_path / "x.linc", *arguments)
        assert_refused(result, *codes)
        assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that takes no files")
def test_a_folder_that_takes_no_files(linc: Linc, coded: Path, clip: Callable[[str], Path]) -> None:
    assert_refused(linc("encode", clip("carphone"), "-o", "/proc/x.linc"), 2)
    assert_refused(linc("decode", coded, "-o", "/proc/x.mp4"), 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(linc: Linc, coded: Path) -> None:
    result = linc("decode", coded, "-o", "/dev/full", "--format", "y4m")
    assert_refused(result, 8)


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize(
    ("name", "code"), [("gone.mp4", 3), ("dir.mp4", 3), ("text.mp4", 4), ("empty.mp4", 4)]
)
def test_files_that_are_not_ours(
    linc: Linc, folder: Path, command: str, name: str, code: int
) -> None:
    before = names(folder)
    assert_refused(linc(command, folder / name), code)
    assert names(folder) == before


@pytest.mark.parametrize("command", READERS)
def test_a_truncated_file(linc: Linc, coded: Path, tmp_path: Path, command: str) -> None:
    data = coded.read_bytes()
    broken = tmp_path / "broken.linc"
    for length in (1, 7, 8, 11, 20, 60, 100, len(data) // 2, len(data) - 64, len(data) - 1):
        broken.write_bytes(data[:length])
        assert_refused(linc(command, broken), 4)
        assert names(tmp_path) == ["broken.linc"]


def test_flipped_bytes_never_pass_verify(linc: Linc, coded: Path, tmp_path: Path) -> None:
    data = coded.read_bytes()
    broken = tmp_path / "broken.linc"
    for at in range(0, len(data), max(1, len(data) // 60)):
        flipped = bytearray(data)
        flipped[at] ^= 0x55
        broken.write_bytes(flipped)
        assert_refused(linc("verify", broken), 4, 5, 7, 8)


def test_flipped_bytes_never_crash_decode(linc: Linc, coded: Path, tmp_path: Path) -> None:
    data = coded.read_bytes()
    broken = tmp_path / "broken.linc"
    for at in range(4, len(data), max(1, len(data) // 12)):
        flipped = bytearray(data)
        flipped[at] ^= 0x55
        broken.write_bytes(flipped)
        result = linc("decode", broken, "-o", tmp_path / "out.y4m")
        if result.code == 0:  # in a section that decoding does not need
            (tmp_path / "out.y4m").unlink()
        else:
            assert_refused(result, 4, 5, 7, 8)
        assert names(tmp_path) == ["broken.linc"]


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda data: with_section(data, b"XTRA", b"?"), (5,)),
        (lambda data: with_head(data, VERSION_NEEDED, struct.pack("<H", 999)), (5,)),
        (lambda data: with_head(data, WIDTH, struct.pack("<I", 0xFFFFFFFF)), (4, 8)),
        (lambda data: with_head(data, HEIGHT, struct.pack("<I", 1 << 20)), (4, 8)),
        (lambda data: with_head(data, WIDTH, struct.pack("<I", 0)), (4,)),
        (lambda data: with_head(data, FRAMES, struct.pack("<I", 0xFFFFFFFE)), (4, 8)),
        (lambda data: data.replace(b"\n", b"\r\n"), (4,)),
        (lambda data: b"version https://git-lfs.github.com/spec/v1\n", (4,)),
    ],
    ids=["critical", "version", "width", "height", "no width", "frames", "crlf", "lfs"],
)
def test_forged_files(
    linc: Linc,
    coded: Path,
    tmp_path: Path,
    command: str,
    change: Callable[[bytes], bytes],
    codes: tuple[int, ...],
) -> None:
    forged = tmp_path / "forged.linc"
    forged.write_bytes(change(coded.read_bytes()))
    assert_refused(linc(command, forged), *codes)
    assert names(tmp_path) == ["forged.linc"]


def test_an_unknown_ancillary_section_is_skipped(linc: Linc, coded: Path, tmp_path: Path) -> None:
    extra = tmp_path / "extra.linc"
    extra.write_bytes(with_section(coded.read_bytes(), b"xTRa", b"hello", at=-1))
    result = linc("verify", extra)
    assert result.code == 0, result.err
    assert "xTRa" in result.err


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("--res", "1000000x1000000"), (2, 8)),
        (("--res", "x100000"), (2, 8)),
        (("--fps-scale", "100000000000"), (2,)),
        (("--fps-scale", "inf"), (2,)),
        (("--fps-scale", "0"), (2,)),
        (("--fps-scale", "1000", "--limit", "frames=11999"), (2,)),
        (("--fps", "nan"), (2,)),
        (("--fps", "-30"), (2,)),
        (("--fps", "60", "--fps-scale", "2"), (2,)),
        (("--speed", "0"), (2,)),
        (("--speed", "0.00001", "--fps", "100000"), (2,)),
        (("--start", "1h"), (2,)),
        (("--codec", "nonsense"), (2,)),
        (("--pix-fmt", "nonsense"), (2,)),
        (("--enc-preset", "nonsense"), (2,)),
        (("--device", "toaster"), (2,)),
        (("-o", "out.xyz"), (2,)),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_outputs_that_make_no_sense(
    linc: Linc,
    coded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    codes: tuple[int, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    target = () if "-o" in arguments else ("-o", "out.mp4")
    assert_refused(linc("decode", coded, *target, *arguments), *codes)
    assert names(tmp_path) == []


def test_no_bytes_on_a_terminal(linc: Linc, coded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert linc("decode", coded, "-o", "-").code == 2
