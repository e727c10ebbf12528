"""How far the anchors of a segment stand apart: trial encodes of a few frames at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from lincodec.encoder.linc.pyramid import even_anchors

#: Logarithm of the bytes at equal quality that a trial of fewer or more anchors has to save before
#: it is believed.
_FEWER, _MORE = 0.035, 0.02
#: Groups shorter than this are not halved: those whose sources are filtered, anchors and the frames
#: halfway between, then reach for other neighbours, and may be coded side by side.
_SHORTEST = 16


def choose_anchors(count: int, score: Callable[[Sequence[int]], float]) -> list[int]:
    """Anchors of ``count`` frames: the usual ones, but that of two groups between them left out, or
    one put between two of them, where frames code better so.

    Args:
        count: frames of the segment.
        score: logarithm of the bytes at equal quality of the frames behind the first of some
            anchors up to the last of them, the least the best.
    """
    usual, found = even_anchors(count), [0]
    for at in range(0, len(usual) - 1, 2):
        near = usual[at : at + 3]
        far = [near[0], near[-1]]
        if len(near) > 2 and score(far) < score(near) - _FEWER:
            found.append(far[-1])
            continue
        for before, anchor in itertools.pairwise(near):
            found += _halved(before, anchor, score)[1:]
    return found


def _halved(before: int, anchor: int, score: Callable[[Sequence[int]], float]) -> list[int]:
    """Two anchors, and one between them where that is better."""
    far, near = [before, anchor], [before, (before + anchor) // 2, anchor]
    better = anchor - before >= _SHORTEST and score(near) < score(far) - _MORE
    return near if better else far
