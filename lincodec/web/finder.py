"""Search over the library by a sentence or a picture, with a floor below which nothing is shown."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lincodec.errors import UsageError
from lincodec.semantics.index import Index, is_index
from lincodec.semantics.search import SearchReport, choose_space, embed_query, search
from lincodec.semantics.store import Space
from lincodec.semantics.teacher import Teacher
from lincodec.web.library import Library

#: Hits that are looked at, and that are shown at most.
_LOOKED, _SHOWN = 60, 24
#: A hit is shown if it lies so far up from the usual score to the best one.
_FLOOR = 0.5
#: Fewer hits than this have no usual score.
_FEW = 8


class Finder:
    """Searches the library; threads wait for one another."""

    def __init__(
        self, library: Library, folder: str | None, model: str | None, cache: str | None
    ) -> None:
        """
        Args:
            library: only its files are shown.
            folder: of an index; None, or one that is not there: one is made in memory.
            model: see ``choose_space``.
            cache: see there.
        """
        self._library, self._model, self._cache = library, model, cache
        self._folder = folder if folder is not None and is_index(folder) else None
        self._lock = threading.Lock()
        self._memory: Index | None = None
        self._chosen: tuple[tuple[bytes, ...], Space, Teacher] | None = None

    def find(self, text: str | None, picture: NDArray[np.uint8] | None) -> dict[str, Any]:
        """What a page shows of a search.

        Returns:
            ``model`` and ``hits``, best first: id, score, start, stop (seconds), frame.

        Raises:
            UsageError: no file is aligned to a model, or to several.
            ResourceError: a library or the model is missing.
        """
        with self._lock:
            index = self._index()
            try:
                space, teacher = self._choice(index)
                vector = embed_query(teacher, text, picture)
                found = search(index, space, vector, "frame", _LOOKED)
            finally:
                if index is not self._memory:
                    index.store.close()
        return self._answer(found)

    def _index(self) -> Index:
        if self._folder is not None:
            return Index(self._folder)
        if self._memory is None:
            self._memory = Index(None)
        paths = [str(item.path) for item in self._library.items() if item.damage is None]
        if not paths:
            raise UsageError("there is no file to search")
        self._memory.add(paths)
        return self._memory

    def _choice(self, index: Index) -> tuple[Space, Teacher]:
        spaces = index.store.spaces()
        if not spaces:
            raise UsageError(
                "no file is aligned to a model; run linc align, or encode with --align"
            )
        key = tuple(space.revision for space in spaces)
        if self._chosen is None or self._chosen[0] != key:
            self._chosen = (key, *choose_space(index, self._model, self._cache))
        return self._chosen[1:]

    def _answer(self, found: SearchReport) -> dict[str, Any]:
        ids = {os.path.abspath(item.path): item.id for item in self._library.items()}
        least = floor([hit.score for hit in found.hits])
        hits = [
            {
                "id": ids[path],
                "score": round(hit.score, 4),
                "start": hit.start,
                "stop": hit.stop,
                "frame": hit.frame,
            }
            for hit in found.hits
            if hit.score >= least and (path := os.path.abspath(hit.file)) in ids
        ]
        return {
            "model": found.model,
            "hits": hits[:_SHOWN],
            "left_out": len(found.hits) - len(hits),
        }


def floor(scores: Sequence[float]) -> float:
    """The least score that is shown, of scores best first; models differ in what they call near."""
    if len(scores) < _FEW:
        return 0.0
    usual = median(scores)
    return max(0.0, usual + _FLOOR * (scores[0] - usual))
