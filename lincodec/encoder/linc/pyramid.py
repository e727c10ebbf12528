"""The order in which frames of a segment are coded, and what each is predicted from."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

#: Frames from one anchor to the next.
GROUP = 32
#: The highest level there is (spec 8.12.3).
_HIGHEST = 7
#: Time that frames of a level take, in that of the mean one: as measured on two clips.
_WORK = (8.0, 3.0, 2.3, 1.6, 1.1, 0.75, 0.5)


@dataclass(frozen=True)
class Place:
    """Where a frame stands in the pyramid; frames are counted from the segment's first."""

    frame: int
    level: int
    """0: the first frame; 1: an anchor; above: between two frames of lower levels."""
    references: tuple[int, ...]
    """None for the first frame; for an anchor the two anchors before it, if there is one alone that
    one twice; else the nearest frames of lower levels before and after it."""
    context_source: int | None
    """The frame whose final context states it starts from: of its references that of the highest
    level, so that frames of one level can be coded side by side."""

    @property
    def needs(self) -> frozenset[int]:
        """Frames that are coded before this one."""
        source = () if self.context_source is None else (self.context_source,)
        return frozenset((*self.references, *source))

    @property
    def work(self) -> float:
        """Time that the frame takes, in that of the mean one."""
        return _WORK[min(self.level, len(_WORK) - 1)]


def even_anchors(count: int, group: int = GROUP) -> list[int]:
    """Anchors of ``count`` frames, the first one included, about ``group`` frames apart."""
    groups = max(1, (2 * (count - 1) + group) // (2 * group)) if count > 1 else 0
    return [i * (count - 1) // groups for i in range(groups + 1)] if groups else [0]


def pyramid(anchors: Sequence[int]) -> list[Place]:
    """Places of frames in coding order: a group at a time, what is early first.

    Few pictures wait to be shown then, and halves of a group can be coded side by side.

    Args:
        anchors: ascending, from 0 to the last frame.
    """
    places = [Place(0, 0, (), None)]
    for at, (before, anchor) in enumerate(itertools.pairwise(anchors)):
        places.append(Place(anchor, 1, (before, anchors[max(at - 1, 0)]), before))
        places += _between(before, anchor, 2, anchor)
    return places


def _between(first: int, second: int, level: int, source: int) -> list[Place]:
    """Places of the frames between two that are coded; ``source`` is that of the higher level."""
    if second - first < 2:
        return []
    middle, above = (first + second) // 2, min(level + 1, _HIGHEST)
    return [
        Place(middle, level, (first, second), source),
        *_between(first, middle, above, middle),
        *_between(middle, second, above, middle),
    ]
