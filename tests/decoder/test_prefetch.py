"""Entropy decoding ahead in processes: what happens when one of them, or the asker, is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lincodec.container import LincFile
from lincodec.decoder.prefetch import Unpacker, unpacked
from lincodec.encoder.encode import encode
from lincodec.errors import ResourceError
from lincodec.options import EncodeOptions, Span
from lincodec.system.cores import usual_workers

_ASKER = """
import sys, time
from lincodec.container import LincFile
from lincodec.decoder.prefetch import Unpacker, unpacked

if __name__ == "__main__":
    with open(sys.argv[1], "rb") as stream:
        unpacker = Unpacker(LincFile(stream), 1)
        unpacked(unpacker.fetch(0, 1))
        print(*unpacker._pool._processes, flush=True)
        time.sleep(60)
"""


@pytest.fixture(scope="module")
def coded(clip: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three segments of two frames."""
    output = tmp_path_factory.mktemp("unpacking") / "x.linc"
    options = EncodeOptions(preset="instant", segment=2, span=Span(frames=6))
    encode(str(clip("carphone")), str(output), options)
    return output


def test_a_killed_process_is_an_error_with_advice(coded: Path) -> None:
    with coded.open("rb") as stream:
        unpacker = Unpacker(LincFile(stream), 1)
        assert unpacked(unpacker.fetch(0, 0)).n_frames == 2
        [worker] = unpacker._pool._processes  # type: ignore[attr-defined]
        os.kill(worker, signal.SIGKILL)
        while not unpacker._pool._broken:  # type: ignore[attr-defined]
            time.sleep(0.05)
        for _ in range(2):
            with pytest.raises(ResourceError, match="--workers 0"):
                unpacked(unpacker.fetch(1, 1))
        unpacker.close()


def test_processes_end_with_the_one_that_asked(coded: Path, tmp_path: Path) -> None:
    script = tmp_path / "asker.py"
    script.write_text(_ASKER)
    command = [sys.executable, str(script), str(coded)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asker:
        assert asker.stdout is not None
        worker = int(asker.stdout.readline())
        asker.kill()
    for _ in range(200):
        if not Path(f"/proc/{worker}").exists():
            return
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the process that entropy decodes goes on")


def test_workers_by_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 0), (2, 0), (4, 1), (16, 7), (64, 8)):
        monkeypatch.setattr(
            os, "sched_getaffinity", lambda _, n=cores: set(range(n)), raising=False
        )
        assert usual_workers() == workers
