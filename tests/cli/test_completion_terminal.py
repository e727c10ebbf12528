"""Completion as it is typed: real shells on a pseudo-terminal."""

from __future__ import annotations

import os
import select
import shutil
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

#: How a shell is started without the user's own settings, and told of the script.
_SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source {script}\n"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -D; source {script}\n"),
    "fish": (["fish", "--no-config", "-i"], "source {script}\n"),
}


def until(terminal: int, text: str, seconds: float = 40) -> str:
    """What is shown until ``text`` is."""
    shown, end = b"", time.monotonic() + seconds
    while text.encode() not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                shown += os.read(terminal, 4096)
            except OSError:
                break
    return shown.decode(errors="replace")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("linc enc", "encode "),
        ("linc encode --preset inst", "instant"),
        ("linc encode --max-t", "--max-time"),
        ("linc info some_long_na", "some_long_name.linc"),
        ("linc decode a.linc --codec pro", "prores"),
    ],
)
@pytest.mark.parametrize("shell", _SHELLS)
def test_completed(tmp_path: Path, root: Path, shell: str, typed: str, completed: str) -> None:
    words, begin = _SHELLS[shell]
    program = shutil.which(words[0])
    if program is None:
        pytest.skip(f"no {shell} here")
    (tmp_path / "some_long_name.linc").touch()
    command = tmp_path / "bin" / "linc"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m lincodec "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}:{os.environ['PATH']}"
    script = tmp_path / "script"
    script.write_text(os.popen(f'"{command}" completion {shell}').read())
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execve(program, words, {"PATH": path, "TERM": "dumb", "HOME": str(tmp_path)})
    try:
        os.write(terminal, begin.format(script=script).encode())
        os.write(terminal, b"echo re''ady\n")
        assert "ready" in until(terminal, "ready")
        os.write(terminal, typed.encode() + b"\t")
        assert completed in until(terminal, completed)
    finally:
        os.close(terminal)
        os.kill(child, 9)
        os.waitpid(child, 0)
