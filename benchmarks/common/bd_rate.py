"""Bjontegaard rate differences of rate-distortion curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def bd_rate(
    anchor: Sequence[tuple[float, float]], test: Sequence[tuple[float, float]]
) -> float | None:
    """Bjontegaard rate difference by piecewise cubic (PCHIP) interpolation.

    Args:
        anchor: (rate, quality in dB) points, any order, at least two.
        test: The same for the codec under test.

    Returns:
        Mean rate difference as a fraction (-0.1: ten per cent fewer bits) over the quality
        both cover; None when they do not overlap.
    """
    curves = [_log_rate_curve(points) for points in (anchor, test)]
    low = max(curve[0][0] for curve in curves)
    high = min(curve[0][-1] for curve in curves)
    if high <= low:
        return None
    areas = [_pchip_integral(x, y, low, high) for x, y in curves]
    return float(10 ** ((areas[1] - areas[0]) / (high - low)) - 1)


def _log_rate_curve(
    points: Sequence[tuple[float, float]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Quality and log10 rate, sorted by strictly increasing quality."""
    by_quality = {quality: rate for rate, quality in sorted(points, reverse=True)}
    if len(by_quality) < 2 or min(by_quality.values()) <= 0:
        raise ValueError("BD-rate: expected two or more points with positive rates per curve")
    qualities = sorted(by_quality)
    rates = np.log10([by_quality[q] for q in qualities])
    return np.array(qualities, dtype=np.float64), rates


def _pchip_integral(
    x: NDArray[np.float64], y: NDArray[np.float64], low: float, high: float
) -> float:
    """Integral of the monotone cubic through (x, y) from ``low`` to ``high``."""
    h = np.diff(x)
    slopes = np.diff(y) / h
    d = _pchip_slopes(h, slopes)
    total = 0.0
    for k in range(len(h)):
        start, stop = max(low, x[k]), min(high, x[k + 1])
        if stop <= start:
            continue
        c = (3 * slopes[k] - 2 * d[k] - d[k + 1]) / h[k]
        b = (d[k] - 2 * slopes[k] + d[k + 1]) / h[k] ** 2
        cubic = np.array([b / 4, c / 3, d[k] / 2, y[k], 0.0])
        total += float(np.polyval(cubic, stop - x[k]) - np.polyval(cubic, start - x[k]))
    return total


def _pchip_slopes(h: NDArray[np.float64], slopes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fritsch-Butland derivatives at the knots, with the usual three-point ends."""
    if len(slopes) == 1:
        return np.repeat(slopes, 2)
    d = np.zeros(len(h) + 1)
    for k in range(1, len(h)):
        before, after = slopes[k - 1], slopes[k]
        if before * after > 0:
            w1, w2 = 2 * h[k] + h[k - 1], h[k] + 2 * h[k - 1]
            d[k] = (w1 + w2) / (w1 / before + w2 / after)
    d[0] = _end_slope(h[0], h[1], slopes[0], slopes[1])
    d[-1] = _end_slope(h[-1], h[-2], slopes[-1], slopes[-2])
    return d


def _end_slope(h0: float, h1: float, s0: float, s1: float) -> float:
    d = ((2 * h0 + h1) * s0 - h0 * s1) / (h0 + h1)
    if d * s0 <= 0:
        return 0.0
    if s0 * s1 <= 0 and abs(d) > 3 * abs(s0):
        return 3 * s0
    return d
