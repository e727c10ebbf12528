"""How far the anchors of a segment stand apart: trial encodes of a few frames at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from lincodec.encoder.linc.pyramid import even_anchors

#: Logarithm of the bytes at equal quality that a trial has to save before it is believed.
_WORTH = 0.01
#: Groups shorter than this are not halved: those whose sources are filtered, anchors and the frames
#: halfway between, then reach for other neighbours, and may be coded side by side.
_SHORTEST = 16


def choose_anchors(count: int, score: Callable[[Sequence[int]], float]) -> list[int]:
    """Anchors of ``count`` frames: the usual ones, and one between two where frames code better so.

    Args:
        count: frames of the segment.
        score: logarithm of the bytes at equal quality of the frames behind the first of some
            anchors up to the last of them, the least the best.
    """
    found = [0]
    for before, anchor in itertools.pairwise(even_anchors(count)):
        far, near = [before, anchor], [before, (before + anchor) // 2, anchor]
        better = anchor - before >= _SHORTEST and score(near) < score(far) - _WORTH
        found += (near if better else far)[1:]
    return found
