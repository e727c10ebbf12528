"""What became of every file of a batch: a cache of what the finished files say themselves."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lincodec.errors import UsageError
from lincodec.system.locks import lock

_VERSION = 1


class State(StrEnum):
    """How far a file is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One source."""

    name: str
    identity: str = ""
    """Of source and settings, see ``batch_identity``."""
    size: int = 0
    """Bytes of the source,"""
    mtime: int = 0
    """and its time in nanoseconds, when the identity was found."""
    settings: str = ""
    """Digest of the settings."""
    output: str = ""
    output_size: int = 0
    output_mtime: int = 0
    state: State = State.QUEUED
    attempts: int = 0
    code: int = 0
    """Exit code that encoding it alone would have had."""
    message: str = ""
    seconds: float = 0.0
    indexed: bool = False


_FIELDS = [field.name for field in dataclasses.fields(Entry)]


class Ledger:
    """The entries of one shard; see ``open_ledger``."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: of the database; one that is damaged or of another version is made anew.
        """
        self.path = path
        try:
            self._connect()
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
            self._connect()

    def _connect(self) -> None:
        self._db = sqlite3.connect(self.path, isolation_level=None)
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            self._db.close()
            raise sqlite3.DatabaseError
        # no write-ahead log: the folder may be on a network
        self._db.execute("PRAGMA synchronous = NORMAL")
        columns = ", ".join(f"{name}" for name in _FIELDS[1:])
        self._db.execute(f"CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, {columns})")
        self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def entries(self) -> dict[str, Entry]:
        """All of them, by name."""
        rows = self._db.execute(f"SELECT {', '.join(_FIELDS)} FROM files")
        found = {}
        for row in rows:
            fields = dict(zip(_FIELDS, row, strict=True))
            fields |= {"state": State(fields["state"]), "indexed": bool(fields["indexed"])}
            found[fields["name"]] = Entry(**fields)
        return found

    def put(self, entry: Entry) -> None:
        """Write one."""
        marks = ", ".join("?" * len(_FIELDS))
        self._db.execute(
            f"INSERT OR REPLACE INTO files ({', '.join(_FIELDS)}) VALUES ({marks})",
            [getattr(entry, name) for name in _FIELDS],
        )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write all that is put within the block at once."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")


@contextmanager
def open_ledger(folder: Path, shard: str) -> Iterator[Ledger]:
    """Open the ledger of a shard; nobody else can until the block ends.

    Args:
        folder: of the outputs.
        shard: names the shard.

    Raises:
        UsageError: another process works on it, or the folder cannot be written.
    """
    where = folder / ".linc-batch"
    try:
        where.mkdir(parents=True, exist_ok=True)
        file = (where / f"{shard}.lock").open("a+b")
    except OSError as error:
        raise UsageError(f"{where}: cannot be written: {error.strerror}") from error
    with file:
        if not lock(file):
            raise UsageError(f"{folder}: another linc batch works on it; wait until that is done")
        with closing(Ledger(where / f"{shard}.sqlite")) as ledger:
            yield ledger
