"""How far the anchors of a segment stand apart: trial encodes of a few frames at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lincodec.encoder.linc.pyramid import even_anchors

#: Logarithm of the bytes at equal quality that a trial has to save before it is believed.
_WORTH = 0.01


def choose_anchors(count: int, score: Callable[[Sequence[int]], float]) -> list[int]:
    """Anchors of ``count`` frames: the usual ones, but every other one of two groups is left out
    where the frames code better so.

    Args:
        count: frames of the segment.
        score: logarithm of the bytes at equal quality of the frames behind the first of some
            anchors up to the last of them, the least the best.
    """
    usual, found = even_anchors(count), [0]
    for at in range(0, len(usual) - 1, 2):
        near = usual[at : at + 3]
        far = [near[0], near[-1]]
        better = len(near) > 2 and score(far) < score(near) - _WORTH
        found += (far if better else near)[1:]
    return found
