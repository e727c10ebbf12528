"""Frame rates and factors on them as exact ratios, from text and from numbers."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from numbers import Rational

from lincodec.errors import UsageError
from lincodec.options import Rate

#: Rates and factors are between one over this and this.
LARGEST = 100_000
#: Largest denominator that is found for a decimal number.
_PARTS = 10_000
#: What the parts of a ratio in a media file are below.
_WORD = 1 << 31
#: Rates whose decimals, to two places or more, stand for 1000/1001 of them.
_TELEVISION = (15, 24, 30, 48, 60, 72, 90, 120, 144, 240)
_DECIMAL = re.compile(r"\d{1,9}(?:\.(\d{0,18}))?|\.(\d{1,18})", re.ASCII)
_RATIO = re.compile(r"(\d{1,9})\s*/\s*(\d{1,9})", re.ASCII)


def rate_of(value: Rate, what: str = "rate") -> Fraction:
    """A frame rate, or a factor on rate or speed, as a ratio.

    Args:
        value: ``60``, ``2.5``, ``"5/2"``, ``"24000/1001"`` or a ``Fraction``. Decimals of
            television's rates mean those: 23.976 is 24000/1001, 29.97 is 30000/1001. Others are
            taken as the nearest ratio with a denominator of 10,000 at most: 0.333333 is 1/3.
        what: how the error calls it.

    Raises:
        UsageError: it is not a number, or not from 1/100000 to 100000.
    """
    found = _exact(value)
    if found is None or not Fraction(1, LARGEST) <= found <= LARGEST:
        raise UsageError(
            f"{what} {str(value)!r}: expected a number above 0, at most {LARGEST}, such as 60, "
            "23.976, 2.5 or 5/2"
        )
    return found


def _exact(value: Rate) -> Fraction | None:
    """The ratio that is meant; None: it is none."""
    if isinstance(value, Rational):  # NumPy's integers too
        return Fraction(int(value.numerator), int(value.denominator))
    text = value.strip() if isinstance(value, str) else repr(float(value))
    if ratio := _RATIO.fullmatch(text):
        over, under = map(int, ratio.groups())
        return Fraction(over, under) if under else None
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None:
        return None
    number, places = Fraction(text), len(decimal[1] or decimal[2] or "")
    for whole in _TELEVISION if places >= 2 else ():
        exact = Fraction(whole * 1000, 1001)
        if round(exact, places) == number:
            return exact
    return number.limit_denominator(_PARTS)


def nominal(fps: Fraction) -> Fraction:
    """The rate, or the nearest to it, that headers of media files can state."""
    held = max(fps, Fraction(1, LARGEST))
    return held.limit_denominator((_WORD - 1) // math.ceil(held))
