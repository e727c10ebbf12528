"""The SQLite side of an index: which files and parts of files it knows, and the commit point.

A row of ``parts`` is one vector: of a whole video or of one segment. Its vector is in ``fresh``
until it is merged into the FAISS file that ``spaces`` names. All of it changes by transactions,
so a killed process leaves the index as it was before or after a file, never between.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from lincodec.errors import CorruptError, LincError, ResourceError

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

#: File of the database in the folder of an index.
DATABASE = "index.sqlite"
VIDEO, SEGMENT = 0, 1
LEVELS = ("video", "segment")
_VERSION = 2
_PATIENCE = 300  # seconds that a writer waits for another
#: What stored names begin with that count from the folder that holds the index.
_HERE = "./"

#: What a database raises whose bytes were changed: by itself, or by what its rows are used for.
DAMAGE = (sqlite3.Error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
#: Codes of SQLite for what is not in the file: rights, locks, space, the disk.
_OUTSIDE = {
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM,
}  # fmt: skip

_SCHEMA = """
CREATE TABLE spaces (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, revision BLOB NOT NULL UNIQUE,
    dimension INTEGER NOT NULL, location TEXT);
CREATE TABLE bases (
    space INTEGER NOT NULL, level INTEGER NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (space, level));
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, sha256 BLOB NOT NULL,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, frames INTEGER NOT NULL, seconds REAL NOT NULL);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER NOT NULL, level INTEGER NOT NULL,
    file INTEGER NOT NULL REFERENCES files(id), segment INTEGER NOT NULL,
    start REAL NOT NULL, stop REAL NOT NULL);
CREATE INDEX parts_of_file ON parts (file);
CREATE TABLE fresh (id INTEGER PRIMARY KEY, space INTEGER NOT NULL, level INTEGER NOT NULL,
    vector BLOB NOT NULL);
CREATE TABLE stale (id INTEGER PRIMARY KEY, space INTEGER NOT NULL, level INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Space:
    """One embedding model that files of the index are aligned to."""

    id: int
    model: str
    revision: bytes
    dimension: int
    location: str | None
    """Where the model was last loaded from."""


@dataclass(frozen=True)
class Part:
    """What one vector stands for."""

    path: str
    sha256: bytes
    segment: int
    """Index of the segment; 0 for a whole video."""
    start: float
    """Seconds of its first frame,"""
    stop: float
    """and of the end of its last one."""


@dataclass(frozen=True)
class KnownFile:
    """A file of the index."""

    path: str
    sha256: bytes
    """Of the bytes before DONE, as the file states it."""
    size: int
    mtime: int
    """Nanoseconds."""
    frames: int
    seconds: float


@dataclass(frozen=True)
class NewPart:
    """A vector to be added."""

    space: int
    level: int
    segment: int
    start: float
    stop: float
    vector: Floats


def library_of(folder: Path) -> str:
    """The folder that holds the folder of an index, from which names of its files count."""
    return os.path.dirname(os.path.abspath(folder))


class Store:
    """The database of one index; ``None`` as folder keeps it in memory."""

    def __init__(self, folder: Path | None) -> None:
        """Open or create the database.

        Raises:
            CorruptError: it is damaged or of another version.
            ResourceError: it cannot be opened.
        """
        self.name = "index" if folder is None else str(folder / DATABASE)
        self._root = None if folder is None else library_of(folder)
        target = ":memory:" if folder is None else self.name
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(target, isolation_level=None, timeout=_PATIENCE)
            self._base.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self._base.execute("PRAGMA journal_mode = WAL")
            version = self._version()
            if version == 0:
                with self.writing():
                    if self._version() == 0:
                        for statement in _SCHEMA.split(";"):
                            self._base.execute(statement)
                        self._base.execute(f"PRAGMA user_version = {_VERSION}")
        except OSError as error:
            raise ResourceError(f"{self.name}: cannot be opened ({error})") from error
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self.damaged(error) from error
        if version not in (0, _VERSION):
            raise CorruptError(
                f"{self.name}: version {version}, expected {_VERSION}; run linc index rebuild"
            )

    def damaged(self, error: BaseException) -> LincError:
        """What an error of the database means: no room or rights, or damage."""
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _OUTSIDE:
            return ResourceError(f"{self.name}: cannot be used ({error})")
        return CorruptError(f"{self.name}: is damaged ({error}); run linc index rebuild")

    def _version(self) -> int:
        return int(self._base.execute("PRAGMA user_version").fetchone()[0])

    def close(self) -> None:
        """Close the database."""
        self._base.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; other writers wait.

        Raises:
            ResourceError: the disk is full, or another writer does not finish.
        """
        try:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self.damaged(error) from error

    # ------------------------------------------------------------ spaces

    def spaces(self) -> list[Space]:
        """Every embedding model of the index."""
        rows = self._base.execute("SELECT id, model, revision, dimension, location FROM spaces")
        return [Space(*row) for row in rows]

    def space(self, model: str, revision: bytes, dimension: int) -> int:
        """The id of a model, which is added when it is new (inside ``writing``)."""
        self._base.execute(
            "INSERT OR IGNORE INTO spaces (model, revision, dimension) VALUES (?, ?, ?)",
            (model, revision, dimension),
        )
        row = self._base.execute("SELECT id FROM spaces WHERE revision = ?", (revision,)).fetchone()
        return int(row[0])

    def remember(self, space: int, location: str) -> None:
        """Note where a model was loaded from."""
        self._base.execute("UPDATE spaces SET location = ? WHERE id = ?", (location, space))

    # ------------------------------------------------------------ files

    def files(self) -> list[KnownFile]:
        """Every file, by path."""
        rows = self._base.execute(
            "SELECT path, sha256, size, mtime, frames, seconds FROM files ORDER BY path"
        )
        stored = [KnownFile(*row) for row in rows]
        for file in stored:
            numbers = (file.size, file.mtime, file.frames, file.seconds)
            if not isinstance(file.path, str) or not all(
                isinstance(n, int | float) for n in numbers
            ):
                raise TypeError("a row of files is no file")
        found = [replace(file, path=self._shown(file.path)) for file in stored]
        return sorted(found, key=lambda file: file.path)

    def _stored(self, path: str) -> str:
        """A path as the database has it: below the folder that holds the index from there on.

        So a library with its index may be moved, or be mounted elsewhere.
        """
        root = self._root
        if root is None or not path.startswith(os.path.join(root, "")):
            return path
        return _HERE + PurePath(os.path.relpath(path, root)).as_posix()

    def _shown(self, stored: str) -> str:
        """The path again."""
        if self._root is None or not stored.startswith(_HERE):
            return stored
        return os.path.join(self._root, stored.removeprefix(_HERE))

    def add(self, file: KnownFile, parts: Sequence[NewPart]) -> None:
        """Add a file with its vectors, in place of what was known of it (inside ``writing``)."""
        self.remove(file.path)
        path = self._stored(file.path)
        row = (path, file.sha256, file.size, file.mtime, file.frames, file.seconds)
        found = self._base.execute(
            "INSERT INTO files (path, sha256, size, mtime, frames, seconds) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        for part in parts:
            fields = (part.space, part.level, found.lastrowid, part.segment, part.start, part.stop)
            added = self._base.execute(
                "INSERT INTO parts (space, level, file, segment, start, stop) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                fields,
            )
            vector = part.vector.astype("<f4").tobytes()
            self._base.execute(
                "INSERT INTO fresh VALUES (?, ?, ?, ?)",
                (added.lastrowid, part.space, part.level, vector),
            )

    def remove(self, path: str) -> bool:
        """Forget a file (inside ``writing``); whether it was known."""
        stored = self._stored(path)
        row = self._base.execute("SELECT id FROM files WHERE path = ?", (stored,)).fetchone()
        if row is None:
            return False
        self._base.execute(
            "INSERT INTO stale SELECT id, space, level FROM parts "
            "WHERE file = ? AND id NOT IN (SELECT id FROM fresh) AND EXISTS (SELECT 1 FROM bases "
            "WHERE bases.space = parts.space AND bases.level = parts.level)",
            row,
        )
        self._base.execute(
            "DELETE FROM fresh WHERE id IN (SELECT id FROM parts WHERE file = ?)", row
        )
        self._base.execute("DELETE FROM parts WHERE file = ?", row)
        self._base.execute("DELETE FROM files WHERE id = ?", row)
        return True

    # ------------------------------------------------------------ vectors

    def part(self, identity: int) -> Part | None:
        """What a vector stands for; None when its file was removed."""
        row = self._base.execute(
            "SELECT path, sha256, segment, start, stop FROM parts JOIN files "
            "ON files.id = parts.file WHERE parts.id = ?",
            (identity,),
        ).fetchone()
        return None if row is None else Part(self._shown(row[0]), *row[1:])

    def count(self, space: int, level: int) -> int:
        """Vectors of a space and level."""
        row = self._base.execute(
            "SELECT COUNT(*) FROM parts WHERE space = ? AND level = ?", (space, level)
        ).fetchone()
        return int(row[0])

    def all_parts(self, space: int, level: int) -> Iterator[tuple[int, Part]]:
        """Every vector's id and what it stands for, by id."""
        rows = self._base.execute(
            "SELECT parts.id, path, sha256, segment, start, stop FROM parts JOIN files "
            "ON files.id = parts.file WHERE space = ? AND level = ? ORDER BY parts.id",
            (space, level),
        )
        for identity, path, *fields in rows:
            yield identity, Part(self._shown(path), *fields)

    def fresh(self, space: int, level: int) -> tuple[Ids, Floats]:
        """Ids and vectors that are not in the FAISS file yet."""
        rows = self._base.execute(
            "SELECT id, vector FROM fresh WHERE space = ? AND level = ? ORDER BY id",
            (space, level),
        ).fetchall()
        ids = np.array([row[0] for row in rows], np.int64)
        if not rows:
            return ids, np.zeros((0, 0), np.float32)
        return ids, np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)

    def stale(self, space: int, level: int) -> Ids:
        """Ids in the FAISS file whose files were removed."""
        rows = self._base.execute(
            "SELECT id FROM stale WHERE space = ? AND level = ?", (space, level)
        )
        return np.array([row[0] for row in rows], np.int64)

    def base(self, space: int, level: int) -> str | None:
        """Name of the FAISS file of a space and level."""
        row = self._base.execute(
            "SELECT name FROM bases WHERE space = ? AND level = ?", (space, level)
        ).fetchone()
        return None if row is None else str(row[0])

    def merged(self, space: int, level: int, name: str) -> None:
        """The FAISS file ``name`` now holds everything (inside ``writing``)."""
        key = (space, level)
        self._base.execute("INSERT OR REPLACE INTO bases VALUES (?, ?, ?)", (*key, name))
        self._base.execute("DELETE FROM fresh WHERE space = ? AND level = ?", key)
        self._base.execute("DELETE FROM stale WHERE space = ? AND level = ?", key)

    def shrink(self) -> None:
        """Give the space of merged vectors back to the file system."""
        # by executescript: execute() takes one step, which frees one page
        self._base.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")

    def distrust(self) -> None:
        """Drop every vector; files stay listed, and seem changed (inside ``writing``)."""
        for table in ("fresh", "stale", "bases"):
            self._base.execute(f"DELETE FROM {table}")
        self._base.execute("UPDATE files SET mtime = -1")
