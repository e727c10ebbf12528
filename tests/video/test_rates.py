"""Rates and factors as people and programs give them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lincodec.errors import UsageError
from lincodec.options import Rate
from lincodec.video.rates import nominal, rate_of


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("60", Fraction(60)),
        (" 2.5 ", Fraction(5, 2)),
        (".5", Fraction(1, 2)),
        ("5/2", Fraction(5, 2)),
        ("24000/1001", Fraction(24000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("59.94006", Fraction(60000, 1001)),
        ("23.975", Fraction(23975, 1000)),
        ("24.0", Fraction(24)),
        ("0.333333", Fraction(1, 3)),
        ("1000000/33333", Fraction(1000000, 33333)),
        (4, Fraction(4)),
        (0.1, Fraction(1, 10)),
        (23.976, Fraction(24000, 1001)),
        (30000 / 1001, Fraction(30000, 1001)),
        (Fraction(7, 3), Fraction(7, 3)),
        (np.int64(3), Fraction(3)),
        (np.float32(2.5), Fraction(5, 2)),
    ],
)
def test_rates(given: Rate, expected: Fraction) -> None:
    assert rate_of(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "", "0", "0.0", "-1", "nan", "inf", "1e3", "1/0", "0/5", "1//2", "1/-2", "fast", "60fps",
        "٣", "100001", "0.000001", "99999999999999", "1/999999999", 0, -2, -0.5, 1e9,
        float("nan"), float("inf"), Fraction(0), Fraction(-1, 2),
    ],
)  # fmt: skip
def test_what_is_no_rate(given: Rate) -> None:
    with pytest.raises(UsageError, match=r"fps.*expected a number above 0.*such as 60"):
        rate_of(given, "fps")


def test_headers_state_rates_in_31_bits() -> None:
    for exact in (Fraction(30000, 1001), Fraction(60), Fraction(60000), Fraction(1, 100_000)):
        assert nominal(exact) == exact
    fine = Fraction(30000, 1001) * Fraction(98_765_431, 12_345_678)
    assert abs(nominal(fine) / fine - 1) < Fraction(1, 10**9)
    assert max(nominal(fine).numerator, nominal(fine).denominator) < 1 << 31
    assert nominal(Fraction(1, 10**12)) > 0
