"""The commands frame, cut and concat on a small file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lincodec.cli.main import run

GOOD = Path(__file__).resolve().parents[2] / "format_spec" / "vectors" / "good"
FILE = str(GOOD / "good-two-segments.linc")


def test_a_frame_as_png(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "f.png"
    assert run(["frame", FILE, "-t", "1f", "--res", "x2", "-o", str(output), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["type"], found["width"], found["height"]) == ("frame-done", 32, 32)
    assert output.read_bytes().startswith(b"\x89PNG")


def test_a_part_of_a_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = str(tmp_path / "f.png")
    for more, size in (([], (10, 6)), (["--res", "x3"], (30, 18)), (["--res", "40x40"], (40, 40))):
        arguments = ["--crop", "10x6+4+8", *more, "-o", output, "-y", "--json"]
        assert run(["frame", FILE, *arguments]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["width"], found["height"]) == size
    assert (
        run(["frame", FILE, "--crop", "8x8+0+0", "--contact-sheet", "2x1", "-o", output, "-y"]) == 0
    )
    assert "20x8" in capsys.readouterr().out


def test_cut_and_join(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part, both = str(tmp_path / "part.linc"), str(tmp_path / "both.linc")
    assert run(["cut", FILE, "-o", part, "--start", "3f", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 2
    assert run(["concat", FILE, part, "-o", both, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["type"], found["frames"], found["segments"]) == ("concat-done", 7, 3)
    assert run(["verify", both, "--render"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frame", FILE, "-o", "x.jpg"], "PNG"),
        (["frame", FILE, "-t", "9", "-o", "x.png"], "no frame at 9 s"),
        (["frame", FILE, "-t", "0", "--contact-sheet", "2x2", "-o", "x.png"], "together"),
        (["frame", FILE, "--contact-sheet", "2", "-o", "x.png"], "not a grid"),
        (["frame", "-", "-o", "x.png"], "standard input"),
        (["frame", FILE, "--crop", "10x10", "-o", "x.png"], "not a rectangle"),
        (["frame", FILE, "--crop", "10x10+8+0", "-o", "x.png"], "reaches beyond"),
        (["decode", FILE, "--crop", "10x10+8+0", "-o", "x.mkv"], "reaches beyond"),
        (["decode", FILE, "--crop", "5x4+1+0", "-o", "x.mkv"], "use 6x4+0+0"),
        (["cut", FILE, "-o", FILE], "input"),
        (["concat", FILE, "-o", "x.linc"], "two or more"),
    ],
)
def test_what_cannot_be(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
