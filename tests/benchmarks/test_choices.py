"""Choices of the partitioned encoder are switched one at a time, and put back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.codec.choices import VARIANTS, Variant, compared, point, switched, table
from benchmarks.common.anchors import Clip
from lincodec.encoder.linc import partitioned_fit
from lincodec.encoder.linc.partitioned_fit import EFFORTS, _Encode
from lincodec.options import Span
from lincodec.types import Times, VideoInfo


@pytest.fixture
def clip() -> Clip:
    """Four frames of noise that slides."""
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 256, (48, 80), np.uint8)
    frames = [
        (noise[:, at : at + 64], noise[:24, at : at + 32], noise[24:, at : at + 32])
        for at in range(4)
    ]
    info = VideoInfo(64, 48, Fraction(25))
    return Clip("noise", "noise", Span(), info, Times(Fraction(1, 25), (0, 1, 2, 3), 1), frames)


def named(name: str) -> Variant:
    return next(variant for variant in VARIANTS if variant.name == name)


@pytest.mark.parametrize(
    "name", ["no hidden signs", "plain rounding for RDO", "source not filtered"]
)
def test_a_variant_changes_the_bytes_and_nothing_after(clip: Clip, name: str) -> None:
    effort, task, names = dict(EFFORTS["medium"]), _Encode._task, dict(vars(partitioned_fit))
    before = point(clip, "medium", 30.0)
    with switched(named(name), "medium"):
        other = point(clip, "medium", 30.0)
    assert other["bytes"] != before["bytes"]
    assert EFFORTS["medium"] == effort
    assert _Encode._task is task
    assert dict(vars(partitioned_fit)) == names


def test_the_table_says_what_a_choice_is_worth() -> None:
    base = [{"bytes": 1000.0 * 2**i, "psnr": 30.0 + 3 * i, "cpu_s": 1.0} for i in range(3)]
    worse = [{**p, "bytes": 1.1 * p["bytes"], "cpu_s": 0.5} for p in base]
    found = compared(base, worse)
    assert found == {"bd_rate_percent": pytest.approx(10.0), "cpu_ratio": 0.5}
    report = {"effort": "medium", "variants": ["no filter"], "clips": {"a": {"no filter": found}}}
    assert "| no filter | +10.0 % | +10.0 % | ×0.50 |" in table(report)
