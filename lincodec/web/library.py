"""The files that are served: found, described, and said to be damaged where they are."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.errors import InputError, LincError, UsageError
from lincodec.video.timing import duration

#: Files of a library at most; seconds between two looks at its folders.
_MOST, _REST = 10_000, 2.0
#: Of files that a .linc file may have been made from.
SOURCES = (".mp4", ".mkv", ".mov", ".webm", ".m4v", ".avi")


@dataclass(frozen=True)
class Item:
    """One file of the library."""

    id: str
    """Of its place and of the SHA-256 that it states: a damaged copy states the same."""
    path: Path
    folder: str
    """The folders between a root and the file, with slashes; empty in a root itself."""
    facts: dict[str, Any] = field(default_factory=dict)
    """width, height (upright), fps, frames, seconds, segments, audio."""
    damage: str | None = None
    """What is wrong with it."""
    size: int = 0
    """Bytes."""
    changed: float = 0.0
    """Seconds since 1970 at which it was written."""

    @property
    def source(self) -> Path | None:
        """The video beside it with the same name, which it may have been made from."""
        beside = (self.path.with_suffix(suffix) for suffix in SOURCES)
        return next((path for path in beside if path.is_file()), None)


class Library:
    """Files and folders; what is added to a folder later is found too. Threads may share it."""

    def __init__(self, roots: Sequence[str]) -> None:
        """
        Raises:
            InputError: a root does not exist.
            UsageError: a file is no .linc file by its name.
        """
        self._roots = [Path(root).resolve() for root in roots]
        for given, root in zip(roots, self._roots, strict=True):
            if not root.exists():
                raise InputError(f"{given}: no such file or folder")
            if root.is_file() and root.suffix != ".linc":
                raise UsageError(f"{given}: expected a .linc file or a folder")
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._known: dict[tuple[Path, int, int], Item] = {}
        self._damage: dict[str, str] = {}
        self._items: dict[str, Item] = {}

    @property
    def roots(self) -> tuple[Path, ...]:
        """As they were given, absolute."""
        return tuple(self._roots)

    def items(self) -> list[Item]:
        """All files by name; folders are looked through anew every few seconds."""
        with self._lock:
            if time.monotonic() - self._looked > _REST:
                self._look()
                self._looked = time.monotonic()
            return list(self._items.values())

    def get(self, identity: str) -> Item | None:
        """The file with an id."""
        if identity not in self._items:
            self.items()
        return self._items.get(identity)

    def mark(self, identity: str, damage: str) -> None:
        """Say of a file that it was found to be damaged."""
        with self._lock:
            self._damage[identity] = damage
            if (item := self._items.get(identity)) is not None:
                self._items[identity] = _damaged(item, damage)

    def _look(self) -> None:
        known: dict[tuple[Path, int, int], Item] = {}
        found: dict[str, Item] = {}
        for path, folder in self._paths():
            try:
                stat = path.stat()
            except OSError:  # it went away meanwhile
                continue
            key = (path, stat.st_size, stat.st_mtime_ns)
            item = known[key] = self._known.get(key) or _described(path, folder)
            if item.id in self._damage and item.damage is None:
                item = _damaged(item, self._damage[item.id])
            found.setdefault(item.id, item)
        self._known, self._items = known, found

    def _paths(self) -> Iterator[tuple[Path, str]]:
        """Paths of .linc files, and the folder of each below its root."""
        count = 0
        for root in self._roots:
            paths = [root] if root.is_file() else sorted(root.rglob("*.linc"))
            for path in paths:
                if path.name.startswith(".") or not path.is_file():
                    continue
                count += 1
                if count > _MOST:
                    return
                folder = "" if path == root else path.parent.relative_to(root).as_posix()
                yield path, "" if folder == "." else folder


def _described(path: Path, folder: str) -> Item:
    stat = path.stat()
    mine = _name(path, f"{stat.st_size} {stat.st_mtime_ns}".encode())
    try:
        with open_file(path) as stream:
            linc = LincFile(stream, name=path.name)
            info = linc.info
            size = (info.width, info.height)
            facts = {
                "width": size[info.rotation % 180 != 0],
                "height": size[info.rotation % 180 == 0],
                "fps": float(info.fps),
                "frames": linc.n_frames,
                "seconds": float(duration(linc.times())),
                "segments": len(linc.segments),
                "audio": linc.has_audio,
            }
            if linc.done is not None:  # the same after the file was only touched
                mine = _name(path, linc.done.sha256)
            return Item(mine, path, folder, facts, None, stat.st_size, stat.st_mtime)
    except LincError as error:
        return Item(mine, path, folder, {}, str(error), stat.st_size, stat.st_mtime)


def _name(path: Path, content: bytes) -> str:
    return hashlib.sha256(content + str(path).encode(errors="surrogateescape")).hexdigest()[:24]


def _damaged(item: Item, damage: str) -> Item:
    return Item(item.id, item.path, item.folder, item.facts, damage, item.size, item.changed)
