"""Signals from outside: finish with a sound file, or leave nothing."""

from __future__ import annotations

import json
import os
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
        "encode", clip("bikes"), "-o", output, "--segment", "8", "--frames", 24,
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
    assert process.returncode == 128 + signals[-1]
    assert json.loads(out)["error"] == "Interrupted"
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
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


class Swallow:
    """Interrupts the process from a finaliser, where Python drops what a handler raises."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):  # the handler runs between these
            pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_lost_in_a_finaliser_still_stops(
    linc: Linc, coded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lincodec.decoder.sizing import Sizing

    real, count = Sizing.shown, 0

    def interrupted(self: Sizing, *given: object) -> object:
        nonlocal count
        count += 1
        if count == 1:
            Swallow()
        return real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Sizing, "shown", interrupted)
    result = linc("decode", coded, "-o", tmp_path / "out.mp4", "--fps-scale", "200")
    assert result.code == 130
    assert list(tmp_path.iterdir()) == []


def test_a_second_interrupt_ends_the_process(coded: Path, tmp_path: Path) -> None:
    """When the first one cannot unwind, because something does not let go."""
    script = (
        "import os, signal, sys, threading\n"
        "from lincodec.cli import signals\n"
        "from lincodec.system.atomic import atomic_output\n"
        "stuck = signals.Interrupts()\n"
        "with stuck.installed(), atomic_output(sys.argv[1]):\n"
        "    for _ in range(2):\n"
        "        try:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "            threading.Event().wait(60)\n"
        "        except KeyboardInterrupt:\n"
        "            pass\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "x")], timeout=60)
    assert done.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_a_closed_pipe_ends_the_decode(coded: Path) -> None:
    with running("decode", coded, "-o", "-", "--fps-scale", "200") as process:
        assert process.stdout is not None
        process.stdout.buffer.read(1000)
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(timeout=60) == 141
    assert "Traceback" not in err
