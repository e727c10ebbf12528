"""Plans and options as JSON."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from lincodec.cluster.wire import built, plain, plan_fields, plan_of
from lincodec.container import LincArch
from lincodec.encoder.aim import Aim, Figure
from lincodec.encoder.parts import Plan
from lincodec.encoder.rate_control import Grant
from lincodec.encoder.segments import Range
from lincodec.errors import CorruptError
from lincodec.options import EncodeOptions, Span
from lincodec.types import ColorInfo, Times, VideoInfo

OPTIONS = EncodeOptions(
    "mine", psnr=33.1, span=Span(1.5, None, 40), align=("a", "b"), tags={"k": "v"},
    preset_table={"base": "fast", "trials": False}, model={"rank": "8"},
)  # fmt: skip
INFO = VideoInfo(
    17, 9, Fraction(24000, 1001), 3, chroma_shift=None, color=ColorInfo(1, 1, 1, full_range=True)
)


def test_a_plan_comes_back() -> None:
    plan = Plan(
        "a b.mp4", OPTIONS, INFO, (Range(0, 2, False), Range(2, 1, True)),
        Times(Fraction(1, 90000), (0, 3003, 6007), 3003), (1, 2**32 - 1, 3), LincArch(4, 2, 8), 3,
    )  # fmt: skip
    assert plan_of(json.loads(json.dumps(plan_fields(plan)))) == plan


def test_grants_come_back_to_the_last_bit() -> None:
    for grant in (Grant(0.1 + 0.2), Grant(1 / 3, Aim(Figure.BITS, 1e9 / 7, near=True))):
        assert built(Grant, json.loads(json.dumps(plain(grant)))) == grant


@pytest.mark.parametrize("fields", [{}, {"arch": "00"}, {"arch": 3}, {"step": 1}])
def test_what_is_no_plan_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(CorruptError):
        plan_of(fields)
    with pytest.raises(CorruptError):
        built(Grant, {"stp": 3})
