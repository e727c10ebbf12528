"""The command line with the real engine on a real clip of a few small frames."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from support.engine import Linc

from lincodec.encoder.presets import PRESETS, measurements
from lincodec.video.reader import FrameReader


@pytest.fixture
def work(coded: Path, tmp_path: Path) -> Path:
    """A folder of its own with the coded file in it."""
    (tmp_path / "clip.linc").write_bytes(coded.read_bytes())
    return tmp_path


def test_a_clip_there_and_back(linc: Linc, clip: Callable[[str], Path], tmp_path: Path) -> None:
    source = tmp_path / "car.mp4"
    source.write_bytes(clip("carphone").read_bytes())
    made = linc("encode", source, "--preset", "instant", "--frames", 10, "--json")
    assert made.code == 0, made.err
    [done] = made.lines
    assert done["type"] == "encode-done"
    assert done["frames"] == 10
    assert done["output"] == str(tmp_path / "car.linc")
    assert done["bytes"]["total"] == (tmp_path / "car.linc").stat().st_size

    shown = linc("decode", tmp_path / "car.linc", "--json")
    assert shown.code == 0, shown.err
    assert shown.lines[-1]["output"] == str(tmp_path / "car.decoded.mp4")
    compared = linc("compare", source, tmp_path / "car.decoded.mp4", "--frames", 10, "--json")
    assert compared.code == 0, compared.err
    [figures] = compared.lines
    assert figures["frames"] == 10
    assert abs(figures["psnr_rgb"] - done["psnr"]) < 0.5
    assert {"psnr_y", "psnr_yuv", "ms_ssim"} <= set(figures)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "car.decoded.mp4",
        "car.linc",
        "car.mp4",
    ]


def test_info_has_what_programs_rely_on(linc: Linc, work: Path) -> None:
    [found] = linc("info", work / "clip.linc", "--json").lines
    assert (found["width"], found["height"], found["frames"]) == (176, 144, 12)
    assert found["segments"] == 1
    assert found["arch"] == "linc"
    assert found["fps"] == pytest.approx(30000 / 1001)
    parts = found["bytes"]
    names = {"weights", "latents", "tables", "audio", "alignment", "container", "total"}
    assert set(parts) == names
    assert parts["total"] == (work / "clip.linc").stat().st_size
    assert parts["total"] == sum(parts.values()) - parts["total"]
    assert found["bpp"] == pytest.approx(8 * parts["total"] / (176 * 144 * 12))
    assert 20 < found["psnr"] < 60
    text = linc("info", work / "clip.linc", "--sections").out
    assert "pictures 0" in text
    assert "DONE" in text


def test_verify_says_what_it_checked(linc: Linc, work: Path) -> None:
    assert "every integer" in linc("verify", work / "clip.linc").out
    assert "(checksums;" in linc("verify", work / "clip.linc", "--structure").out
    assert "every frame" in linc("verify", work / "clip.linc", "--render").out
    assert linc("verify", work / "clip.linc", "--render", "--structure").code == 2
    assert linc("verify", work / "clip.linc", "--limit", "side=100").code == 8
    assert linc("verify", work / "clip.linc", "--limit", "nonsense=1").code == 2


@pytest.mark.parametrize(
    ("arguments", "size", "frames"),
    [
        ((), (176, 144), 12),
        (("--res", "x2"), (352, 288), 12),
        (("--res", "100x80"), (100, 80), 12),
        (("--res", "240p"), (294, 240), 12),
        (("--fps-scale", "3"), (176, 144), 36),
        (("--fps-scale", "2.5"), (176, 144), 30),
        (("--fps-scale", "1/2", "--res", "x2"), (352, 288), 6),
        (("--fps", "60"), (176, 144), 24),
        (("--fps", "23.976"), (176, 144), 10),
        (("--fps", "10", "--blend"), (176, 144), 4),
        (("--speed", "0.25"), (176, 144), 12),
        (("--speed", "0.25", "--fps", "30"), (176, 144), 48),
        (("--start", "4f", "--frames", "5"), (176, 144), 5),
        (("--start", "4f", "--end", "8f", "--fps-scale", "2"), (176, 144), 8),
    ],
)
def test_any_size_and_rate(
    linc: Linc, work: Path, arguments: tuple[str, ...], size: tuple[int, int], frames: int
) -> None:
    output = work / "out.mkv"
    result = linc("decode", work / "clip.linc", "-o", output, "--codec", "ffv1", *arguments)
    assert result.code == 0, result.err
    with FrameReader(str(output)) as reader:
        count = sum(1 for _ in reader)
        assert (reader.info.width, reader.info.height) == size
    assert count == frames


def test_y4m_out_of_one_process_and_into_another(work: Path) -> None:
    base = [sys.executable, "-m", "lincodec"]
    decoder = subprocess.Popen(
        [*base, "decode", str(work / "clip.linc"), "-o", "-", "-q"], stdout=subprocess.PIPE
    )
    encode = [*base, "encode", "-", "-o", str(work / "again.linc"), "--preset", "instant", "--json"]
    encoder = subprocess.run(
        encode, stdin=decoder.stdout, capture_output=True, timeout=120, check=False
    )
    assert decoder.wait(timeout=60) == 0
    assert encoder.returncode == 0, encoder.stderr.decode()
    done = json.loads(encoder.stdout.splitlines()[-1])
    assert (done["width"], done["height"], done["frames"]) == (176, 144, 12)
    assert Fraction(done["fps_exact"]) == Fraction(30000, 1001)


def test_a_reader_that_leaves_is_no_error(work: Path) -> None:
    command = [sys.executable, "-m", "lincodec", "decode", str(work / "clip.linc"), "-o", "-"]
    decoder = subprocess.Popen(
        [*command, "--res", "x8"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert decoder.stdout is not None
    assert decoder.stderr is not None
    assert decoder.stdout.read(9) == b"YUV4MPEG2"
    decoder.stdout.close()
    assert decoder.wait(timeout=60) == 141
    assert b"Traceback" not in decoder.stderr.read()
    decoder.stderr.close()


def test_progress_and_results_as_ndjson(
    linc: Linc, clip: Callable[[str], Path], tmp_path: Path
) -> None:
    result = linc(
        "encode", clip("carphone"), "-o", tmp_path / "x.linc", "--preset", "instant",
        "--frames", 12, "--segment", 4, "--json", "--progress", "json",
    )  # fmt: skip
    assert result.code == 0
    assert [line["type"] for line in result.lines] == ["encode-done"]
    reports = [line for line in result.progress if line["type"] == "progress"]
    percents = [report["percent"] for report in reports]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert {report["stage"] for report in reports} <= {"scan", "fit", "write", "verify"}
    assert all(report["elapsed_s"] >= 0 for report in reports)


def test_figures_of_every_frame(linc: Linc, work: Path, clip: Callable[[str], Path]) -> None:
    linc("decode", work / "clip.linc", "-o", work / "out.mp4")
    result = linc(
        "compare", clip("carphone"), work / "out.mp4", "--per-frame", work / "frames.csv",
        "--no-ms-ssim",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "more than the 12 frames" in result.err
    rows = list(csv.DictReader(io.StringIO((work / "frames.csv").read_text())))
    assert [row["frame"] for row in rows] == [str(i) for i in range(12)]
    assert all(20 < float(row["psnr_rgb"]) < 60 for row in rows)
    small = linc("compare", clip("bikes"), work / "out.mp4")
    assert small.code == 2
    assert "sizes differ" in small.err


def test_presets_are_listed(linc: Linc) -> None:
    text = linc("presets").out
    [listed] = linc("presets", "--json").lines
    assert listed["presets"][0]["name"] == "instant"
    for preset in listed["presets"]:
        [line] = [row for row in text.splitlines() if row.startswith(f"{preset['name']} ")]
        measured = preset["measured"]
        assert (measured is None) == (" - " in line)
        assert measured is None or f"{measured['psnr']:.2f}" in line


def test_every_measurement_is_of_a_preset() -> None:
    assert set(measurements()["presets"]) <= set(PRESETS)


def test_the_contract_names_every_key(linc: Linc, work: Path, root: Path) -> None:
    contract = (root / "docs" / "json.md").read_text(encoding="utf-8")
    source, again = work / "clip.linc", work / "again.mkv"
    runs = [
        ("decode", source, "-o", again, "--codec", "ffv1"),
        ("encode", again, "-o", work / "again.linc", "--preset", "instant"),
        ("info", source),
        ("verify", source),
        ("compare", again, again),
        ("presets",),
    ]
    for arguments in runs:
        result = linc(*arguments, "--json")
        assert result.code == 0, result.err
        assert result.lines[-1]["type"] == f"{arguments[0]}-done"
        unknown = [key for key in result.lines[-1] if f"`{key}`" not in contract]
        assert not unknown, f"docs/json.md does not name {unknown} of {arguments[0]}"
