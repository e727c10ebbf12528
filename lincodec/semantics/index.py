"""An index over .linc files: a cache of what their latents say, made from the files alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream.embedding import Aligned, normalised
from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.errors import CorruptError, InputError, LincError, UsageError
from lincodec.semantics import vectors
from lincodec.semantics.store import (
    DAMAGE,
    DATABASE,
    LEVELS,
    SEGMENT,
    VIDEO,
    KnownFile,
    NewPart,
    Part,
    Space,
    Store,
)
from lincodec.types import Times

Floats = NDArray[np.float32]

#: Vectors that wait in the database before they are merged into the FAISS file.
FRESH = 1000


@dataclass(frozen=True)
class AddReport:
    """What an ``add`` did."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    """(path, why) of files that could not be read or are not aligned."""


@dataclass(frozen=True)
class Found:
    """One vector near a query."""

    score: float
    """Cosine to the query."""
    part: Part


class Index:
    """Open an index, or create it; use it as a context manager."""

    def __init__(self, folder: str | os.PathLike[str] | None) -> None:
        """
        Args:
            folder: of the index; None: keep it in memory.

        Raises:
            CorruptError: the index is damaged.
            ResourceError: the folder cannot be written.
        """
        self.folder = None if folder is None else Path(folder)
        self.store = Store(self.folder)
        self._open: dict[str, Any] = {}

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        self.store.close()
        if isinstance(error, DAMAGE) and not isinstance(error, UnicodeEncodeError):
            raise self.store.damaged(error) from error

    # ------------------------------------------------------------ files in and out

    def add(
        self, paths: Iterable[str], report: Callable[[str], None] = lambda _: None
    ) -> AddReport:
        """Add files, and all .linc files below folders; what has not changed is left alone.

        Each file is one transaction: a killed ``add`` has added some files and not the others.

        Args:
            paths: files and folders.
            report: told the name of every file.

        Raises:
            UsageError: a path does not exist, or a folder holds no .linc file.
        """
        known = {file.path: file for file in self.store.files()}
        added, unchanged, skipped = [], [], []
        for path in list(_files(paths)):
            report(path)
            name = os.path.abspath(path)
            try:
                state = os.stat(path)
                before = known.get(name)
                stamp = (state.st_size, state.st_mtime_ns)
                if before is not None and (before.size, before.mtime) == stamp:
                    unchanged.append(path)
                    continue
                self._add(path, name, *stamp)
                added.append(path)
            except (LincError, OSError) as error:
                skipped.append((path, str(error)))
                if name in known:  # what it was is no longer true
                    with self.store.writing():
                        self.store.remove(name)
            except UnicodeEncodeError:
                skipped.append((path, "its name is not UTF-8, which an index cannot hold"))
        self.merge(FRESH)
        return AddReport(tuple(added), tuple(unchanged), tuple(skipped))

    def _add(self, path: str, name: str, size: int, mtime: int) -> None:
        with open_file(path) as stream:
            linc = LincFile(stream, name=path)
            spaces = linc.alignments()
            if not spaces:
                raise InputError(f"{path}: is not aligned to any model; run linc align first")
            assert linc.done is not None  # an open file has a sound trailer
            edges = segment_times(linc)
            file = KnownFile(
                name, linc.done.sha256, size, mtime, linc.n_frames, edges[-1][1] - edges[0][0]
            )
            found = [(data, _unit_means(Aligned(linc, data))) for data in spaces]
        with self.store.writing():
            parts = []
            for data, (video, segments) in found:
                space = self.store.space(data.model, data.revision, data.dimension)
                parts.append(NewPart(space, VIDEO, 0, edges[0][0], edges[-1][1], video))
                parts += [
                    NewPart(space, SEGMENT, i, *edges[i], row) for i, row in enumerate(segments)
                ]
            self.store.add(file, parts)

    def remove(self, paths: Sequence[str]) -> list[str]:
        """Forget files, and everything below folders; the paths that were forgotten.

        Raises:
            UsageError: the index knows nothing of a path.
        """
        gone = []
        for path in paths:
            name = os.path.abspath(path)
            below = [
                f.path for f in self.store.files() if f.path == name or _is_below(f.path, name)
            ]
            if not below:
                raise UsageError(f"{path}: is not in the index; see linc index list")
            gone += below
        self._forget(gone)
        return gone

    def prune(self) -> list[str]:
        """Forget files that are no longer there; their paths."""
        gone = [file.path for file in self.store.files() if not os.path.exists(file.path)]
        self._forget(gone)
        return gone

    def _forget(self, paths: Iterable[str]) -> None:
        with self.store.writing():
            for path in paths:
                self.store.remove(path)
        self.merge(FRESH)

    def rebuild(self, report: Callable[[str], None] = lambda _: None) -> AddReport:
        """Make every vector anew from the files that the index lists; a killed one goes on so."""
        gone = [(path, "is no longer there") for path in self.prune()]
        with self.store.writing():
            self.store.distrust()
        done = self.add([file.path for file in self.store.files()], report)
        self.merge(0)
        return AddReport(done.added, done.unchanged, (*done.skipped, *gone))

    # ------------------------------------------------------------ the FAISS files

    def merge(self, limit: int) -> None:
        """Bring the FAISS files up to date where more than ``limit`` changes wait."""
        if self.folder is None:
            return
        for space in self.store.spaces():
            for level in (VIDEO, SEGMENT):
                with self.store.writing():  # so that nobody else writes a FAISS file meanwhile
                    done = self._merge(self.folder, space.id, level, limit)
                if done:
                    self.store.shrink()

    def _merge(self, folder: Path, space: int, level: int, limit: int) -> bool:
        """Merge one space and level; whether there was enough to do."""
        (ids, fresh), stale = self.store.fresh(space, level), self.store.stale(space, level)
        if len(ids) + len(stale) <= limit:
            return False
        old = self.store.base(space, level)
        base = None if old is None else vectors.read(folder / old)
        name = f"space{space}-{LEVELS[level]}-{secrets.token_hex(4)}.faiss"
        vectors.write(vectors.changed(base, stale, fresh, ids), folder / name)
        self.store.merged(space, level, name)
        self._sweep(folder)
        return True

    def _sweep(self, folder: Path) -> None:
        """Delete FAISS files that the database does not name: older ones, and a crash's."""
        named = {
            self.store.base(space.id, level)
            for space in self.store.spaces()
            for level in (VIDEO, SEGMENT)
        }
        for path in folder.glob("*.faiss"):
            if path.name not in named:
                with suppress(OSError):
                    path.unlink()

    # ------------------------------------------------------------ queries

    def search(self, space: Space, query: Floats, level: int, count: int) -> list[Found]:
        """The nearest videos or segments, best first.

        Args:
            space: whose vectors are compared.
            query: vector [d] of its model, of any length.
            level: ``VIDEO`` or ``SEGMENT``.
            count: at most so many.

        Raises:
            CorruptError: a FAISS file is damaged.
        """
        unit = normalised(query)
        ids, fresh = self.store.fresh(space.id, level)
        scores = fresh @ unit if len(ids) else np.zeros(0, np.float32)
        base = self._base(space.id, level)
        if base is not None:
            stale = self.store.stale(space.id, level)
            more, their = vectors.search(base, unit, count, stale)
            ids, scores = np.concatenate([ids, more]), np.concatenate([scores, their])
        order = np.argsort(-scores, kind="stable")[:count]
        parts = [(float(scores[i]), self.store.part(int(ids[i]))) for i in order]
        return [Found(score, part) for score, part in parts if part is not None]

    def _base(self, space: int, level: int) -> Any:
        """The FAISS index of a space and level, vectors left on disk; None when there is none."""
        name = self.store.base(space, level)
        if name is None or self.folder is None:
            return None
        if name not in self._open:
            try:
                found = vectors.read(self.folder / name, mapped=True)
            except CorruptError:
                if self.store.base(space, level) == name:
                    raise
                return self._base(space, level)  # another process has merged meanwhile
            self._open = {name: found}
        return self._open[name]

    def vectors_of(self, space: Space, level: int) -> Iterator[tuple[Part, Floats]]:
        """Every vector with what it stands for, read from the files again."""
        opened: tuple[str, Floats, Floats] | None = None
        for _, part in self.store.all_parts(space.id, level):
            if opened is None or opened[0] != part.path:
                with open_file(part.path) as stream:
                    linc = LincFile(stream, name=part.path)
                    data = alignment_to(linc, space.revision)
                    opened = (part.path, *_unit_means(Aligned(linc, data)))
            yield part, opened[1] if level == VIDEO else opened[2][part.segment]


def is_index(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder holds an index."""
    return (Path(folder) / DATABASE).is_file()


def alignment_to(linc: LincFile, revision: bytes) -> Any:
    """The alignment of a file to a model.

    Raises:
        UsageError: the file is not aligned to it.
    """
    for data in linc.alignments():
        if data.revision == revision:
            return data
    raise UsageError(f"{linc.name}: is not aligned to this model; run linc align first")


def segment_times(linc: LincFile) -> list[tuple[float, float]]:
    """Seconds where each segment of a file begins and ends."""
    times = linc.times()
    return [
        (seconds_at(times, entry.first_frame), seconds_at(times, entry.end_frame))
        for entry in linc.segments
    ]


def seconds_at(times: Times, frame: int) -> float:
    """Seconds at which a frame is shown; the end of the video for the frame after the last."""
    if frame < len(times.pts):
        return float(times.pts[frame] * times.time_base)
    return float((times.pts[-1] + times.last_duration) * times.time_base)


def _unit_means(aligned: Aligned) -> tuple[Floats, Floats]:
    """Unit vectors of a file [d] and of its segments [n, d]: means of the frames' unit vectors."""
    frames = [normalised(aligned.segment(i)) for i in range(len(aligned.linc.segments))]
    segments = np.stack([rows.mean(axis=0) for rows in frames])
    return normalised(np.concatenate(frames).mean(axis=0)), normalised(segments)


def _identity(path: str) -> tuple[int, int] | str:
    """What two names of one file have in common; of a file that went away, its name."""
    try:
        stat = os.stat(path)
    except OSError:
        return os.path.abspath(path)
    return stat.st_dev, stat.st_ino


def _files(paths: Iterable[str]) -> Iterator[str]:
    """The .linc files among and below ``paths``, each once however many links lead to it."""
    seen = set()
    for path in paths:
        if os.path.isdir(path):
            found = sorted(str(p) for p in Path(path).rglob("*.linc") if not p.name.startswith("."))
            if not found:
                raise UsageError(f"{path}: holds no .linc file")
        elif os.path.exists(path):
            found = [path]
        else:
            raise InputError(f"{path}: no such file")
        for name in found:
            same = _identity(name)
            if same not in seen:
                seen.add(same)
                yield name


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)
