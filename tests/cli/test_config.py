"""Defaults from a file and the environment, the log file, and shell completion."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine import Engine, Linc

from lincodec.cli import config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(
        '[encode]\npreset = "fast"\nsize = 500000\nscene-cut = false\ntag = ["a=b c"]\n'
    )
    return path


@pytest.mark.parametrize("typed", [False, True], ids=["", "typed"])
@pytest.mark.parametrize("variable", [False, True], ids=["", "variable"])
@pytest.mark.parametrize("filed", [False, True], ids=["", "file"])
def test_what_comes_first(
    linc: Linc, engine: Engine, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    typed: bool, variable: bool, filed: bool,
) -> None:  # fmt: skip
    path = tmp_path / "c.toml"
    path.write_text('[encode]\npreset = "fast"\n' if filed else "")
    if variable:
        monkeypatch.setenv("LINC_ENCODE_PRESET", "paper-s")
    more = ["--preset", "instant"] if typed else []
    assert linc("--config", path, "encode", source, *more).code == 0
    expected = "instant" if typed else "paper-s" if variable else "fast" if filed else "medium"
    assert engine.calls[-1][3].preset == expected
    shown = linc("--config", path, "encode", "--show-config", *more)
    origin = (
        "command line" if typed else "environment" if variable else "file" if filed else "default"
    )
    assert f'preset = "{expected}"  # {origin}' in shown.out


def test_every_kind_of_value(linc: Linc, engine: Engine, source: Path, settings: Path) -> None:
    assert linc("--config", settings, "encode", source).code == 0
    options = engine.calls[-1][3]
    assert (options.size, options.scene_cut, options.tags) == (500000, False, {"a": "b c"})


def test_what_is_shown_can_serve_as_a_file(linc: Linc, settings: Path, tmp_path: Path) -> None:
    shown = linc("--config", settings, "encode", "--show-config", "--frames", "7").out
    again = tmp_path / "again.toml"
    again.write_text(shown)
    second = linc("--config", again, "encode", "--show-config").out

    def values(text: str) -> list[str]:
        return [line.split("  #")[0] for line in text.splitlines()]

    assert values(second) == values(shown)
    assert 'size = "500000"  # file' in shown
    assert 'frames = "7"  # command line' in shown


def test_the_file_in_the_folder_for_settings(
    linc: Linc, monkeypatch: pytest.MonkeyPatch, settings: Path
) -> None:
    monkeypatch.setattr(config, "default_path", lambda: settings)
    assert 'preset = "fast"  # file' in linc("encode", "--show-config").out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[encode]\nnonsense = 1\n", "no option --nonsense"),
        ("[nonsense]\n", "no command 'nonsense'"),
        ("preset = 1\n", "outside of a table"),
        ("[encode]\nscene-cut = 'maybe'\n", "true or false"),
        ("[encode]\ntag = 'a=b'\n", "a list"),
        ("[encode]\npreset = [1]\n", "one value"),
        ("[encode]\npreset = 'nonsense'\n", "nonsense"),
        ("[encode]\nsize = 'large'\n", "not a size"),
        ("[encode\n", "not TOML"),
        (None, "no such file"),
    ],
)
def test_files_that_are_wrong(
    linc: Linc, source: Path, tmp_path: Path, text: str | None, message: str
) -> None:
    path = tmp_path / "c.toml"
    if text is not None:
        path.write_text(text)
    result = linc("--config", path, "encode", source)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert message in result.err


def test_the_log_file(linc: Linc, engine: Engine, source: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert linc("encode", source, "-q", "--log-file", log).code == 0
    engine.error = ZeroDivisionError("oops")
    assert linc("encode", source, "-y", "-q", "--log-file", log).code == 1
    lines = log.read_text().splitlines()
    kinds = [line.split()[3].rstrip(":") for line in lines]
    assert {tuple(line.split()[1:3]) for line in lines} == {
        (socket.gethostname(), str(os.getpid()))
    }
    assert {"detail", "result", "exit", "error", "traceback"} <= set(kinds)
    assert "ZeroDivisionError" in log.read_text()


def test_verbose_says_more(linc: Linc, engine: Engine, source: Path) -> None:
    assert "verify begins" not in linc("encode", source).err
    assert "verify begins" in linc("encode", source, "-y", "-v").err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(linc: Linc, shell: str, tmp_path: Path) -> None:
    result = linc("completion", shell)
    assert result.code == 0
    assert f"_LINC_COMPLETE={shell}_complete" in result.out
    program = shutil.which(shell)
    if program is not None:  # the script at least parses where the shell is there
        script = tmp_path / "script"
        script.write_text(result.out)
        flag = "--no-execute" if shell == "fish" else "-n"
        done = subprocess.run([program, flag, str(script)], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("shell", "words", "at", "expected"),
    [
        ("bash", "linc enc", "1", "plain,encode"),
        ("bash", "linc decode --rec", "2", "plain,--recover"),
        ("zsh", "linc comp", "1", "compare"),
        ("fish", "linc verify --st", "--st", "plain,--structure"),
    ],
)
def test_completions(shell: str, words: str, at: str, expected: str) -> None:
    given = {"_LINC_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": at}
    done = subprocess.run(
        [sys.executable, "-m", "lincodec"], env={**os.environ, **given},
        capture_output=True, text=True,
    )  # fmt: skip
    assert expected in done.stdout


def test_a_dry_run_writes_nothing(linc: Linc, clip: object, tmp_path: Path) -> None:
    source = clip("carphone")  # type: ignore[operator]
    result = linc(
        "encode", source, "-o", tmp_path / "out.linc", "--preset", "instant", "--dry-run",
        "--frames", "60", "--json",
    )  # fmt: skip
    assert result.code == 0
    found = json.loads(result.out)
    assert found["dry_run"] is True
    assert (found["frames"], found["sampled"]) == (60, 33)
    assert 4_000 < found["bytes"] < 40_000
    assert list(tmp_path.iterdir()) == []


def test_the_page_of_the_command_line_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "make_cli.py"), "--check"],
        capture_output=True, text=True, env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
