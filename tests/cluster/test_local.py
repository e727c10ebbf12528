"""Workers that die, fail or run out of memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.encodings import Encoding

from lincodec.cluster.local import LocalWorkers, _Task
from lincodec.cluster.slots import Slot
from lincodec.encoder.journal import journal_path
from lincodec.encoder.rate_control import Grant
from lincodec.errors import InputError, LincError, ResourceError, VerifyError


class Deadly(LocalWorkers):
    """Kills workers that have begun on a part, so many times."""

    def __init__(self, jobs: int, times: int) -> None:
        super().__init__(jobs)
        self.times = times

    def _feed(self) -> None:
        super()._feed()
        for slot in self._slots.busy:
            if self.times and slot.job.index == 2:
                self.times -= 1
                os.kill(slot.process.pid, signal.SIGKILL)
                slot.process.wait()


def test_a_worker_that_is_killed_costs_nothing_but_time(uneven: Path, encoded: Encoding) -> None:
    local, _ = encoded(uneven, segment=5)
    with Deadly(2, 2) as executor:
        assert encoded(uneven, executor, segment=5)[0] == local
        assert executor.times == 0


def test_a_part_that_kills_every_worker_ends_the_encode(
    uneven: Path, encoded: Encoding, tmp_path: Path
) -> None:
    with Deadly(1, 9) as executor:
        with pytest.raises(ResourceError, match="part 2: 3 workers died over it"):
            encoded(uneven, executor, segment=5)
        assert executor.times == 6
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_changes_is_noticed(
    uneven: Path, encoded: Encoding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker fails of comes back as the same kind of error."""
    source = tmp_path / "copy.mp4"
    source.write_bytes(uneven.read_bytes())
    real = LocalWorkers.submit

    def submit(executor: LocalWorkers, index: int, task: Any) -> None:
        source.unlink(missing_ok=True)
        real(executor, index, task)

    monkeypatch.setattr(LocalWorkers, "submit", submit)
    with LocalWorkers(1) as executor, pytest.raises(InputError, match="no such file"):
        encoded(source, executor, segment=5)


def told(executor: LocalWorkers, slot: Any, **event: Any) -> Any:
    return executor._taken(slot, {"error": "X", "code": 1, "message": "m", "memory": False} | event)


def test_a_part_that_takes_too_much_memory_is_tried_alone() -> None:
    executor = LocalWorkers(2)
    slot: Any = SimpleNamespace(job=_Task(4, Grant(9.0)))
    assert told(executor, slot, type="failed", memory=True) is None
    task = executor._queue[-1]
    assert (task.index, task.alone, slot.job) == (4, True, None)
    slot.job = executor._queue.pop()
    with pytest.raises(LincError, match="m"):
        told(executor, slot, type="failed", memory=True)
    slot.job = _Task(1, Grant(9.0))
    with pytest.raises(VerifyError):
        told(executor, slot, type="failed", error="VerifyError")


def test_a_worker_ends_with_its_coordinator() -> None:
    slot = Slot(0)
    slot.process.stdin.close()  # type: ignore[union-attr]
    assert slot.process.wait(60) == 0
    slot.outward.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_coordinator_that_is_killed_goes_on(uneven: Path, tmp_path: Path) -> None:
    whole, output = tmp_path / "whole.linc", tmp_path / "out.linc"
    base = [sys.executable, "-m", "lincodec", "encode", str(uneven), "--segment", "3", "--quiet"]
    subprocess.run([*base, "--preset", "fast", "-o", str(whole)], check=True)
    command = [*base, "--preset", "fast", "-o", str(output), "--resume", "--jobs", "2"]
    process = subprocess.Popen(command)
    journal = journal_path(output)
    while not (journal.exists() and journal.stat().st_size > 3000):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    done = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True)
    assert '"resumed": 0' not in done.stdout
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.linc", "whole.linc"]
