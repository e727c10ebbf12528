"""Whoever fits the parts, and in whatever order: the bytes are those of a local encode."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from support.encodings import Encoding

from lincodec.cluster.inline import Inline
from lincodec.cluster.local import LocalWorkers
from lincodec.encoder.parts import PartResult
from lincodec.errors import UsageError
from lincodec.options import Span


class Shuffled(Inline):
    """Takes any part next."""

    def wait(self) -> tuple[int, PartResult | int]:
        random.Random(len(self._queue)).shuffle(self._queue)
        return super().wait()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"size": 9000},
        {"psnr": 31.0, "segment": 8},
        {"ms_ssim": 0.95, "preset": "fast"},
        {"preset": "fast", "bpp": 0.6},
        {"preset": "medium", "quality": 42.0, "network": False},
        {"kind": "spectral", "bitrate": 90_000},
        {"hold_out": 2, "span": Span(0.17, None, 21), "verify": False},
        {"span": Span(-0.9, None, None), "scene_cut": False},
    ],
    ids=lambda options: " ".join(options) or "quality",
)
def test_in_any_order(uneven: Path, encoded: Encoding, options: dict[str, Any]) -> None:
    options = {"segment": 5, **options}
    local, report = encoded(uneven, **options)
    assert report.segments > 2
    with Shuffled() as executor:
        shared, again = encoded(uneven, executor, **options)
    assert shared == local
    assert (again.psnr, again.ms_ssim, again.segments) == (
        report.psnr, report.ms_ssim, report.segments,
    )  # fmt: skip
    assert set(again.warnings) == set(report.warnings)


def test_in_parts_that_are_cut_further(
    uneven: Path, encoded: Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lincodec.encoder.linc.mode_decision._SHORTEST", 3)
    monkeypatch.setattr("lincodec.encoder.linc.mode_decision._MARGIN", -9.0)
    options = {"preset": "fast", "kind": "spectral", "network": False, "refined": False}
    local, report = encoded(uneven, **options)
    with Shuffled() as executor:
        assert encoded(uneven, executor, **options)[0] == local
    assert report.segments > 6


def test_a_network_takes_steps_and_no_time(
    uneven: Path, encoded: Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lincodec.encoder.linc.joint_fit._NETWORK_FROM", 0)
    monkeypatch.setattr("lincodec.encoder.linc.joint_fit.JointFit._pays", lambda *_: True)
    monkeypatch.setattr("lincodec.encoder.budget.STEPS_A_SECOND", 1)
    options = {"preset": "fast", "kind": "spectral", "segment": 10, "quality": 30.0}
    local, _ = encoded(uneven, **options)
    with Shuffled() as executor:
        assert encoded(uneven, executor, **options)[0] == local


def test_with_what_a_model_says(
    uneven: Path, encoded: Encoding, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from support.tiny_models import make_clip

    model = tmp_path_factory.mktemp("model")
    make_clip(model)
    options = {"segment": 5, "align": (str(model),), "bpp": 0.6}
    local, _ = encoded(uneven, **options)
    with Shuffled() as executor:
        assert encoded(uneven, executor, **options)[0] == local


@pytest.mark.parametrize("options", [{}, {"size": 9000}], ids=["quality", "size"])
def test_by_processes(uneven: Path, encoded: Encoding, options: dict[str, Any]) -> None:
    local, _ = encoded(uneven, segment=5, **options)
    with LocalWorkers(2) as executor:
        assert encoded(uneven, executor, segment=5, **options)[0] == local
        assert encoded(uneven, executor, segment=7)[0] == encoded(uneven, segment=7)[0]


def test_a_fit_that_the_clock_ends_is_not_shared(uneven: Path, encoded: Encoding) -> None:
    with Inline() as executor, pytest.raises(UsageError, match="--max-time"):
        encoded(uneven, executor, max_time=5.0)


def test_what_the_paper_fits_for_a_time_is_not_shared(uneven: Path, encoded: Encoding) -> None:
    with Inline() as executor, pytest.raises(UsageError, match="--model steps"):
        encoded(uneven, executor, preset="paper-s")


def test_a_part_too_large_for_the_memory_is_halved_only_when_alone(
    uneven: Path, encoded: Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lincodec.encoder.linc.engine import LincEngine

    real = LincEngine.fit

    def fit(engine: LincEngine, task: Any) -> Any:
        if task.part.count > 6:
            raise MemoryError
        return real(engine, task)

    monkeypatch.setattr(LincEngine, "fit", fit)
    local, report = encoded(uneven, segment=10)
    with Inline() as executor:
        shared, again = encoded(uneven, executor, segment=10)
    assert shared == local
    assert again.warnings == report.warnings
    assert "memory ran out: a segment was cut in two" in report.warnings
