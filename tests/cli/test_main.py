"""The command as a whole: help, exit codes, errors, text that comes from files."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from support.engine import Engine, Linc

from lincodec import errors
from lincodec.cli.main import COMMANDS
from lincodec.cli.text import human_bytes, human_time, printable

CODES = {
    "UsageError": 2,
    "InputError": 3,
    "CorruptError": 4,
    "TruncatedError": 4,
    "ChecksumError": 4,
    "UnsupportedError": 5,
    "TargetError": 6,
    "VerifyError": 7,
    "ResourceError": 8,
    "LimitError": 8,
}


def test_every_error_has_its_documented_code() -> None:
    classes = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.LincError)
    }
    assert classes == {**CODES, "LincError": 1}


def test_the_readme_lists_every_code(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert listed == {0, 1, 130, 141, *CODES.values()}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_errors_end_in_one_line_and_their_code(
    linc: Linc, engine: Engine, source: Path, name: str, code: int
) -> None:
    engine.error = getattr(errors, name)("what went\nwrong \x1b[31m")
    result = linc("info", source)
    assert result.code == code
    assert result.err == "linc: error: what went wrong ?[31m\n"
    assert result.out == ""


def test_an_internal_error_asks_for_a_report(linc: Linc, engine: Engine, source: Path) -> None:
    engine.error = ZeroDivisionError("oops")
    result = linc("info", source)
    assert result.code == 1
    assert result.err.count("\n") == 1
    assert "internal error" in result.err
    loud = linc("info", source, "-v")
    assert loud.code == 1
    assert "Traceback" in loud.err


def test_running_out_of_memory_is_not_a_bug(linc: Linc, engine: Engine, source: Path) -> None:
    engine.error = MemoryError()
    result = linc("info", source)
    assert result.code == 8
    assert "--segment" in result.err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_examples_or_a_summary_first(linc: Linc, name: str) -> None:
    result = linc(name, "--help")
    assert result.code == 0
    assert name == "presets" or f"linc {name} " in result.out.split("Options")[0]
    assert max(len(line) for line in result.out.splitlines()) <= 80


def test_the_list_of_commands_is_complete(linc: Linc) -> None:
    result = linc("--help")
    assert result.code == 0
    for name, summary in COMMANDS.items():
        assert name in result.out
        assert summary in result.out
    folder = Path(inspect.getfile(errors)).parent / "cli"
    assert all((folder / f"{name.replace('-', '_')}.py").exists() for name in COMMANDS)


def test_no_command_prints_the_help(linc: Linc) -> None:
    result = linc()
    assert result.code == 2
    assert "linc encode clip.mp4" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("encode",),
        ("decode", "a", "b"),
        ("info", "x", "--nonsense"),
        ("encode", "x", "--frames", "0"),
        ("encode", "x", "--size", "many"),
        ("decode", "x", "--fps-scale", "0"),
        ("decode", "x", "--fps-scale", "nan"),
        ("decode", "x", "--fps", "-24"),
        ("decode", "x", "--fps", "24000/0"),
        ("decode", "x", "--speed", "fast"),
        ("decode", "x", "--format", "avi"),
        ("encode", "x", "--progress", "loud"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(linc: Linc, arguments: tuple[str, ...]) -> None:
    result = linc(*arguments)
    assert result.code == 2
    assert result.err.startswith("linc: error: ")
    assert result.err.count("\n") == 1
    assert "--help" in result.err


def test_info_for_people_and_programs(linc: Linc, engine: Engine, source: Path) -> None:
    people = linc("info", source)
    assert people.code == 0
    assert "1280" in people.out
    assert "weights 9 kB" in people.out
    assert "\x1b" not in people.out
    assert "evil?[2Jtitle" in people.out
    [found] = linc("info", source, "--json").lines
    assert found["type"] == "info-done"
    assert found["bytes"]["total"] == 10000
    assert found["tags"] == {"title": "evil\x1b[2Jtitle"}


def test_text_from_files_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b]0;x\x07b\x9b2J\u202ec\r\nd\u2028e") == "a?]0;x?b?2J?c d?e"
    assert printable("Grüße, 世界 🎬") == "Grüße, 世界 🎬"


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (84_432, "84.4 kB"), (999_900, "1 MB")],
)
def test_bytes(count: int, expected: str) -> None:
    assert human_bytes(count) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.42, "0.4 s"), (12, "12 s"), (161, "02:41"), (3761, "1:02:41")]
)
def test_times(seconds: float, expected: str) -> None:
    assert human_time(seconds) == expected
