"""Anchors are added where frames code better with them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lincodec.encoder.linc.anchor_trials import choose_anchors


@pytest.mark.parametrize(
    ("count", "lively", "wanted"),
    [
        (1, range(1), [0]),
        (4, range(4), [0, 3]),
        (33, range(33), [0, 16, 32]),
        (33, range(0), [0, 32]),
        (97, range(32, 65), [0, 32, 48, 64, 96]),
    ],
)
def test_the_better_of_both_is_taken(count: int, lively: range, wanted: list[int]) -> None:
    asked: list[list[int]] = []

    def score(anchors: Sequence[int]) -> float:
        asked.append(list(anchors))
        moves = anchors[0] in lively and anchors[-1] in lively
        return -len(anchors) / 10 if moves else len(anchors) / 10

    assert choose_anchors(count, score) == wanted
    assert all(2 <= len(anchors) <= 3 for anchors in asked)


def test_a_little_is_not_believed() -> None:
    assert choose_anchors(33, lambda anchors: -len(anchors) / 1000) == [0, 32]
