"""Which videos a batch is about, and what their files are called."""

from __future__ import annotations

import glob
import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from lincodec.cluster.remote import below, is_remote
from lincodec.cluster.shards import Shard
from lincodec.errors import InputError, UsageError

#: Suffixes of videos that are looked for in folders; a file that is named may have any.
SUFFIXES = frozenset(
    f".{name}"
    for name in (
        "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf",
        "ogv", "ts", "vob", "webm", "wmv", "y4m",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One video of a batch."""

    path: str
    """Where it is."""
    name: str
    """Its path in the library, with slashes: the same wherever the library is mounted."""

    def belongs(self, shard: Shard) -> bool:
        """Whether it is one machine's."""
        digest = hashlib.sha256(self.name.encode("utf-8", "surrogateescape")).digest()
        return shard.takes(int.from_bytes(digest[:8]))


def listed(path: str) -> list[str]:
    """The paths in a file, one a line; ``-`` is standard input.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with open(0 if path == "-" else path, encoding="utf-8", errors="surrogateescape") as file:
            return [line.rstrip("\r\n") for line in file if line.strip()]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def find(paths: Iterable[str]) -> list[Source]:
    """The videos that some paths stand for, in the order of their names, each once.

    Args:
        paths: files, folders (all videos below them), patterns such as ``clips/*.mp4``, and URIs
            of files and folders.

    Raises:
        InputError: there is nothing of a name.
    """
    roots: list[tuple[str, list[str]]] = []
    for path in paths:
        if is_remote(path):
            roots.append((path, _remote(path)))
        elif os.path.isdir(path):
            roots.append((path, sorted(_below(path))))
        elif os.path.exists(path):
            roots.append((os.path.dirname(path), [path]))
        else:
            matched = sorted(glob.glob(path, recursive=True))
            if not matched:
                raise InputError(f"{path}: no such file, folder or pattern of files")
            roots.append((_plain_part(path), [each for each in matched if os.path.isfile(each)]))
    return _named(roots)


def _remote(folder: str) -> list[str]:
    """Videos below a URI, or the one that it names."""
    found = below(folder)
    if found == [folder]:
        return found
    names = ((each, PurePosixPath(each)) for each in sorted(found))
    return [each for each, name in names if name.suffix.lower() in SUFFIXES and name.name[0] != "."]


def _plain_part(pattern: str) -> str:
    """The folder that a pattern begins with."""
    parts = itertools.takewhile(lambda part: not glob.has_magic(part), PurePath(pattern).parts)
    return os.path.join(*parts, "")


def _below(folder: str) -> Iterator[str]:
    """Videos below a folder; what is hidden is left alone, folders are not followed by links."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES:
                yield os.path.join(where, name)


def _named(roots: Sequence[tuple[str, list[str]]]) -> list[Source]:
    """Names relative to the roots; where those of two roots meet, with the root's own in front."""
    found: dict[str, tuple[str, str]] = {}
    for root, files in roots:
        for path in files:
            key = path if is_remote(path) else os.path.realpath(path)  # where links lead
            found.setdefault(key, (path, root))
    relative = {key: _slashed(path, root) for key, (path, root) in found.items()}
    counts = Counter(relative.values())
    sources = []
    for key, (path, root) in found.items():
        name = relative[key]
        if counts[name] > 1:
            name = f"{PurePath(root if is_remote(root) else os.path.abspath(root)).name}/{name}"
        sources.append(Source(path, name))
    again = [name for name, count in Counter(s.name for s in sources).items() if count > 1]
    if again:
        raise UsageError(
            f"{again[0]}: several videos would have this name; give a folder that holds them all"
        )
    return sorted(sources, key=lambda source: source.name)


def _slashed(path: str, root: str) -> str:
    if is_remote(path):
        return path.removeprefix(root.rstrip("/")).lstrip("/") or PurePosixPath(path).name
    return PurePath(os.path.relpath(path, root or ".")).as_posix()


def outputs(sources: Sequence[Source], folder: Path) -> dict[str, Path]:
    """The file of every source, by its name; the tree is kept.

    ``a.mp4`` gives ``a.linc``; where there is an ``a.mov`` beside it, both keep their suffixes.
    """
    stems = Counter(os.path.splitext(source.name)[0].casefold() for source in sources)
    found = {}
    for source in sources:
        stem = os.path.splitext(source.name)[0]
        kept = source.name if stems[stem.casefold()] > 1 else stem
        found[source.name] = folder / f"{kept}.linc"
    return found
