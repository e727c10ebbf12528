"""Signals from outside: finish with a sound file, or leave nothing."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from support.engine import Linc

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A linc process that is killed at the end if it still runs."""
    command = [sys.executable, "-m", "lincodec", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_fit(stream: IO[str] | None) -> None:
    """Read progress until the fit has begun."""
    assert stream is not None
    for line in stream:
        if json.loads(line).get("stage") == "fit":
            return
    raise AssertionError("the process ended before it began to fit")


def encoding(clip: Callable[[str], Path], output: Path) -> tuple[object, ...]:
    """Arguments of an encode that would take minutes."""
    return (
        "encode", clip("bikes"), "-o", output, "--preset", "slow", "--segment", "8", "--frames", 24,
        "--max-time", "5m", "--progress", "json", "--json",
    )  # fmt: skip


def test_the_first_interrupt_leaves_a_sound_file(
    linc: Linc, clip: Callable[[str], Path], tmp_path: Path
) -> None:
    output = tmp_path / "out.linc"
    with running(*encoding(clip, output)) as process:
        wait_for_fit(process.stderr)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    done = json.loads(out.splitlines()[-1])
    assert done["type"] == "encode-done"
    assert done["stopped"] is True
    assert linc("verify", output).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.linc"]


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)],
    ids=["twice", "terminated"],
)
def test_stopping_leaves_nothing(
    clip: Callable[[str], Path], tmp_path: Path, signals: tuple[signal.Signals, ...]
) -> None:
    with running(*encoding(clip, tmp_path / "out.linc")) as process:
        wait_for_fit(process.stderr)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.3)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_kill_leaves_nothing_under_the_final_name(
    clip: Callable[[str], Path], tmp_path: Path
) -> None:
    output = tmp_path / "out.linc"
    with running(*encoding(clip, output)) as process:
        wait_for_fit(process.stderr)
        process.kill()
        process.communicate(timeout=60)
    assert not output.exists()


def test_an_interrupted_decode_leaves_nothing(coded: Path, tmp_path: Path) -> None:
    arguments = ("decode", coded, "-o", tmp_path / "out.mp4", "--res", "4k", "--fps-scale", "50")
    with running(*arguments, "--progress", "json") as process:
        assert process.stderr is not None
        assert '"progress"' in process.stderr.readline()
        for _ in range(6):  # an interrupt that lands in a callback is lost: press again
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                _, err = process.communicate(timeout=20)
                break
    assert process.returncode == 130
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
