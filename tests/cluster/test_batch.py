"""A library is encoded once, whoever is killed meanwhile, and one bad file keeps nobody else."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lincodec.cluster.batch import TAG, Batch, Counts, Settled, _tags
from lincodec.cluster.ledger import Ledger, State, open_ledger
from lincodec.cluster.library import Source, find
from lincodec.decoder.verify import verify
from lincodec.encoder.encode import encode
from lincodec.encoder.journal import Journal, journal_path
from lincodec.errors import UsageError
from lincodec.options import EncodeOptions, Span, StopRequest

OPTIONS = EncodeOptions(preset="instant", span=Span(frames=4), audio=False)


@pytest.fixture
def library(tmp_path: Path, uneven: Path) -> Path:
    """Three videos and a file that is none."""
    folder = tmp_path / "lib"
    (folder / "sub").mkdir(parents=True)
    for index, name in enumerate(("a.mp4", "b.mp4", "sub/a.mp4")):
        (folder / name).write_bytes(uneven.read_bytes())
        os.utime(folder / name, (1_000_000 + index, 1_000_000 + index))
    (folder / "bad.mp4").write_bytes(b"no video")
    return folder


class Run:
    """One call of ``linc batch``, and what it said."""

    def __init__(self, library: Path, **settings: Any) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self.out = library.parent / "out"
        options = settings.pop("options", OPTIONS)
        kill = settings.pop("kill", 0)
        with open_ledger(self.out, "0-of-1") as ledger:
            work = Batch(ledger, self.out, options, 2, self.tell, **settings)
            work.look(find([str(library)]))
            self.work, self.kills = work, kill
            if kill:
                begin = work._begin

                def deadly(slot: Any, job: Any) -> None:
                    begin(slot, job)
                    if self.kills and job.source.name == "b.mp4":
                        self.kills -= 1
                        slot.process.kill()

                work._begin = deadly  # type: ignore[method-assign]
            work.run(StopRequest())
            self.entries = ledger.entries()
        self.counts = work.counts

    def tell(self, kind: str, fields: Mapping[str, Any]) -> None:
        self.events.append((kind, fields))

    def kinds(self) -> list[str]:
        return sorted(kind for kind, _ in self.events if kind != "progress")


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*.linc")
    }


def test_once_and_not_again(library: Path) -> None:
    first = Run(library)
    assert first.counts == Counts(queued=4, done=3, failed=1)
    assert first.kinds() == ["file-done"] * 3 + ["file-failed"]
    made = files(first.out)
    assert sorted(made) == ["a.linc", "b.linc", "sub/a.linc"]
    assert [mtime // 10**9 for _, mtime in map(made.get, sorted(made))] == [  # type: ignore[misc]
        1_000_000, 1_000_001, 1_000_002,
    ]  # fmt: skip
    entry = first.entries["bad.mp4"]
    assert (entry.state, entry.code, entry.attempts) == (State.FAILED, 3, 1)
    assert Run(library).counts == Counts(unchanged=3, failed_before=1)
    assert Run(library, retry_failed=True).counts == Counts(unchanged=3, queued=1, failed=1)
    assert files(first.out) == made
    assert verify(first.out / "sub" / "a.linc").frames == 4


def test_without_a_ledger_the_files_say_it_themselves(library: Path) -> None:
    out = Run(library).out
    made = files(out)
    for path in (out / ".linc-batch").iterdir():
        path.write_bytes(b"damaged" * 2000 if path.suffix == ".sqlite" else b"")
    os.utime(library / "b.mp4", (5e6, 5e6))  # another time is no other content
    again = Run(library)
    assert again.counts == Counts(adopted=3, queued=1, failed=1)
    now = files(out)
    assert {name: data for name, (data, _) in now.items()} == {
        name: data for name, (data, _) in made.items()
    }
    assert now["b.linc"][1] == 5 * 10**15


def test_other_settings_and_other_sources_are_encoded_again(library: Path, uneven: Path) -> None:
    Run(library)
    assert Run(library, options=replace(OPTIONS, quality=50.0)).counts.done == 3
    (library / "a.mp4").write_bytes(uneven.read_bytes() + b"more")
    found = Run(library, options=replace(OPTIONS, quality=50.0))
    assert (found.counts.done, found.counts.unchanged) == (1, 2)


def test_a_namesake_that_comes_later_renames_nobody(library: Path, uneven: Path) -> None:
    Run(library)
    (library / "a.mov").write_bytes(uneven.read_bytes())
    found = Run(library)
    assert (found.counts.done, found.counts.unchanged) == (1, 3)
    assert sorted(files(found.out)) == ["a.linc", "a.mov.linc", "b.linc", "sub/a.linc"]


def test_files_that_no_batch_made_stay(library: Path, uneven: Path) -> None:
    out = library.parent / "out"
    out.mkdir()
    (out / "a.linc").write_bytes(b"mine")
    encode(str(uneven), str(out / "b.linc"), OPTIONS)
    found = Run(library)
    assert found.counts == Counts(queued=2, done=1, failed=3)
    assert (out / "a.linc").read_bytes() == b"mine"
    assert TAG not in (_tags(out / "b.linc") or {})
    assert Run(library, replace=True, retry_failed=True).counts.done == 2


def test_a_worker_that_dies_is_made_up_for(library: Path) -> None:
    found = Run(library, kill=2)
    assert found.counts.done == 3
    assert found.kinds().count("file-crashed") == 2


def test_a_file_that_kills_every_worker_is_failed(library: Path) -> None:
    found = Run(library, kill=3)
    assert found.counts == Counts(queued=4, done=2, failed=2)
    entry = found.entries["b.mp4"]
    assert (entry.code, entry.attempts) == (8, 3)
    assert "3 workers died over it" in entry.message


def test_finished_files_are_indexed_by_the_driver_alone(library: Path) -> None:
    taken: list[str] = []
    first = Run(library, indexer=lambda paths: taken.extend(paths))
    assert sorted(Path(path).name for path in taken) == ["a.linc", "a.linc", "b.linc"]
    taken.clear()
    Run(library, indexer=lambda paths: taken.extend(paths))
    assert taken == []
    with open_ledger(first.out, "0-of-1") as ledger:
        ledger.put(replace(ledger.entries()["b.mp4"], indexed=False))
    Run(library, indexer=lambda paths: taken.extend(paths))
    assert [Path(path).name for path in taken] == ["b.linc"]


def test_one_at_a_time(library: Path) -> None:
    with (
        open_ledger(library, "0-of-1"),
        pytest.raises(UsageError, match="another linc batch"),
        open_ledger(library, "0-of-1"),
    ):
        pass


def test_a_stale_journal_is_no_obstacle(library: Path) -> None:
    out = library.parent / "out"
    (out / "sub").mkdir(parents=True)
    paths = [journal_path(str(out / name)) for name in ("a.linc", "b.linc")]
    with paths[0].open("w+b") as file:
        Journal(paths[0], file).settle({"quality": "9"})
    paths[1].write_bytes(b"linc journal 1\nof long ago")
    assert Run(library).counts.done == 3
    assert not any(path.exists() for path in paths)


def test_files_are_complete_when_they_rest(tmp_path: Path) -> None:
    clock = [0.0]
    settled = Settled(10.0, lambda: clock[0])
    path = tmp_path / "a.mp4"
    path.write_bytes(b"1")
    sources = [Source(str(path), "a.mp4"), Source(str(tmp_path / "gone"), "gone")]
    assert settled.among(sources) == []
    clock[0] = 9.0
    path.write_bytes(b"12")
    assert settled.among(sources) == []
    clock[0] = 18.0
    assert settled.among(sources) == []
    clock[0] = 19.5
    assert settled.among(sources) == sources[:1]


def test_a_ledger_of_another_version_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    ledger = Ledger(path)
    assert ledger.entries() == {}
    ledger.close()


def busy(out: Path) -> Iterator[bool]:
    while True:
        yield any(out.rglob("*.linc"))
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_batch_goes_on(library: Path) -> None:
    whole = Run(library)
    wanted = files(whole.out)
    out = library.parent / "again"
    command = [
        sys.executable, "-m", "lincodec", "batch", str(library), "-o", str(out), "--preset",
        "instant", "--frames", "4", "--audio", "none", "--quiet",
    ]  # fmt: skip
    process = subprocess.Popen(command, start_new_session=True)
    for some in busy(out):
        if some:
            break
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert subprocess.run(command).returncode == 9
    assert files(out) == wanted
    hidden = [p.name for p in out.rglob(".*") if p.name != ".linc-batch"]
    assert hidden == []
