"""Sources behind URIs: looked at where they are, read through a bounded cache on this machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from lincodec.encoder.journal import content_facts, source_facts
from lincodec.errors import InputError, LincError, ResourceError
from lincodec.system.extras import need
from lincodec.system.locks import lock

#: Bytes that are copied at once.
_CHUNK = 1 << 22
#: Seconds between looks at a copy that another process uses.
_PAUSE = 0.2
#: Nanoseconds from which a stamp is a time and not the version of a file system without times.
FIRST_TIME = 1 << 48


def is_remote(source: str) -> bool:
    """Whether a source is a URI such as ``s3://bucket/clip.mp4``."""
    scheme, separator, _ = source.partition("://")
    return bool(separator) and scheme.isascii() and scheme.replace("+", "").isalnum()


def stamp(source: str) -> tuple[int, int]:
    """Bytes of a source, and the time it was written in nanoseconds, 0 where nobody knows.

    Raises:
        InputError: it is not there.
    """
    if is_remote(source):
        info = _info(source)
        return int(info.get("size") or 0), _written(info)
    try:
        stat = os.stat(source)
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from error
    return stat.st_size, stat.st_mtime_ns


def facts(source: str) -> dict[str, str]:
    """What tells the content of a source, see ``source_facts``; of a URI only ends are read.

    Raises:
        InputError: it cannot be read.
    """
    if not is_remote(source):
        return source_facts(source)
    system, path = _opened(source)
    with _explained(source), system.open(path, "rb") as file:
        return content_facts(file, stamp(source)[0])


def below(folder: str) -> list[str]:
    """URIs of all files below a URI, itself if it is one.

    Raises:
        InputError: there is nothing.
    """
    system, path = _opened(folder)
    with _explained(folder):
        inside = [str(each).removeprefix(str(path)).lstrip("/") for each in system.find(path)]
    found = [f"{folder.rstrip('/')}/{each}" if each else folder for each in inside]
    if not found:
        raise InputError(f"{folder}: nothing there; check the address")
    return found


class SourceCache:
    """Copies of sources on this machine, the least recently used of which make room for others."""

    def __init__(self, folder: Path, limit: int) -> None:
        """
        Args:
            folder: where they are.
            limit: bytes that all of them may take, but for those in use.
        """
        self.folder, self.limit = folder, limit

    @contextmanager
    def local(self, source: str) -> Iterator[str]:
        """The path of a copy, which stays until the block ends; a path is itself.

        Raises:
            InputError: the source cannot be read.
            ResourceError: it does not fit into the cache, or the disk is full.
        """
        if not is_remote(source):
            yield source
            return
        size, written = stamp(source)
        key = hashlib.sha256(f"{source} {size} {written}".encode()).hexdigest()[:24]
        with _held(self.folder / key) as where:
            copy = where / (PurePosixPath(source).name or "source")
            try:
                if not copy.exists():
                    self._make_room(size, where)
                    self._fetch(source, copy, written)
                os.utime(where)
            except OSError as error:
                raise ResourceError(
                    f"{where}: {error.strerror or error}; is there room in the cache folder?"
                ) from error
            yield str(copy)

    def _fetch(self, source: str, copy: Path, written: int) -> None:
        """Copy a source; it has its name when it is complete."""
        system, path = _opened(source)
        part = copy.with_name(".part")
        try:
            with _explained(source), system.open(path, "rb") as file, part.open("wb") as out:
                shutil.copyfileobj(file, out, _CHUNK)
            if written > FIRST_TIME:
                os.utime(part, ns=(written, written))
            part.replace(copy)
        finally:
            part.unlink(missing_ok=True)

    def _make_room(self, size: int, besides: Path) -> None:
        """Remove copies that nobody uses, the oldest first, until ``size`` more bytes fit."""
        if size > self.limit:
            raise ResourceError(
                f"{size} bytes do not fit into a cache of {self.limit}; give it more with "
                "--cache-size"
            )
        known = sorted(self.folder.iterdir(), key=lambda each: each.stat().st_mtime)
        total = sum(_bytes(each) for each in known)
        for each in known:
            if total + size <= self.limit:
                return
            if each != besides:
                total -= _removed(each)


@contextmanager
def _held(folder: Path) -> Iterator[Path]:
    """A folder of the cache for this process alone, made if need be.

    Raises:
        ResourceError: it cannot be made.
    """
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / "lock").open("a+b")
        except FileNotFoundError:  # another process has just removed it
            continue
        except OSError as error:
            raise ResourceError(f"{folder}: cannot be made: {error.strerror}") from error
        with file:
            if lock(file):
                yield folder
                return
        time.sleep(_PAUSE)


def _bytes(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.iterdir())


def _removed(folder: Path) -> int:
    """Remove a copy, unless it is in use; the bytes that are free then."""
    with suppress(OSError), (folder / "lock").open("a+b") as file:
        if lock(file):
            size = _bytes(folder)
            shutil.rmtree(folder)
            return size
    return 0


def _opened(source: str) -> tuple[Any, str]:
    """The file system of a URI and the path in it."""
    fsspec = need("fsspec", "cloud")
    with _explained(source):
        system, path = fsspec.core.url_to_fs(source)
    return system, path


def _info(source: str) -> dict[str, Any]:
    system, path = _opened(source)
    with _explained(source):
        found: dict[str, Any] = system.info(path)
    return found


def _written(info: dict[str, Any]) -> int:
    """When a source was written, by whatever name its file system has for that."""
    for name in ("LastModified", "last_modified", "mtime", "created"):
        found = info.get(name)
        if isinstance(found, datetime):
            return int(found.timestamp() * 1e9)
        if isinstance(found, int | float):
            return int(found * 1e9)
    tag = info.get("ETag") or info.get("etag")
    return int(hashlib.sha256(str(tag).encode()).hexdigest()[:12], 16) if tag else 0


@contextmanager
def _explained(source: str) -> Iterator[None]:
    """Turn whatever a file system raises into one line."""
    try:
        yield
    except LincError:
        raise
    except ImportError as error:
        raise ResourceError(f"{source}: {error}; pip install 'lincodec[cloud]'") from error
    except Exception as error:
        why = str(error) or type(error).__name__
        raise InputError(f"{source}: cannot be read: {why}") from error
