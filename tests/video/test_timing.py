"""Times: repair, constant rate, refinement for more frames."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lincodec.errors import UsageError
from lincodec.types import Times
from lincodec.video import timing

MS = Fraction(1, 1000)


@pytest.mark.parametrize(
    ("raw", "fixed"),
    [
        ([5, 15, 25], [5, 15, 25]),
        ([None, None, None], [0, 10, 20]),
        ([0, None, 20], [0, 10, 20]),
        ([0, 10, 10, 20], [0, 10, 15, 20]),  # duplicate: half an interval
        ([0, 20, 10, 30], [0, 20, 25, 30]),  # out of order
        ([500, 510, 0, 10, 20], [500, 510, 520, 530, 540]),  # the clock was reset
        ([0, 10, 500], [0, 10, 500]),  # a gap is a gap
    ],
)
def test_repair(raw: list[int | None], fixed: list[int]) -> None:
    repair = timing.TimeRepair(10)
    assert [repair.next(value) for value in raw] == fixed


@given(st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), min_size=1), st.integers(0, 99))
def test_repaired_times_always_increase(raw: list[int | None], step: int) -> None:
    repair = timing.TimeRepair(step)
    fixed = [repair.next(value) for value in raw]
    assert all(a < b for a, b in pairwise(fixed))


@pytest.mark.parametrize(
    ("pts", "base", "fps", "expected"),
    [
        ((0, 33, 67, 100), MS, Fraction(30), True),  # Matroska's milliseconds
        ((0, 33, 69, 100), MS, Fraction(30), False),
        ((0, 1001, 2002), Fraction(1, 30000), Fraction(30000, 1001), True),
        ((0, 1, 2), Fraction(1, 25), Fraction(25), True),
        ((0, 1, 3), Fraction(1, 25), Fraction(25), False),  # coarse clock: exact or not
        ((0, 3003, 6006), Fraction(1, 90000), Fraction(30), False),  # drifts
        ((0,), MS, Fraction(30), True),
    ],
)
def test_is_constant(pts: tuple[int, ...], base: Fraction, fps: Fraction, expected: bool) -> None:
    assert timing.is_constant(Times(base, pts, 1), fps) is expected


def test_scaled_interpolates_and_holds_the_last_interval() -> None:
    times = Times(MS, (0, 40, 100), 25)
    found = timing.scaled(times, 4)
    assert found.time_base == Fraction(1, 4000)
    assert found.pts[:9] == (0, 40, 80, 120, 160, 220, 280, 340, 400)
    assert found.pts[9:] == (425, 450, 475)
    assert found.last_duration == 25
    assert timing.duration(found) == timing.duration(times) == Fraction(125, 1000)


@given(
    st.lists(st.integers(1, 10**6), max_size=30),
    st.integers(1, 10**6),
    st.integers(1, 9),
    st.fractions(Fraction(1, 10**5), Fraction(1)),
)
def test_scaled_properties(gaps: list[int], last: int, alpha: int, base: Fraction) -> None:
    pts = [0]
    for gap in gaps:
        pts.append(pts[-1] + gap)
    times = Times(base, tuple(pts), last)
    found = timing.scaled(times, alpha)
    assert len(found.pts) == alpha * len(pts)
    assert timing.duration(found) == timing.duration(times)
    seconds = [p * found.time_base for p in found.pts]
    assert seconds[::alpha] == [p * base for p in pts]
    assert all(a < b for a, b in pairwise(seconds))


@pytest.mark.parametrize("alpha", [0, Fraction(-1, 2)])
def test_scaled_refuses_what_is_not_above_zero(alpha: int | Fraction) -> None:
    with pytest.raises(UsageError, match="above 0"):
        timing.scaled(timing.constant(3, Fraction(25)), alpha)


def test_times_are_exact_where_files_can_hold_them() -> None:
    kept = Times(Fraction(1001, 30000 * 7), (0, 7, 20), 9)
    assert timing.fitted(kept) == kept
    fine = Times(Fraction(1, 30000 * 99_991), (0, 10**8, 10**9), 10**8)
    found = timing.fitted(fine)
    assert found.time_base == Fraction(1, 10**6)
    exact = [pts * fine.time_base for pts in fine.pts]
    for pts, second in zip(found.pts, exact, strict=True):
        assert abs(pts * found.time_base - second) <= Fraction(1, 2 * 10**6)
    assert abs(timing.duration(found) - timing.duration(fine)) <= Fraction(1, 2 * 10**6)
    hours = Times(Fraction(1, 10**6), (0, 9 * 10**9), 10**6)
    assert timing.fitted(hours) == Times(Fraction(1, 1000), (0, 9 * 10**6), 1000)
    for none in (Times(Fraction(1, 10**10), (0, 1), 1), Times(Fraction(10**10), (0, 1), 1)):
        with pytest.raises(UsageError, match="media file"):
            timing.fitted(none)


def test_sliced_and_durations() -> None:
    times = Times(MS, (0, 40, 100, 130), 25)
    assert timing.frame_durations(times) == (40, 60, 30, 25)
    assert timing.sliced(times, 1, 3) == Times(MS, (0, 60), 30)
    assert timing.sliced(times, 2, 9) == Times(MS, (0, 30), 25)
    assert timing.sliced(times, 4, 9).pts == ()
    assert timing.constant(3, Fraction(30000, 1001)) == Times(Fraction(1001, 30000), (0, 1, 2), 1)
