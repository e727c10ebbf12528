"""The benchmarks of other sizes compare what they say, and measure one decode after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.codec import resolution, size_speed
from lincodec.core.resample import Extent, taps
from lincodec.options import EncodeOptions

VECTORS = Path(__file__).resolve().parents[2] / "format_spec" / "vectors" / "good"


@pytest.mark.parametrize(("size", "count"), [(30, 15), (31, 10), (45, 32)])
def test_area_means_are_those_of_the_specification(size: int, count: int) -> None:
    found, wanted = taps(Extent.whole(size, count)), np.zeros((count, size))
    for row, (first, weights) in enumerate(zip(found.first, found.weights, strict=True)):
        wanted[row, first : first + len(weights)] += weights
    np.testing.assert_allclose(resolution.area(size, count), wanted, atol=1e-12)


def test_lanczos_is_a_filter_of_its_own() -> None:
    weights = resolution.lanczos(20, 40)
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_allclose(weights @ np.arange(20.0), (np.arange(40) + 0.5) / 2 - 0.5, atol=1)


def test_a_clip_at_other_sizes() -> None:
    rows, pictures = resolution.compare("carphone", 3, EncodeOptions(preset="instant", quality=26))
    assert [row["test"] for row in rows] == [
        "x2 of area", "x2 of lanczos", "x0.50", "x0.33", "x0.70",
    ]  # fmt: skip
    assert {row["segments"] for row in rows} == {"partitioned"}
    assert all(-0.3 < row["gain"] < 1 for row in rows)
    assert all(row["linc_least"] <= row["linc"] for row in rows)
    assert len(pictures) == 3
    text = resolution.table(rows)
    assert text.count("\n") == 7
    assert "| 26 | partitioned | x2 of area |" in text


def test_speed_and_memory_of_a_decode() -> None:
    row = size_speed.decoded(VECTORS / "good-pictures-420.linc", "x2", 2)
    assert row["frames"] == 2
    width, height = map(int, row["size"].split("x"))
    assert width % 2 == height % 2 == 0
    assert row["fps"] > 0
    assert 10 < row["mb"] < 1000
    text = size_speed.table("clip", [{**row, "of_native": 0.5}], [row])
    assert f"| {row['size']} | {row['fps']:.1f} | 0.50 | {row['mb']} |" in text
