"""Frames of a segment are coded in an order in which everything they need comes first."""

from __future__ import annotations

import itertools

import pytest

from lincodec.encoder.linc.pyramid import GROUP, even_anchors, pyramid
from lincodec.registry import MAX_KEPT


@pytest.mark.parametrize("count", [1, 2, 3, 16, 17, 18, 24, 33, 40, 49, 96, 97, 250])
def test_every_frame_has_its_place(count: int) -> None:
    places = pyramid(even_anchors(count))
    assert sorted(place.frame for place in places) == list(range(count))
    coded: dict[int, int] = {}
    for place in places:
        assert place.needs <= coded.keys()
        assert all(coded[frame] <= place.level for frame in place.references)
        assert (place.context_source is None) == (place.level == 0) == (not place.references)
        coded[place.frame] = place.level
    anchors = [place.frame for place in places if place.level < 2]
    assert anchors == sorted(anchors)
    assert all(b - a < 2 * GROUP for a, b in itertools.pairwise(anchors))


def test_anchors_are_predicted_from_the_two_before() -> None:
    found = {p.frame: p.references for p in pyramid([0, 4, 8, 12]) if p.level < 2}
    assert found == {0: (), 4: (0, 0), 8: (4, 0), 12: (8, 4)}


def test_a_group_is_halved_again_and_again() -> None:
    found = [(p.frame, p.level, p.references, p.context_source) for p in pyramid([0, 8])]
    assert found == [
        (0, 0, (), None),
        (8, 1, (0, 0), 0),
        (4, 2, (0, 8), 8),
        (2, 3, (0, 4), 4),
        (1, 4, (0, 2), 2),
        (3, 4, (2, 4), 2),
        (6, 3, (4, 8), 4),
        (5, 4, (4, 6), 6),
        (7, 4, (6, 8), 6),
    ]


def test_no_level_is_higher_than_there_are() -> None:
    for count in range(1, 140):
        for group in (GROUP // 2, GROUP, 4 * GROUP):
            places = pyramid(even_anchors(count, group))
            assert max(place.level for place in places) <= 7
            assert sorted(place.frame for place in places) == list(range(count))


@pytest.mark.parametrize("group", [GROUP, GROUP // 2, 2 * GROUP])
def test_few_pictures_wait_to_be_shown(group: int) -> None:
    """In coding order, each shown when its turn comes."""
    places = pyramid(even_anchors(96, group))
    users = {p.frame: max([i for i, q in enumerate(places) if p.frame in q.needs], default=-1)
             for p in places}  # fmt: skip
    waiting: set[int] = set()
    shown, most = 0, 0
    for at, place in enumerate(places):
        waiting.add(place.frame)
        most = max(most, len(waiting))
        while shown in waiting or (shown < 96 and shown in {p.frame for p in places[: at + 1]}):
            shown += 1
        waiting = {frame for frame in waiting if frame >= shown or users[frame] > at}
    assert most <= 9 < MAX_KEPT
