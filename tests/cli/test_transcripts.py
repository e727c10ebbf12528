"""What linc prints, to the letter; and every command of the README.

After a change that is meant: ``python tests/cli/test_transcripts.py > new``, and put that here.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lincodec.cli.main import linc, run
from lincodec.cli.session import Session

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).resolve().parent / "transcripts.txt"
VECTORS = ROOT / "format_spec" / "vectors"


def transcripts() -> Iterator[tuple[str, str]]:
    """(command line, what it prints and its exit code)."""
    for block in GOLDEN.read_text(encoding="utf-8").split("$ ")[1:]:
        command, _, expected = block.partition("\n")
        yield command, expected


def printed(command: str) -> str:
    """Standard output, standard error and exit code of a command run among the vectors."""
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    os.chdir(VECTORS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(shlex.split(command)[1:])
    finally:
        os.chdir(before)
    return f"{out.getvalue()}{err.getvalue()}[exit {code}]\n\n"


@pytest.mark.parametrize(("command", "expected"), list(transcripts()), ids=lambda text: text[:60])
def test_transcripts(command: str, expected: str) -> None:
    assert printed(command) == expected


def readme_commands() -> list[str]:
    """The linc part of every command line of the README's console blocks."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
        for line in block.splitlines():
            parts = [
                part.strip() for part in re.split(r"\||&&", line.removeprefix("$ ").split("#")[0])
            ]
            found += [part for part in parts if part.startswith("linc ")]
    return found


def test_there_are_commands_in_the_readme() -> None:
    assert len(readme_commands()) >= 15


@pytest.mark.parametrize("command", readme_commands())
def test_readme(
    command: str, engine: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """It is accepted, and gets as far as the engine, which here only pretends."""
    arguments = shlex.split(command)[1:]
    given = [a for a in arguments[1:] if re.search(r"\.(mp4|linc|mkv|png|jpg)$", a)]
    outputs = [b for a, b in itertools.pairwise(arguments) if a in ("-o", "--output")]
    for name in set(given) - set(outputs):
        (tmp_path / name).write_bytes(b"not really")
    monkeypatch.chdir(tmp_path)
    pretended = arguments[0] in ("encode", "decode", "info", "presets")
    if pretended and "--dry-run" not in arguments:
        assert run(arguments) == 0, capsys.readouterr().err
    else:  # no engine to pretend with: the arguments at least are right
        accepted(linc, arguments)


def accepted(group: click.Group, arguments: list[str]) -> None:
    """Parse a command line down to the command that it names."""
    name, rest = arguments[0], arguments[1:]
    with click.Context(group, obj=Session()) as parent:
        command = group.get_command(parent, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            accepted(command, rest)
        else:
            command.make_context(name, rest, parent)


if __name__ == "__main__":
    sys.stdout.write("".join(f"$ {command}\n{printed(command)}" for command, _ in transcripts()))
