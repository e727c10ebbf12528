"""The third depth of ``verify``: rendering within the tolerance of the specification."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from support.forge import file_of, sections_of

from lincodec.cli.main import run
from lincodec.core import spectral
from lincodec.decoder.precision import TOLERANCE, deviation, doubled, singles
from lincodec.decoder.verify import verify
from lincodec.errors import CorruptError, VerifyError
from lincodec.model import segment
from lincodec.model.geometry import Geometry

GOOD = Path(__file__).resolve().parents[2] / "format_spec" / "vectors" / "good"


@pytest.mark.parametrize("name", ["good-everything", "good-network-4", "good-odd-size"])
def test_rendering_is_close_to_exact_arithmetic(name: str) -> None:
    report = verify(GOOD / f"{name}.linc", render=True)
    assert report.rendered == report.frames
    assert report.rms is not None
    assert report.peak is not None
    assert 0 < report.rms <= report.peak < TOLERANCE[0]


def test_a_renderer_that_is_wrong_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = spectral.SpectralDecoder.samples

    def wrong(self: spectral.SpectralDecoder, latents: spectral.Floats) -> list[spectral.Floats]:
        return [plane + np.float32(0.05) for plane in real(self, latents)]

    monkeypatch.setattr(spectral.SpectralDecoder, "samples", wrong)
    with pytest.raises(VerifyError, match="exact arithmetic"):
        verify(GOOD / "good-two-frames.linc", render=True)
    assert run(["verify", str(GOOD / "good-two-frames.linc"), "--render"]) == 7
    assert capsys.readouterr().err.count("\n") == 1


class Elsewhere:
    """A part of a model whose class is not of ``lincodec.model``."""

    def __init__(self, gain: torch.Tensor) -> None:
        self.gain = gain


class Rendered(segment.SegmentModel):
    """A model with such a part, deep inside."""

    parts: tuple[dict[str, Elsewhere], ...] = ()


def a_model() -> segment.SegmentModel:
    """One frame of 8x8 samples."""
    geometry = Geometry.of([(8, 8)], 8, 0)
    return segment.SegmentModel(geometry, torch.ones(1, 1), [torch.ones(1, 1, 1, 8, 8)])


def test_a_model_is_compared_only_when_all_of_it_is_doubled() -> None:
    assert not list(singles(doubled(a_model()), "model"))
    rms, peak = deviation(a_model(), 0)
    assert 0 < rms <= peak < TOLERANCE[0]

    model = a_model()
    model.parts = ({"gain": Elsewhere(torch.ones(1))},)  # type: ignore[attr-defined]
    with pytest.raises(
        TypeError, match=r"SegmentModel\.parts\[0\]\['gain'\]\.gain: still binary32"
    ):
        deviation(model, 0)

    other = Rendered(model.geometry, model.latents, model.weights)
    with pytest.raises(TypeError, match=r"Rendered\.latents.*lincodec\.model"):
        deviation(other, 0)


def test_samples_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    """Every weight is finite, and so is every latent; their products are not."""
    sections = sections_of((GOOD / "good-raw-latents.linc").read_bytes())
    huge = struct.pack("<4f", 3e38, -3e38, 3e38, 3e38)
    changed = [(k, huge if k == b"LATS" else p) for k, p in sections if k != b"dGST"]
    path = tmp_path / "huge.linc"
    path.write_bytes(file_of(changed))
    assert verify(path).digest is not None
    with pytest.raises(CorruptError, match="not finite"):
        verify(path, render=True)
    assert run(["decode", str(path), "-o", str(tmp_path / "out.y4m")]) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["huge.linc"]
