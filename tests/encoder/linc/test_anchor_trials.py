"""Anchors are left out where frames code better without."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lincodec.encoder.linc.anchor_trials import choose_anchors


@pytest.mark.parametrize(
    ("count", "still", "wanted"),
    [
        (1, range(1), [0]),
        (10, range(10), [0, 9]),
        (33, range(33), [0, 32]),
        (33, range(0), [0, 16, 32]),
        (97, range(32, 65), [0, 16, 32, 64, 80, 96]),
        (81, range(81), [0, 32, 64, 80]),
    ],
)
def test_the_better_of_both_is_taken(count: int, still: range, wanted: list[int]) -> None:
    asked: list[list[int]] = []

    def score(anchors: Sequence[int]) -> float:
        asked.append(list(anchors))
        steady = anchors[0] in still and anchors[-1] in still
        return len(anchors) / 10 if steady else -len(anchors) / 10

    assert choose_anchors(count, score) == wanted
    assert all(2 <= len(anchors) <= 3 for anchors in asked)


def test_a_little_is_not_believed() -> None:
    assert choose_anchors(33, lambda anchors: len(anchors) / 1000) == [0, 16, 32]
