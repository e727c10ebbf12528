"""What a frame needs, and what stays in memory, by hand."""

from __future__ import annotations

import pytest

from lincodec.core.records import Held, Part, Record, most_kept, planned
from lincodec.core.status import check
from lincodec.errors import CorruptError, LimitError, ResourceError, UnsupportedError


def record(
    display: int, *references: int, source: int | None = None, temporal: bool = False
) -> Record:
    return Record(display, 0, references, source, temporal, 9)


#: Displays 0, 4, 2, 1, 3 in coding order.
PYRAMID = [
    record(0),
    record(4, 0, source=0),
    record(2, 0, 1, source=1, temporal=True),
    record(1, 0, 2, source=2),
    record(3, 2, 1, source=3, temporal=True),
]
NOTHING: frozenset[Held] = frozenset()


def test_what_a_record_needs() -> None:
    assert PYRAMID[0].to_parse == []
    assert PYRAMID[2].to_parse == [
        Held(1, Part.STATES),
        Held(0, Part.MOTION),
        Held(1, Part.MOTION),
    ]
    assert PYRAMID[2].to_reconstruct == [Held(0, Part.PICTURE), Held(1, Part.PICTURE)]
    both = record(8, 0, 0, temporal=True)
    assert both.to_reconstruct == [Held(0, Part.PICTURE)]


def test_a_frame_takes_its_ancestors() -> None:
    plan = planned(PYRAMID, [2], NOTHING)
    assert plan.reconstructed == {0, 1, 2}
    assert plan.parsed == {0, 1, 2}
    plan = planned(PYRAMID, [4], NOTHING)  # display 3: its states come from that of display 1
    assert plan.reconstructed == {0, 1, 2, 4}
    assert plan.parsed == {0, 1, 2, 3, 4}


def test_what_is_held_is_not_done_again() -> None:
    first = planned(PYRAMID, [0], NOTHING)
    assert first.parsed == {0}
    assert first.kept == {Held(0, Part.STATES), Held(0, Part.MOTION), Held(0, Part.PICTURE)}
    second = planned(PYRAMID, [3], first.kept)
    assert second.parsed == {1, 2, 3}
    assert second.reconstructed == {1, 2, 3}
    assert Held(0, Part.PICTURE) not in second.kept  # displays 2, 3 and 4 need it no more
    assert {Held(1, Part.PICTURE), Held(2, Part.PICTURE), Held(3, Part.STATES)} <= second.kept
    last = planned(PYRAMID, [1], second.kept)
    assert (last.parsed, last.kept) == (frozenset(), frozenset())


@pytest.mark.parametrize("displays", [range(5), [0], [1, 3], [4]])
def test_what_is_kept_suffices(displays: list[int]) -> None:
    """Whatever is shown first, going on from there reconstructs nothing twice."""
    place = {r.display: at for at, r in enumerate(PYRAMID)}
    held, done = NOTHING, set()
    for display in displays:
        plan = planned(PYRAMID, [place[display]], held)
        assert not plan.reconstructed & done
        done |= plan.reconstructed
        held = plan.kept


def test_most_records_at_once() -> None:
    assert most_kept(PYRAMID, planned(PYRAMID, range(5), NOTHING)) == 4
    chain = [record(0), *(record(at, at - 1, source=at - 1) for at in range(1, 50))]
    assert most_kept(chain, planned(chain, range(50), NOTHING)) == 2
    late = [record(49 - at) for at in range(50)]
    assert most_kept(late, planned(late, range(50), NOTHING)) == 50
    states = [record(0), *(record(at) for at in range(1, 49)), record(49, source=0)]
    assert most_kept(states, planned(states, range(50), NOTHING)) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (1, CorruptError),
        (2, UnsupportedError),
        (3, LimitError),
        (4, ResourceError),
        (5, ValueError),
        (6, ValueError),
    ],
)
def test_statuses(status: int, error: type[Exception]) -> None:
    check(0, "picture 3")
    with pytest.raises(error, match="picture 3: "):
        check(status, "picture 3")
