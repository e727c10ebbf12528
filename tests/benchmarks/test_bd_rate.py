"""BD-rates against closed forms and an independent interpolation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from benchmarks.common.bd_rate import bd_rate


def test_bd_rate_of_a_constant_factor() -> None:
    anchor = [(100.0, 30.0), (200.0, 33.0), (400.0, 36.0), (800.0, 38.0)]
    test = [(rate * 0.8, quality) for rate, quality in anchor]
    assert bd_rate(anchor, test) == pytest.approx(-0.2, abs=1e-12)
    assert bd_rate(test, anchor) == pytest.approx(0.25, abs=1e-12)
    assert bd_rate(anchor[:2], test) is not None
    assert bd_rate(anchor, [(1.0, 10.0), (2.0, 20.0)]) is None
    with pytest.raises(ValueError, match="two or more"):
        bd_rate(anchor, anchor[:1])


_curve = st.lists(
    st.tuples(st.floats(0.5, 30.0), st.floats(0.02, 2.0)), min_size=2, max_size=7
).map(lambda steps: list(zip(np.cumsum([s[1] for s in steps]) + 1,
                             np.cumsum([s[0] for s in steps]) + 20, strict=True)))  # fmt: skip


@settings(deadline=None)  # the machine may be busy
@given(_curve, _curve)
def test_bd_rate_matches_scipy(
    anchor: list[tuple[float, float]], test: list[tuple[float, float]]
) -> None:
    low = max(anchor[0][1], test[0][1])
    high = min(anchor[-1][1], test[-1][1])
    found = bd_rate(anchor, test)
    if high <= low:
        assert found is None
        return
    areas = [
        PchipInterpolator([q for _, q in c], np.log10([r for r, _ in c])).integrate(low, high)
        for c in (anchor, test)
    ]
    expected = 10 ** ((areas[1] - areas[0]) / (high - low)) - 1
    assert found == pytest.approx(float(expected), rel=1e-6, abs=1e-9)
