"""The picture between two, step by step."""

from __future__ import annotations

from fractions import Fraction

from lincodec.core.flow import Interpolator
from lincodec.types import Planes


def between(first: Planes, second: Planes, share: Fraction, depth: int = 8) -> Planes:
    """At a share of the way from the first to the second."""
    maker = Interpolator(tuple(plane.shape for plane in first), depth)
    one, other = maker.picture(first), maker.picture(second)
    ahead, back = maker.motion(one, other), maker.motion(other, one)
    return maker.between(maker.field(one, ahead, back), maker.field(other, back, ahead), share)
