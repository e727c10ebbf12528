"""What is said about time before an encode, and about size after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lincodec.encoder import expectation
from lincodec.encoder.encode import encode
from lincodec.encoder.presets import PRESETS, measurements
from lincodec.options import EncodeOptions

TAKEN: dict[str, Any] = {
    "megasamples": 100.0,
    "presets": {
        "instant": {"seconds": 5.0, "psnr": 30.0, "bpp": 0.06},
        "fast": {"seconds": 12.0, "psnr": 30.35, "bpp": 0.06},
        "medium": {"seconds": 40.0, "psnr": 30.7, "bpp": 0.06},
    },
}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectation, "measurements", lambda: TAKEN)


@pytest.mark.usefixtures("taken")
def test_time_and_what_would_be_quicker() -> None:
    said = expectation.expectation
    assert said("medium", 100) == "about 40 s; --preset fast about 12 s, 11 % larger"
    assert said("fast", 1000) == "about 2 min; --preset instant about 50 s, 11 % larger"
    assert said("instant", 200) == "about 10 s"
    assert said("medium", 30_000) is not None
    assert "3.3 h" in str(said("medium", 30_000))
    assert said("medium", 10) is None  # not worth a word
    assert said("paper-m", 1000) is None  # not measured


def test_all_presets_of_linc_are_measured() -> None:
    found = measurements()
    assert found["megasamples"] > 1
    assert {name for name, preset in PRESETS.items() if preset.inr is None} <= set(found["presets"])


def test_a_file_larger_than_its_source_is_told_of(
    clip: Callable[[str], Path], tmp_path: Path
) -> None:
    small = tmp_path / "small.mp4"
    small.write_bytes(clip("carphone").read_bytes())
    options = EncodeOptions(preset="instant", quality=2, audio=False)
    report = encode(str(small), str(tmp_path / "large.linc"), options)
    larger = report.bytes["total"] > small.stat().st_size
    assert larger
    assert any("are more than the" in warning for warning in report.warnings)
