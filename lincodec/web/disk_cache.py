"""What was rendered, kept on disk: the least recently used goes first."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lincodec.system.atomic import atomic_output


def key_of(*parts: object) -> str:
    """A name for what these parts describe."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:40]


class DiskCache:
    """Files by key, up to a number of bytes together; threads may share it."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._total = sum(size for _, size, _ in self._files())

    def get(self, key: str) -> Path | None:
        """The file of a key, which is now the one used last."""
        path = self._path(key)
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def put(self, key: str, data: Iterable[bytes]) -> Path:
        """Keep bytes, whole or not at all."""
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        with atomic_output(path, overwrite=True) as temporary, temporary.open("wb") as file:
            for part in data:
                file.write(part)
        with self._lock:
            self._total += path.stat().st_size
            if self._total > self._limit:
                self._shrink(path)
        return path

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _files(self) -> list[tuple[float, int, Path]]:
        """(time of last use, bytes, path), oldest first."""
        found = []
        for path in self._folder.glob("*/*"):
            with suppress(OSError):  # another process took it away
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        return sorted(found)

    def _shrink(self, newest: Path) -> None:
        """Remove the oldest down to nine tenths, but never what was just kept."""
        files = self._files()
        self._total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if self._total <= 0.9 * self._limit:
                return
            if path != newest:
                with suppress(OSError):
                    path.unlink()
                self._total -= size
