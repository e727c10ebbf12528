"""The search for a step, and the account of bits over segments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import pytest

from lincodec.bitstream.segment import SegmentCode
from lincodec.encoder.aim import Aim, Figure, Trial, decibels, seek
from lincodec.encoder.budget import Budget
from lincodec.encoder.presets import PRESETS
from lincodec.encoder.rate_control import Grant, PartAccount, RateControl, wanted_bytes
from lincodec.encoder.rate_survey import RateSurvey, mean_slope, sample_of
from lincodec.encoder.segments import Range
from lincodec.options import EncodeOptions
from lincodec.types import VideoInfo

INFO = VideoInfo(64, 48, Fraction(25))
PARTS = (Range(0, 40, False), Range(40, 30, True), Range(70, 30, False))


def bits_at(step: float, scale: float = 4e6) -> Trial:
    """A codec whose bits fall and whose error grows with the step."""
    return Trial(round(scale / step**1.1), 50 - 6 * math.log(step), 1 - step / 1000)


@pytest.mark.parametrize("start", [0.5, 20.0, 3000.0])
@pytest.mark.parametrize("wanted", [2e4, 3e5, 2e6])
def test_bits_are_met_from_any_step(start: float, wanted: float) -> None:
    tried: list[float] = []

    def trial(step: float) -> Trial:
        tried.append(step)
        return bits_at(step)

    found = seek(Aim(Figure.BITS, wanted), start, trial, 7)
    assert bits_at(found).bits == pytest.approx(wanted, rel=0.011)
    assert found in tried


@pytest.mark.parametrize("aim", [Aim(Figure.PSNR, 33.3), Aim(Figure.MS_SSIM, 0.987)])
def test_a_quality_is_never_missed_where_it_can_be_had(aim: Aim) -> None:
    for start in (1.0, 40.0, 700.0):
        assert 0 <= aim.off(bits_at(seek(aim, start, bits_at, 7))) < 0.2


def test_what_cannot_be_met_gives_what_comes_nearest() -> None:
    found = seek(Aim(Figure.BITS, 10.0), 30.0, bits_at, 7)
    assert found > 1000
    assert bits_at(seek(Aim(Figure.PSNR, 80.0), 30.0, bits_at, 7)).psnr > 50


def test_similarity_is_compared_as_what_it_lacks() -> None:
    assert decibels(0.99) == pytest.approx(20)
    assert decibels(1.0) == 100


class Coder:
    """A fit whose bits are ``ratio`` times those of the survey, whatever the segment."""

    def __init__(self, per_frame: float, ratio: float) -> None:
        self.per_frame, self.ratio = per_frame, ratio
        self.steps: list[float] = []
        self.aims: list[Aim | None] = []
        self.bytes = 0

    def run(self, part: Range, step: float, budget: Budget, aim: Aim | None = None) -> SegmentCode:
        if aim is not None:
            step = (self.per_frame * self.ratio * part.count / aim.value) ** (1 / 1.2)
        self.bytes = round(self.per_frame * self.ratio * part.count / step**1.2 / 8)
        self.steps.append(step)
        self.aims.append(aim)
        return SegmentCode(part.first, part.count, part.continues, {})


def code_all(control: RateControl, fit: Coder, parts: Sequence[Range], first: int = 0) -> list[int]:
    """Code parts one after the other; the bytes of each."""
    found = []
    for index, part in enumerate(parts, first):
        grant = control.grant(index, part)
        fit.run(part, grant.step, Budget(), PartAccount(grant, part).aim(part))
        control.account(part, fit.bytes)
        found.append(fit.bytes)
    return found


def survey(ratio: float = 0.8) -> RateSurvey:
    parts = tuple((part, 5000 * part.count) for part in PARTS)
    return RateSurvey(10.0, parts, 1.2, ratio, 20_000)


@pytest.mark.parametrize("really", [0.6, 0.8, 1.1])
def test_a_size_is_met_with_steps_that_stay_together(really: float) -> None:
    options = EncodeOptions(size=30_000)
    control = RateControl(options, PRESETS["fast"], INFO, PARTS, survey())
    fit = Coder(5000 * 10**1.2, really)
    total = 350 + sum(code_all(control, fit, PARTS)) + 68 * len(PARTS)
    assert total == pytest.approx(30_000, rel=0.02)
    assert max(fit.steps) / min(fit.steps) < 1.6
    assert fit.aims[-1] is not None


def test_small_segments_of_a_long_video_are_coded_once() -> None:
    parts = tuple((Range(96 * i, 96, True), 400_000) for i in range(40))
    found = RateSurvey(10.0, parts, 1.2, 0.8, 20_000)
    options = EncodeOptions(bitrate=50_000)
    ranges = [part for part, _ in parts]
    control = RateControl(options, PRESETS["fast"], INFO, ranges, found)
    fit = Coder(400_000 / 96 * 10**1.2, 0.7)
    code_all(control, fit, ranges)
    assert fit.aims[:30] == [None] * 30
    assert control.spent / 8 == pytest.approx(
        wanted_bytes(options, 3840, (64, 48), INFO.fps), rel=0.01
    )
    assert max(fit.steps[4:]) / min(fit.steps[4:]) < 1.1


def test_a_wave_knows_what_came_before_it_and_nothing_else() -> None:
    """Parts of one wave may be fitted in any order: their grants do not depend on one another."""
    ranges = [Range(50 * i, 50, True) for i in range(20)]
    found = RateSurvey(
        10.0, tuple((part, 90_000 + 500 * i) for i, part in enumerate(ranges)), 1.2, 0.8, 9000
    )
    options = EncodeOptions(size=90_000)
    control = RateControl(options, PRESETS["fast"], INFO, ranges, found)
    starts = sorted({control.needs(index) for index in range(20)})
    assert starts == [0, 3, 12, 17, 18]
    early: dict[int, Grant] = {}
    for index, part in enumerate(ranges):
        for later in range(index, 20):
            if control.needs(later) <= index:
                early.setdefault(later, control.grant(later, ranges[later]))
        assert early[index] == control.grant(index, part)
        control.account(part, 3000 + 77 * index, 1 + index % 2)
    assert sum(grant.aim is not None for grant in early.values()) == 2


@pytest.mark.parametrize("lengths", [[50], [50, 50], [50, 50, 50], [9, 200, 9], [200, 3]])
def test_few_parts_come_to_their_bits_all_the_same(lengths: list[int]) -> None:
    firsts = [sum(lengths[:i]) for i in range(len(lengths))]
    ranges = [Range(*at, True) for at in zip(firsts, lengths, strict=True)]
    found = RateSurvey(10.0, tuple((part, 4000 * part.count) for part in ranges), 1.2, 0.8, 9000)
    control = RateControl(EncodeOptions(size=20_000), PRESETS["fast"], INFO, ranges, found)
    fit = Coder(4000 * 10**1.2, 1.1)
    taken = code_all(control, fit, ranges)
    assert sum(taken) + 350 + 68 * len(taken) == pytest.approx(20_000, rel=0.02)


def test_segments_of_a_part_share_its_bits() -> None:
    part = Range(100, 60, True)
    account = PartAccount(Grant(9.0, Aim(Figure.BITS, 60_000.0, near=True)), part)
    assert account.aim(Range(100, 20, True)) == Aim(Figure.BITS, 20_000.0 - 8 * 68, near=True)
    account.account(1182)
    assert account.aim(Range(120, 40, True)) == Aim(Figure.BITS, 50_000.0 - 8 * 68, near=True)
    quality = Aim(Figure.PSNR, 40.0)
    assert PartAccount(Grant(9.0, quality), part).aim(part) == quality


def test_a_pipe_gets_the_same_bits_for_every_frame() -> None:
    control = RateControl(EncodeOptions(bpp=0.1), PRESETS["fast"], INFO, None)
    fit = Coder(9000.0, 1.0)
    for index, part in enumerate(PARTS):
        assert control.needs(index) == index
        code_all(control, fit, [part], index)
        aim = fit.aims[-1]
        assert aim is not None
        assert not aim.near
        assert aim.value == pytest.approx(0.1 * 64 * 48 * part.count, rel=0.1)


def test_survey_shares_bits_by_frames() -> None:
    found = survey()
    assert found.bits(0, 100, 10.0) == 500_000
    assert found.bits(30, 50, 10.0) == 100_000
    assert found.bits(0, 100, found.step_for(500_000, 100_000)) == pytest.approx(100_000)
    assert [found.pieces(first) for first in (0, 40, 41, 99)] == [3, 2, 1, 0]
    assert sample_of(40, 17) == slice(11, 28)
    assert sample_of(9, 17) == slice(0, 9)
    assert mean_slope([(10.0, 4000), (20.0, 2000)], 1.2) == pytest.approx(1.0)
    assert mean_slope([(10.0, 4000)], 1.2) == 1.2
