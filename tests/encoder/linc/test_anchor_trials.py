"""Anchors are added where frames code better with them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lincodec.encoder.linc.anchor_trials import choose_anchors


@pytest.mark.parametrize(
    ("count", "apart", "wanted"),
    [
        (1, {}, [0]),
        (4, {}, [0, 3]),
        (33, {0: 16}, [0, 16, 32]),
        (33, {0: 32}, [0, 32]),
        (97, {0: 64, 64: 16}, [0, 64, 80, 96]),
        (97, {0: 32, 32: 16, 64: 32}, [0, 32, 48, 64, 96]),
    ],
)
def test_the_better_of_both_is_taken(count: int, apart: dict[int, int], wanted: list[int]) -> None:
    asked: list[list[int]] = []

    def score(anchors: Sequence[int]) -> float:
        asked.append(list(anchors))
        return float(abs(anchors[1] - anchors[0] - apart[anchors[0]]))

    assert choose_anchors(count, score) == wanted
    assert all(2 <= len(anchors) <= 3 for anchors in asked)


def test_a_little_is_not_believed() -> None:
    assert choose_anchors(33, lambda anchors: -len(anchors) / 1000) == [0, 32]
