"""``linc export``: names of outputs, refusals, what is reported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lincodec.cli.main import run

VECTOR = (
    Path(__file__).resolve().parents[2] / "format_spec/vectors/good/good-pictures-two-segments.linc"
)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return Path(shutil.copy(VECTOR, tmp_path / "clip.linc"))


def test_a_page_is_named_after_the_file(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", str(clip), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    page = clip.with_suffix(".html")
    assert (said["type"], said["output"]) == ("export-done", str(page))
    assert said["bytes"] == page.stat().st_size
    assert "<title>clip.linc</title>" in page.read_text("utf-8")
    assert run(["export", str(clip), "-n", "--json"]) == 0  # it exists
    assert json.loads(capsys.readouterr().out)["skipped"]
    assert run(["export", str(clip), "-y", "--title", "A & B", "-q"]) == 0
    assert "<title>A &amp; B</title>" in page.read_text("utf-8")


def test_the_player_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["export", "--player", "-q"]) == 0
    assert "linc-video" in (tmp_path / "linc-video.js").read_text("utf-8")


def test_an_mp4(clip: Path) -> None:
    assert run(["export", str(clip), "--mp4", "--size", "1MB", "-q"]) == 0
    assert 0 < clip.with_suffix(".mp4").stat().st_size < 1_000_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{clip}", "--size", "1MB"], "add --mp4"),
        (["{clip}", "--mp4", "--title", "x"], "--title is of a page"),
        (["{clip}", "--player"], "--player takes no file"),
        ([], "name a .linc file"),
        (["-"], "standard input"),
    ],
)
def test_what_makes_no_sense_is_refused(
    clip: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(["export", *(part.format(clip=clip) for part in arguments)]) == 2
    assert words in capsys.readouterr().err
    assert [path.name for path in clip.parent.iterdir()] == ["clip.linc"]
