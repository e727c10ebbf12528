"""Cutting a video into segments: at scene cuts, then at a longest length (spec: segments)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lincodec.core.screen import screen_cells
from lincodec.types import Frame

_GRID = (18, 32)
_CUT = 10.0  # least mean change, in 8-bit code values, of a scene cut
_RATIO = 3.0  # and how far it stands out from the changes before it
_RANGES = 0.15  # and how much of the brightness histogram moves,
_LEAP = 10.0  # unless it stands out this far from three changes or more
#: Least share of cells with contrast on a page, and of those on flat ground among them; a recorded
#: page of text has 0.46 and 0.76, the pictures of a camera that come nearest 0.22 and 0.74.
_WRITTEN, _FLAT = 0.3, 0.65


@dataclass(frozen=True)
class Range:
    """Frames of one segment."""

    first: int
    count: int
    continues: bool
    """No scene cut before it."""


class CutDetector:
    """Tells scene cuts from motion by small luma pictures and histograms, frame by frame.

    A page that turns on a screen is no cut: much of it may come back, or is there already.
    """

    def __init__(self, bit_depth: int) -> None:
        self._depth = bit_depth
        self._last: NDArray[np.float32] | None = None
        self._histogram: NDArray[np.float64] | None = None
        self._page: NDArray[np.generic] | None = None
        self._changes: list[float] = []

    def is_cut(self, luma: NDArray[np.generic]) -> bool:
        """Whether the next frame, luma [h, w], starts a new scene. The first never does."""
        small = _shrink(luma) * np.float32(2.0 ** (8 - self._depth))
        histogram = np.bincount((small / 16).astype(np.intp).ravel(), minlength=16) / small.size
        last, before, page = self._last, self._histogram, self._page
        self._last, self._histogram, self._page = small, histogram, luma
        if last is None or before is None or page is None:
            return False
        change = float(np.abs(small - last).mean())
        moved = float(np.abs(histogram - before).sum()) / 2
        usual = float(np.median(self._changes[-8:])) if self._changes else 0.0
        leap = len(self._changes) > 2 and change > _LEAP * usual
        other = moved > _RANGES or change > 3 * _CUT or leap
        cut = change > _CUT and change > _RATIO * usual and other
        cut = cut and not (_is_page(page, self._depth) and _is_page(luma, self._depth))
        self._changes = [] if cut else [*self._changes[-7:], change]
        return cut


def _shrink(luma: NDArray[np.generic]) -> NDArray[np.float32]:
    """Sampled block means of luma on at most an 18x32 grid, float32."""
    height, width = luma.shape
    rows, columns = min(_GRID[0], height), min(_GRID[1], width)
    cell = (height // rows, width // columns)
    part = luma[: rows * cell[0], : columns * cell[1]]
    steps = (max(1, cell[0] // 8), max(1, cell[1] // 8))
    cells = part.reshape(rows, cell[0], columns, cell[1])[:, :: steps[0], :, :: steps[1]]
    small: NDArray[np.float32] = cells.mean(axis=(1, 3), dtype=np.float32)
    return small


def plan(total: int, cuts: Iterable[int], longest: int) -> list[Range]:
    """Even segments of at most ``longest`` frames inside every shot.

    Args:
        total: frames of the video, at least 1.
        cuts: first frames of shots, ascending, without 0.
        longest: at least 1.
    """
    out: list[Range] = []
    edges = [0, *cuts, total]
    for start, stop in itertools.pairwise(edges):
        pieces = -(-(stop - start) // longest)
        bounds = [start + (stop - start) * i // pieces for i in range(pieces + 1)]
        for index in range(pieces):
            first = bounds[index]
            out.append(Range(first, bounds[index + 1] - first, index > 0))
    return out


def halves(part: Range) -> tuple[Range, Range]:
    """The second and the first half of a range of two frames or more."""
    half = part.count // 2
    first = Range(part.first, half, part.continues)
    return Range(part.first + half, part.count - half, True), first


def grouped(
    frames: Iterator[Frame], ranges: Iterable[Range]
) -> Iterator[tuple[Range, list[Frame]]]:
    """Frames of a known plan, a segment at a time; stops early when frames run out."""
    for part in ranges:
        found = [frame for _, frame in zip(range(part.count), frames, strict=False)]
        if not found:
            return
        yield Range(part.first, len(found), part.continues), found


def streamed(
    frames: Iterator[Frame], longest: int, detector: CutDetector | None
) -> Iterator[tuple[Range, list[Frame]]]:
    """Segments of a video whose length is not known, such as a pipe."""
    held: list[Frame] = []
    first, continues = 0, False
    for frame in frames:
        cut = detector.is_cut(frame.planes[0]) if detector else False
        if held and (cut or len(held) == longest):
            yield Range(first, len(held), continues), held
            first, continues, held = first + len(held), not cut, []
        held.append(frame)
    if held:
        yield Range(first, len(held), continues), held


def _is_page(luma: NDArray[np.generic], depth: int) -> bool:
    """Whether a picture is a page of a screen: much contrast, most of it on flat ground."""
    cells = screen_cells(luma, depth)
    written = cells.contrast >= _WRITTEN * max(cells.seen, 1)
    return written and cells.ground >= _FLAT * cells.contrast
