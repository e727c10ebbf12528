"""Encoding a library: which files are done, who encodes the others, and what is said about it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lincodec.cluster.ledger import Entry, Ledger, State
from lincodec.cluster.library import Source, outputs
from lincodec.cluster.remote import FIRST_TIME, facts, stamp
from lincodec.cluster.slots import Message, Slot, Slots
from lincodec.cluster.wire import plain
from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.errors import InputError, LincError, ResourceError, UsageError
from lincodec.options import EncodeOptions, StopRequest
from lincodec.system.cores import usable_cores

#: The tag by which a file says what it was made from.
TAG = "source"
#: Options that do not make another file.
_FREE = {"cache", "resume", "verify", "device", "backend"}
#: Times that a file is begun when workers die over it; files that are indexed together; seconds
#: between looks at the workers.
_ATTEMPTS, _GROUP, _LOOK = 3, 16, 0.5

#: Told what happens: the kind of an event and its fields.
Listener = Callable[[str, Mapping[str, Any]], None]


#: Takes finished files, by their names, into an index.
Indexer = Callable[[Sequence[str]], None]


def settings_of(options: EncodeOptions) -> str:
    """Digest of what decides the bytes of a file beside its source."""
    fields = {name: text for name, text in plain(options).items() if name not in _FREE}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


def batch_identity(source: str, options: EncodeOptions) -> str:
    """What a file says it was made from: content of its source, and settings.

    Raises:
        InputError: the source cannot be read.
    """
    found = facts(source)
    content = [found["source size"], found["source content"], settings_of(options)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


@dataclass
class _Job:
    """A file to encode."""

    source: Source
    entry: Entry
    weight: float
    """Bytes of the source, which say about how much work it is."""
    fraction: float = 0.0
    crashes: int = 0


@dataclass
class Counts:
    """How many files there are of each kind."""

    queued: int = 0
    unchanged: int = 0
    adopted: int = 0
    done: int = 0
    failed: int = 0
    failed_before: int = 0


@dataclass
class Batch:
    """One run over a library.

    Attributes:
        counts: what became of the files so far.
    """

    ledger: Ledger
    folder: Path
    """Of the outputs."""
    options: EncodeOptions
    jobs: int
    listener: Listener
    retry_failed: bool = False
    replace: bool = False
    """Whether files that no batch made are replaced."""
    indexer: Indexer | None = None
    cache: tuple[str, int] | None = None
    """Folder and bytes of copies of sources that are not on this machine."""
    dry: bool = False
    """Whether nothing is written but the ledger."""
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self._settings = settings_of(self.options)
        self._known = self.ledger.entries()
        self._queue: deque[_Job] = deque()
        self._fresh: list[Entry] = []
        self._worth = self._finished = 0.0
        self._looked: dict[str, tuple[int, int]] = {}

    def look(self, sources: Sequence[Source], among: Sequence[Source] | None = None) -> None:
        """Find out what is to be done, and queue it; what has been looked at is left alone.

        Args:
            sources: the files of this run.
            among: all files of the library, which decide names; None: those.
        """
        names = outputs(among or sources, self.folder)
        with self.ledger.together():
            for source in sources:
                try:
                    self._look_at(source, names[source.name])
                except (LincError, OSError) as error:
                    self._fail(source, Entry(source.name), *_told_of(source, error))
        self._index()

    @property
    def queued(self) -> list[tuple[Source, str]]:
        """What is to be encoded, with the names of its files."""
        return [(job.source, str(self._path(job.entry))) for job in self._queue]

    def _path(self, entry: Entry) -> Path:
        return self.folder / entry.output

    def _look_at(self, source: Source, output: Path) -> None:
        """Settle what is to be done about one file."""
        seen, before = stamp(source.path), self._known.get(source.name)
        if self._looked.get(source.name) == seen:
            return
        self._looked[source.name] = seen
        same = before is not None and (before.size, before.mtime, before.settings) == (
            *seen, self._settings,
        )  # fmt: skip
        if before and before.output and self._path(before).exists():
            output = self._path(before)  # it was there before a namesake came
        if before and same and before.state is State.DONE and self._is_as_noted(before):
            self.counts.unchanged += 1
            if self.indexer and not before.indexed:
                self._fresh.append(before)
            return
        found = before.identity if before and same else batch_identity(source.path, self.options)
        entry = Entry(
            source.name, found, *seen, self._settings, output.relative_to(self.folder).as_posix()
        )
        again = before is not None and before.identity == found
        if before and again and before.state is State.FAILED and not self.retry_failed:
            self.counts.failed_before += 1
            self._tell("file-failed", source, code=before.code, message=before.message, again=True)
            return
        self._claim(source, entry)

    def _claim(self, source: Source, entry: Entry) -> None:
        """Queue a file, unless there is one that says it was made from it."""
        output = self._path(entry)
        tags = _tags(output)
        if tags is not None and tags.get(TAG) == entry.identity:
            self.counts.adopted += 1
            self._note_done(source, entry, 0.0)
            return
        if tags is None and output.exists() and not self.replace:
            raise UsageError(f"{output}: exists and is no file of linc; replace it with -y")
        if tags is not None and TAG not in tags and not self.replace:
            raise UsageError(f"{output}: exists, and no batch made it; replace it with -y")
        self.counts.queued += 1
        self._worth += entry.size
        self._queue.append(_Job(source, entry, entry.size))
        self._put(entry)

    def run(self, stop: StopRequest) -> None:
        """Encode what is queued; once ``stop`` is set nothing more is begun."""
        with Slots(min(self.jobs, max(len(self._queue), 1))) as slots:
            while self._queue or slots.busy:
                while self._queue and not stop.requested and (slot := slots.idle()):
                    self._begin(slot, self._queue.popleft())
                if not slots.busy:
                    break
                for slot, event in slots.events(_LOOK):
                    self._take(slot, event)
                self._tell_progress([slot.job for slot in slots.busy])
        self._index(all_of_them=True)

    def _begin(self, slot: Slot, job: _Job) -> None:
        entry = job.entry = replace(job.entry, state=State.RUNNING, attempts=job.entry.attempts + 1)
        self._put(entry)
        slot.job = job
        output = self._path(entry)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
        tags = {**self.options.tags, TAG: entry.identity}
        options = replace(self.options, resume=True, tags=tags)
        slot.send({
            "do": "encode", "source": job.source.path, "output": str(output),
            "options": plain(options), "cache": self.cache,
            "threads": max(1, usable_cores() // self.jobs),
        })  # fmt: skip

    def _take(self, slot: Slot, event: Message) -> None:
        """What an event of a worker means."""
        job: _Job | None = slot.job
        if job is None:
            return
        if event["type"] == "progress":
            job.fraction = event["fraction"]
            return
        slot.job = None
        if event["type"] == "ended" and job.crashes + 1 < _ATTEMPTS:
            job.crashes += 1
            job.fraction = 0.0
            self._queue.appendleft(job)
            self._tell("file-crashed", job.source, code=event["code"], attempt=job.crashes)
            return
        self._finished += job.weight
        if event["type"] == "done":
            report = event["report"]
            self.counts.done += 1
            entry = self._note_done(job.source, job.entry, report["seconds"])
            self._tell(
                "file-done", job.source, output=str(self._path(entry)),
                bytes=report["bytes"]["total"], frames=report["frames"],
                **{name: report[name] for name in ("psnr", "seconds", "resumed", "warnings")},
            )  # fmt: skip
            return
        if event["type"] == "ended":
            message = f"{job.crashes + 1} workers died over it, the last with code {event['code']}"
            event = {"code": ResourceError.exit_code, "message": f"{job.source.path}: {message}"}
        self._fail(job.source, job.entry, event["code"], event["message"])

    def _is_as_noted(self, entry: Entry) -> bool:
        """Whether the output is the one that was noted."""
        try:
            stat = self._path(entry).stat()
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (entry.output_size, entry.output_mtime)

    def _note_done(self, source: Source, entry: Entry, seconds: float) -> Entry:
        """Note a file that is complete; it gets the time of its source."""
        if self.dry:
            return entry
        output = self._path(entry)
        stat = output.stat()
        if stat.st_mtime_ns != entry.mtime > FIRST_TIME:
            os.utime(output, ns=(stat.st_atime_ns, entry.mtime))
            stat = output.stat()
        entry = replace(
            entry, state=State.DONE, seconds=seconds, code=0, message="",
            output_size=stat.st_size, output_mtime=stat.st_mtime_ns,
        )  # fmt: skip
        self._put(entry)
        if self.indexer:
            self._fresh.append(entry)
            self._index()
        return entry

    def _fail(self, source: Source, entry: Entry, code: int, text: str) -> None:
        """Note a file that cannot be encoded."""
        self.counts.failed += 1
        self._put(replace(entry, state=State.FAILED, code=code, message=text))
        self._tell("file-failed", source, code=code, message=text, again=False)

    def _put(self, entry: Entry) -> None:
        self._known[entry.name] = entry
        self.ledger.put(entry)

    def _index(self, *, all_of_them: bool = False) -> None:
        """Take finished files into the index, some at a time: nobody else writes it."""
        if self.indexer is None or not self._fresh:
            return
        if len(self._fresh) < _GROUP and not all_of_them:
            return
        fresh, self._fresh = self._fresh, []
        self.indexer([str(self._path(entry)) for entry in fresh])
        for entry in fresh:
            self._put(replace(entry, indexed=True))

    def _tell(self, kind: str, source: Source, **fields: Any) -> None:
        self.listener(kind, {"source": source.path, **fields})

    def _tell_progress(self, running: Sequence[_Job]) -> None:
        part = sum(job.fraction * job.weight for job in running)
        self.listener("progress", {
            "fraction": (self._finished + part) / max(self._worth, 1.0),
            "files": self.counts.done + self.counts.failed,
            "of": self.counts.queued,
            "running": [(job.source.name, job.fraction) for job in running],
        })  # fmt: skip


def _told_of(source: Source, error: LincError | OSError) -> tuple[int, str]:
    """Exit code and text of an error about a source."""
    if isinstance(error, LincError):
        return error.exit_code, str(error)
    return InputError.exit_code, f"{source.path}: {error.strerror}"


def _tags(path: Path) -> Mapping[str, str] | None:
    """The tags of a .linc file; None when there is no such file."""
    try:
        with open_file(str(path)) as stream:
            return LincFile(stream, name=str(path)).tags()
    except (LincError, OSError):
        return None


class Settled:
    """Tells files that are complete from files that are still being written."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            seconds: for which size and time of a file have not changed.
            now: the clock.
        """
        self.seconds, self._now = seconds, now
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}

    def among(self, sources: Sequence[Source]) -> list[Source]:
        """Those that are complete."""
        found, now = [], self._now()
        seen = {}
        for source in sources:
            try:
                found_now = stamp(source.path)
            except LincError:
                continue
            before = self._seen.get(source.path)
            since = before[1] if before and before[0] == found_now else now
            seen[source.path] = found_now, since
            if now - since >= self.seconds and found_now[0]:
                found.append(source)
        self._seen = seen
        return found
