"""Searching .linc files by what they show, for programs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lincodec.api.frames import check_choice
from lincodec.errors import UsageError
from lincodec.semantics import index as engine
from lincodec.semantics.index import AddReport
from lincodec.semantics.search import SearchReport, choose_space, embed_query, search
from lincodec.semantics.store import Space
from lincodec.semantics.teacher import Teacher

_LEVELS = ("frame", "segment", "video")


class Index:
    """An index of aligned .linc files in a folder, the same that ``linc index`` keeps.

    Threads and processes may use it at the same time.
    """

    def __init__(self, folder: str | os.PathLike[str], cache: str | None = None) -> None:
        """
        Args:
            folder: of the index; ``add`` makes it.
            cache: folder where models keep what they compute once; None: nowhere.
        """
        self.folder = os.fspath(folder)
        self._cache = cache
        self._lock = threading.Lock()  # models are used by one thread at a time
        self._chosen: dict[tuple[str | None, tuple[bytes, ...]], tuple[Space, Teacher]] = {}

    def __repr__(self) -> str:
        return f"Index({self.folder!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Index, (self.folder, self._cache)

    @property
    def files(self) -> tuple[str, ...]:
        """Absolute paths of the files that are in the index."""
        with self._open() as index:
            return tuple(file.path for file in index.store.files())

    def add(self, paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> AddReport:
        """Add files, and all .linc files below folders; what has not changed is left alone.

        Raises:
            InputError: a path does not exist.
            UsageError: a folder holds no .linc file.
        """
        named = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        with engine.Index(self.folder) as index:
            return index.add([os.fspath(path) for path in named])

    def remove(self, paths: Sequence[str]) -> list[str]:
        """Forget files, and everything below folders; the paths that were forgotten.

        Raises:
            UsageError: the index knows nothing of a path.
        """
        with self._open() as index:
            return index.remove(paths)

    def search(
        self,
        query: str | NDArray[np.uint8],
        *,
        level: str = "segment",
        top: int = 10,
        model: str | None = None,
    ) -> SearchReport:
        """Find what a sentence says or a picture shows; no video is decoded.

        Args:
            query: a sentence, or RGB samples [height, width, 3] such as ``video[12]``.
            level: what is found: ``frame``, ``segment`` or ``video``.
            top: hits wanted.
            model: ``conse``, or the directory of the model that the files are aligned to; None:
                the only one of the index.

        Returns:
            ``hits``, best first.

        Raises:
            UsageError: there is no index, nothing is in it, or there is no telling which model.
            ResourceError: a library is not installed that this needs.
        """
        check_choice("level", level, _LEVELS)
        text, picture = (query, None) if isinstance(query, str) else (None, query)
        with self._lock, self._open() as index:
            space, teacher = self._choice(index, model)
            return search(index, space, embed_query(teacher, text, picture), level, top)

    def _choice(self, index: engine.Index, model: str | None) -> tuple[Space, Teacher]:
        """The model of a query, loaded once."""
        key = (model, tuple(space.revision for space in index.store.spaces()))
        if key not in self._chosen:
            self._chosen = {key: choose_space(index, model, self._cache)}
        return self._chosen[key]

    def _open(self) -> engine.Index:
        """The index on disk.

        Raises:
            UsageError: there is none.
        """
        if not engine.is_index(self.folder):
            raise UsageError(f"{self.folder}: no index here; make one with add")
        return engine.Index(self.folder)
