"""On a terminal: a question before a file is replaced, a bar that is wiped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")


def on_a_terminal(answer: str, *arguments: object) -> tuple[int, str]:
    """Exit code and what a terminal shows of a linc run, standard output left aside."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "lincodec", *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # Linux: the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    return process.wait(timeout=60), shown.decode()


def test_no_keeps_the_file(clip: Callable[[str], Path], tmp_path: Path) -> None:
    output = tmp_path / "out.linc"
    output.write_bytes(b"precious")
    code, shown = on_a_terminal("n\n", "encode", clip("carphone"), "-o", output)
    assert code == 2
    assert "Replace it? [y/N]" in shown
    assert output.read_bytes() == b"precious"


def test_yes_replaces_it_and_shows_a_bar(coded: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    output.write_bytes(b"not so precious")
    code, shown = on_a_terminal("y\n", "decode", coded, "-o", output)
    assert code == 0
    assert "Replace it?" in shown
    assert "decode" in shown
    assert output.stat().st_size > 100
    assert shown.replace("\r", "\n").splitlines()[-1].strip() == ""  # the bar is gone
