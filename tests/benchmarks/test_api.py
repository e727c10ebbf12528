"""The benchmark of the Python interface measures what it says."""

from __future__ import annotations

from pathlib import Path

from benchmarks.codec.api import first_and_second, long_file, random_access


def test_segments_and_random_access(root: Path, tmp_path: Path) -> None:
    path = root / "format_spec" / "vectors" / "good" / "good-two-segments.linc"
    found = first_and_second(path)
    assert found["segments"] == found["segments_read"] == 2
    assert found["second_ms"] > 0
    long = long_file(path, 0.2, tmp_path)
    found = random_access(long, 20, 1)
    assert found["seconds"] >= 12
    assert len(found["peak_rss_mb_by_tenths"]) == 10
    assert 0 < found["segments_read"] <= 20
