"""Embeddings of frames, computed once for a source and a teacher and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lincodec.semantics.arrays import load_array, save_array
from lincodec.semantics.teacher import Floats, Picture, Teacher
from lincodec.video.pipes import reads_once

#: A presentation time takes the place of two numbers.
_TIME_COLUMNS = 2


class FrameVectors:
    """The teacher's embeddings of one source, looked up by presentation time."""

    def __init__(self, teacher: Teacher, path: Path | None) -> None:
        """
        Args:
            teacher: asked for what is not known yet.
            path: of the cache file; None: keep nothing.
        """
        self.teacher = teacher
        self.path = path
        self.computed = 0
        """Frames that the teacher had to look at."""
        self._known: dict[int, Floats] = {} if path is None else _loaded(path, teacher.dimension)

    def of(self, pts: Sequence[int], picture: Callable[[int], Picture]) -> Floats:
        """Embeddings float32 [n, d] of frames, not normalised.

        Args:
            pts: presentation time of each frame, in the source's ticks.
            picture: gives the n-th of them, RGB uint8 [h, w, 3]; called for unknown frames only.
        """
        missing = [index for index, time in enumerate(pts) if time not in self._known]
        found = self.teacher.embed(picture(index) for index in missing)
        self._known.update(zip((pts[index] for index in missing), found, strict=True))
        self.computed += len(missing)
        return np.stack([self._known[time] for time in pts])

    def learn(self, pts: Sequence[int], vectors: Floats) -> None:
        """Take embeddings [n, d] of frames that the teacher looked at elsewhere."""
        fresh = {t: v for t, v in zip(pts, vectors, strict=True) if t not in self._known}
        self._known.update(fresh)
        self.computed += len(fresh)

    def save(self) -> None:
        """Write what was computed; a cache that cannot be written is done without."""
        if self.path is None or not self.computed:
            return
        pts = sorted(self._known)
        times = np.array(pts, np.int64)[:, None].view(np.float32)  # 64 bits as two columns
        save_array(self.path, np.hstack([times, np.stack([self._known[t] for t in pts])]))


def cache_path(
    folder: str | None, source: str, teacher: Teacher, start: float | None = None
) -> Path | None:
    """Where the embeddings of a source are kept: named by what is in the file, not by its name.

    Args:
        folder: of the cache; None: there is none.
        source: path of the video; a pipe is not cached.
        teacher: its revision and preprocessing are part of the key.
        start: of the span; presentation times count from there.
    """
    if folder is None or reads_once(source):
        return None
    with open(source, "rb") as file:
        content = hashlib.file_digest(file, "sha256")
    content.update(teacher.revision + f"{teacher.preprocessing} {start or 0:.6f}".encode())
    return Path(folder) / "embeddings" / f"{content.hexdigest()[:32]}.npy"


def _loaded(path: Path, dimension: int) -> dict[int, Floats]:
    """What a cache file holds; nothing when it cannot be read."""
    stored = load_array(path, (None, _TIME_COLUMNS + dimension))
    if stored is None:
        return {}
    pts = np.ascontiguousarray(stored[:, :_TIME_COLUMNS]).view(np.int64).ravel()
    return dict(zip(pts.tolist(), stored[:, _TIME_COLUMNS:], strict=True))
