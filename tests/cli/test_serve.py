"""``linc serve`` and ``linc play`` as processes: what they print, answer, and how they end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lincodec.cli.main import run

VECTOR = (
    Path(__file__).resolve().parents[2] / "format_spec/vectors/good/good-pictures-two-segments.linc"
)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return Path(shutil.copy(VECTOR, tmp_path / "clip.linc"))


@pytest.fixture
def running(clip: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    process = subprocess.Popen(
        [sys.executable, "-m", "lincodec", "serve", str(clip.parent), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    yield process
    process.kill()
    process.wait()


def test_serve_answers_until_interrupted(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    said: dict[str, Any] = json.loads(running.stdout.readline())
    assert (said["type"], said["files"]) == ("serve-done", 1)
    with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(
        said["address"], timeout=60
    ) as page:
        assert b"<title>linc</title>" in page.read()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in errors


def test_play_gives_the_stream_to_a_player(clip: Path, tmp_path: Path) -> None:
    """The player here is a script that reads the playlist it is given."""
    player = tmp_path / "player"
    player.write_text(
        f"#!{sys.executable}\nimport sys, urllib.request\n"
        f"open({str(tmp_path / 'played')!r}, 'wb')"
        ".write(urllib.request.urlopen(sys.argv[1], timeout=60).read())\n"
    )
    player.chmod(player.stat().st_mode | stat.S_IXUSR)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "lincodec", "play", str(clip), "--player", str(player)],
        capture_output=True, text=True, env=environment, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "played").read_bytes().startswith(b"#EXTM3U")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["serve", "{folder}/none"], 3, "no such file or folder"),
        (["serve", "{folder}/clip.mp4"], 2, "expected a .linc file or a folder"),
        (["serve", "{folder}", "--host", "no.such.host.invalid"], 2, "an address of this machine"),
        (["serve", "{folder}", "--index", "{folder}/none"], 2, "no index here"),
        (["play", "{folder}/none.linc"], 3, "no such file"),
        (["play", "-"], 2, "standard input"),
        (["play", "{folder}/clip.linc", "--player", "no-such-program"], 2, "no such program"),
        (["play", "{folder}/broken.linc"], 4, "--recover"),
    ],
)
def test_what_makes_no_sense_is_refused(
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    folder = clip.parent
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    (folder / "clip.mp4").write_bytes(b"")
    (folder / "broken.linc").write_bytes(clip.read_bytes()[:200])
    assert run([part.format(folder=folder) for part in arguments]) == code
    assert words in capsys.readouterr().err
