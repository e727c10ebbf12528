"""Searching by sentence, picture or vector: videos, segments, or exact frames.

Videos and segments come from the index. Frames are resolved from the latents in the files
themselves. Nothing here renders a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream.embedding import Aligned, normalised
from lincodec.container import LincFile
from lincodec.container.open import open_file
from lincodec.errors import LincError, UsageError
from lincodec.semantics.index import Found, Index, alignment_to, seconds_at
from lincodec.semantics.store import LEVELS, SEGMENT, VIDEO, Space
from lincodec.semantics.teacher import Picture, Teacher
from lincodec.semantics.teachers import load_teacher

Floats = NDArray[np.float32]

#: Seconds that lie between two hits of one file at frame level.
APART = 1.0
#: Segments whose frames are looked at, for each hit that is wanted.
_DEPTH = 5
_LEAST = 50


@dataclass(frozen=True)
class Hit:
    """One result of a search."""

    file: str
    score: float
    """Cosine to the query."""
    start: float
    """Seconds where the video, segment or frame begins."""
    stop: float
    """Seconds where it ends."""
    segment: int | None = None
    frame: int | None = None
    """Frame of the file, at frame level."""


@dataclass(frozen=True)
class SearchReport:
    """What a search found, best first."""

    model: str
    level: str
    hits: tuple[Hit, ...]
    searched: int
    """Vectors of the index."""
    warnings: tuple[str, ...] = ()


def choose_space(index: Index, model: str | None, cache: str | None) -> tuple[Space, Teacher]:
    """The model that a query is embedded with, and its space in the index.

    Args:
        index: of the files.
        model: what the user named; None: the only one, from where it was last loaded.
        cache: see ``load_teacher``.

    Raises:
        UsageError: there is nothing to choose from, or no telling which.
    """
    spaces = index.store.spaces()
    if not spaces:
        raise UsageError("the index is empty; add files with linc index add")
    if model is not None:
        teacher = load_teacher(model, cache)
        for space in spaces:
            if space.revision == teacher.revision:
                _remember(index, space, model)
                return space, teacher
        names = ", ".join(space.model for space in spaces)
        raise UsageError(f"no file is aligned to {teacher.model}; the index has {names}")
    if len(spaces) > 1:
        names = ", ".join(space.model for space in spaces)
        raise UsageError(f"the index has {names}; choose one with --model")
    location = spaces[0].location or _packaged(spaces[0])
    if location is None:
        raise UsageError(f"files are aligned to {spaces[0].model}; name its directory with --model")
    teacher = load_teacher(location, cache)
    if teacher.revision != spaces[0].revision:
        raise UsageError(
            f"{location}: has other weights than the files are aligned to; name the directory of "
            f"{spaces[0].model} with --model"
        )
    return spaces[0], teacher


def _packaged(space: Space) -> str | None:
    return "conse" if space.model.startswith("conse-") else None


def _remember(index: Index, space: Space, location: str) -> None:
    if space.location != location:
        with index.store.writing():
            index.store.remember(space.id, location)


def embed_query(teacher: Teacher, text: str | None, image: Picture | None) -> Floats:
    """The vector [d] of a sentence or an RGB picture.

    Raises:
        UsageError: neither or both are given, or the model has no text side.
    """
    if (text is None) == (image is None):
        raise UsageError("search for a sentence or by --image, one of the two")
    found = teacher.texts([text]) if text is not None else teacher.images([image])  # type: ignore[list-item]
    vector: Floats = found[0]
    return vector


def search(index: Index, space: Space, query: Floats, level: str, top: int) -> SearchReport:
    """The best hits of a query.

    Args:
        index: of the files.
        space: of the query's model.
        query: vector [d] of any length.
        level: ``video``, ``segment`` or ``frame``.
        top: hits wanted.

    Raises:
        CorruptError: the index is damaged.
    """
    warnings: list[str] = []
    if level == "frame":
        wide = index.search(space, query, SEGMENT, max(_LEAST, _DEPTH * top))
        hits = _frames(wide, space, normalised(query), top, warnings)
        searched = index.store.count(space.id, SEGMENT)
    else:
        which = LEVELS.index(level)
        searched = index.store.count(space.id, which)
        hits = [
            Hit(
                found.part.path, found.score, found.part.start, found.part.stop,
                None if which == VIDEO else found.part.segment,
            )
            for found in index.search(space, query, which, top)
        ]  # fmt: skip
    return SearchReport(space.model, level, tuple(hits), searched, tuple(warnings))


def _frames(
    found: Sequence[Found], space: Space, query: Floats, top: int, warnings: list[str]
) -> list[Hit]:
    """The best frames of segments, so far apart that they are not neighbours."""
    segments: dict[str, list[Found]] = {}
    for item in found:
        segments.setdefault(item.part.path, []).append(item)
    scored: list[Hit] = []
    for path, items in segments.items():
        try:
            scored += _frames_of(path, items, space, query)
        except LincError as error:
            warnings.append(f"{error}; its segments are left out")
    hits: list[Hit] = []
    for hit in sorted(scored, key=lambda hit: -hit.score):
        if len(hits) == top:
            break
        if all(hit.file != h.file or abs(hit.start - h.start) >= APART for h in hits):
            hits.append(hit)
    return hits


def _frames_of(path: str, items: Sequence[Found], space: Space, query: Floats) -> list[Hit]:
    """Every frame of some segments of one file, scored from its latents."""
    out = []
    with open_file(path) as stream:
        linc = LincFile(stream, name=path)
        if linc.done is None or linc.done.sha256 != items[0].part.sha256:
            raise UsageError(f"{path}: has changed since it was indexed; run linc index add")
        aligned, times = Aligned(linc, alignment_to(linc, space.revision)), linc.times()
        for item in items:
            first = linc.segments[item.part.segment].first_frame
            scores = normalised(aligned.segment(item.part.segment)) @ query
            out += [
                Hit(
                    path, float(score), seconds_at(times, first + k),
                    seconds_at(times, first + k + 1), item.part.segment, first + k,
                )
                for k, score in enumerate(scores)
            ]  # fmt: skip
    return out
