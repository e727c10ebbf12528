"""Which frames an output has at any rate and speed, and when it shows them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lincodec.decoder.schedule import Pace, Schedule, schedule
from lincodec.decoder.shots import Shot
from lincodec.errors import UsageError
from lincodec.limits import Limits
from lincodec.options import DecodeOptions, Rate
from lincodec.types import Times
from lincodec.video.timing import constant, duration

NTSC = Fraction(30000, 1001)
UNEVEN = Times(Fraction(1, 1000), (0, 40, 100, 130, 200), 50)


def planned(
    times: Times,
    source: Fraction = NTSC,
    first: int = 0,
    limits: Limits | None = None,
    **asked: Any,
) -> Schedule:
    pace = Pace.of(DecodeOptions(**asked))
    return schedule(times, source, first, pace, limits or Limits())


def seconds(plan: Schedule) -> list[Fraction]:
    return [pts * plan.times.time_base for pts in plan.times.pts]


def frames(plan: Schedule) -> list[int]:
    assert all(shot.share == 0 for shot in plan.shots)
    return [shot.frame for shot in plan.shots]


def places(plan: Schedule) -> list[Fraction]:
    return [shot.frame + shot.share for shot in plan.shots]


@pytest.mark.parametrize("alpha", [1, 2, 3, 7])
def test_whole_numbers_divide_every_interval(alpha: int) -> None:
    plan = planned(UNEVEN, first=10, fps_scale=alpha)
    expected = [Shot(n, Fraction(j, alpha)) for n in range(10, 15) for j in range(alpha)]
    assert plan.shots == expected
    gaps = (40, 60, 30, 70, 50)
    pairs = list(zip(UNEVEN.pts, gaps, strict=True))
    ticks = [alpha * start + j * gap for start, gap in pairs for j in range(alpha)]
    assert plan.times == Times(Fraction(1, 1000 * alpha), tuple(ticks), 50)
    assert plan.fps == alpha * NTSC


def test_five_frames_for_two() -> None:
    plan = planned(UNEVEN, fps_scale=2.5)
    assert places(plan) == [Fraction(2 * k, 5) for k in range(13)]
    milliseconds = [1000 * second for second in seconds(plan)]
    assert milliseconds[:6] == [0, 16, 32, 52, 76, 100]  # 40 + 0.2 * 60 and so on
    assert milliseconds[-1] == 200 + Fraction(4, 5) * 50
    assert duration(plan.times) == Fraction(250, 1000)
    assert plan.fps == NTSC * 5 / 2


def test_fewer_frames_are_dropped_unless_they_are_blended() -> None:
    times = constant(10, NTSC)
    half = planned(times, fps_scale="1/2")
    assert frames(half) == [0, 2, 4, 6, 8]
    assert seconds(half) == [2 * k / NTSC for k in range(5)]
    seven = planned(times, fps_scale=0.7)
    assert frames(seven) == [0, 1, 3, 4, 6, 7, 9]  # of 0, 1.43, 2.86, 4.29, 5.71, 7.14, 8.57
    assert seconds(seven) == [k / (NTSC * 7 / 10) for k in range(7)]
    assert duration(seven.times) == 10 / NTSC
    blended = planned(times, fps_scale=0.7, blend=True)
    assert places(blended) == [Fraction(10 * k, 7) for k in range(7)]
    assert blended.times == seven.times
    thirds = planned(times, fps_scale="2/3")
    assert frames(thirds) == [0, 1, 3, 4, 6, 7, 9]  # halfway it is still the earlier one


def test_more_frames_can_be_repeats() -> None:
    assert frames(planned(constant(3, NTSC), fps_scale=3, blend=False)) == [
        0,
        0,
        1,
        1,
        1,
        2,
        2,
        2,
        2,
    ]


@pytest.mark.parametrize("source", [Fraction(24), Fraction(25), NTSC, Fraction(24000, 1001)])
def test_sixty_frames_a_second(source: Fraction) -> None:
    plan = planned(constant(240, source), source, fps=60)
    assert seconds(plan) == [Fraction(k, 60) for k in range(len(plan.shots))]
    assert abs(duration(plan.times) - 240 / source) <= Fraction(1, 120)
    assert plan.times.time_base * plan.times.last_duration == Fraction(1, 60)
    assert places(plan) == [min(k * source / 60, 240) for k in range(len(plan.shots))]


def test_an_even_rate_of_uneven_times() -> None:
    plan = planned(UNEVEN, fps=100)
    assert seconds(plan) == [Fraction(k, 100) for k in range(25)]
    sixth = Fraction(1, 6)
    assert places(plan)[3:8] == [Fraction(3, 4), 1, 1 + sixth, 1 + 2 * sixth, 1 + 3 * sixth]
    assert places(plan)[20:] == [4, 4 + Fraction(1, 5), 4 + Fraction(2, 5), 4 + Fraction(3, 5),
                                 4 + Fraction(4, 5)]  # fmt: skip
    assert frames(planned(UNEVEN, fps=20)) == [0, 1, 2, 3, 4]  # nearest to 0, 50, 100, 150, 200 ms
    assert frames(planned(UNEVEN, fps=10)) == [0, 2]  # 0.25 s are as near to two frames as to three


def test_a_rate_next_to_that_of_the_source_repeats_a_frame() -> None:
    plan = planned(constant(3000, NTSC), fps=30)
    numbers = frames(plan)
    assert len(numbers) == 3003
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    assert sorted(set(steps)) == [0, 1]
    assert steps.count(0) == 3
    assert any(shot.share for shot in planned(constant(3000, NTSC), fps=30, blend=True).shots)
    assert any(shot.share for shot in planned(constant(100, Fraction(24)), fps=25).shots)


def test_speed_stretches_time() -> None:
    slow = planned(UNEVEN, speed=0.25)
    assert frames(slow) == [0, 1, 2, 3, 4]
    assert seconds(slow) == [Fraction(4 * ms, 1000) for ms in UNEVEN.pts]
    assert (duration(slow.times), slow.fps) == (1, NTSC / 4)
    fast = planned(UNEVEN, speed=2)
    assert duration(fast.times) == Fraction(1, 8)
    even = planned(UNEVEN, speed=0.5, fps=100)
    assert seconds(even) == [Fraction(k, 100) for k in range(50)]
    assert places(even)[7:9] == [Fraction(7, 8), 1]
    assert even.fps == 100


def test_a_part_is_numbered_from_its_first_frame() -> None:
    plan = planned(constant(4, Fraction(30)), Fraction(30), 7, fps=60)
    assert places(plan) == [7 + Fraction(k, 2) for k in range(8)]
    assert frames(planned(constant(4, Fraction(30)), Fraction(30), 7, fps=10)) == [7]
    assert frames(planned(constant(1, Fraction(30)), Fraction(30), 7, fps=0.01)) == [7]


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=30),
    st.fractions(Fraction(1, 50), Fraction(50), max_denominator=1000),
    st.fractions(Fraction(1, 1000), Fraction(1, 10)),
    st.booleans() | st.none(),
)
def test_every_plan_is_in_order(
    gaps: list[int], rate: Fraction, base: Fraction, blend: bool | None
) -> None:
    times = Times(base, tuple(sum(gaps[:k]) for k in range(len(gaps))), gaps[-1])
    plan = planned(times, fps_scale=rate, blend=blend)
    assert duration(plan.times) == duration(times)
    check(plan, len(gaps))
    even = rate * len(gaps) / duration(times)
    plan = planned(times, fps=even, blend=blend)
    assert abs(duration(plan.times) - duration(times)) <= 1 / even
    check(plan, len(gaps))


def check(plan: Schedule, count: int) -> None:
    at, when = places(plan), seconds(plan)
    assert len(at) == len(when) > 0
    assert at == sorted(at)
    assert when[0] == 0
    assert all(a < b for a, b in pairwise(when))
    assert all(0 <= shot.frame < count and 0 <= shot.share < 1 for shot in plan.shots)


@pytest.mark.parametrize(
    "asked", [{"fps": 100_000}, {"fps_scale": 100_000}, {"speed": "1/9999", "fps": 9}]
)
def test_too_many_frames(asked: dict[str, Rate]) -> None:
    with pytest.raises(
        UsageError, match=r"would have \d+ frames; expected at most 1000000.*--limit"
    ):
        planned(constant(100_000, NTSC), limits=Limits(frames=1_000_000), **asked)


def test_two_rates() -> None:
    with pytest.raises(UsageError, match="one of them"):
        Pace.of(DecodeOptions(fps=60, fps_scale=2))
