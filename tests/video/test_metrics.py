"""Figures against closed forms and an independent implementation."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.signal import convolve2d

from lincodec.errors import UsageError
from lincodec.types import VideoInfo
from lincodec.video import metrics
from lincodec.video.color import to_rgb


def _noisy(seed: int = 0, size: tuple[int, int] = (64, 80)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 256, size).astype(np.uint8)
    b = np.clip(a + rng.normal(0, 12, size), 0, 255).astype(np.uint8)
    return a, b


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_mse_matches_double_arithmetic(dtype: type) -> None:
    a, b = (x.astype(dtype) for x in _noisy(size=(333, 257)))
    expected = float(((a.astype(np.float64) - b.astype(np.float64)) ** 2).mean())
    assert metrics.mse(a, b) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_plane_errors_are_exact(kind: type) -> None:
    rng, top = np.random.default_rng(5), np.iinfo(kind).max + 1
    a, b = (rng.integers(0, top, (37, 301)).astype(kind) for _ in range(2))
    exact = int(((a.astype(object) - b.astype(object)) ** 2).sum())
    assert metrics.plane_errors((a,), (b,)) == (exact / a.size,)
    assert metrics.plane_errors((a[3:, ::2],), (a[3:, ::2],)) == (0.0,)
    worst = np.full((2, 16384), top - 1, kind)
    assert metrics.plane_errors((worst,), (np.zeros_like(worst),)) == (float(top - 1) ** 2,)
    with pytest.raises(UsageError, match="cannot be compared"):
        metrics.plane_errors((a,), (b[1:],))


def test_mse_does_not_wrap_and_checks_shapes() -> None:
    low, high = np.zeros((4, 4), np.uint16), np.full((4, 4), 65535, np.uint16)
    assert metrics.mse(low, high) == metrics.mse(high, low)
    assert metrics.mse(low, high) == pytest.approx(65535.0**2, rel=1e-6)
    with pytest.raises(UsageError, match="sizes differ"):
        metrics.mse(low, high[:3])


@pytest.mark.parametrize("shift", [(1, 1), (1, 0), (0, 0), None])
@pytest.mark.parametrize("size", [(9, 300), (301, 37)])
def test_rgb_error_is_that_of_the_pictures(
    shift: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    info = VideoInfo(size[1], size[0], Fraction(25), chroma_shift=shift)
    generator = np.random.default_rng(5)
    a, b = (
        tuple(generator.integers(0, 256, s, np.uint8) for s in info.plane_sizes) for _ in range(2)
    )
    expected = metrics.mse(to_rgb(a, info), to_rgb(b, info))
    assert metrics.rgb_error(a, b, info) == pytest.approx(expected, rel=1e-6)


def test_psnr_values() -> None:
    assert metrics.psnr(1.0) == pytest.approx(48.1308, abs=1e-4)
    assert metrics.psnr(0.0) == metrics.PSNR_CAP
    assert metrics.psnr(1e-12) == metrics.PSNR_CAP
    assert metrics.psnr(1023.0**2, 1023) == 0
    assert metrics.psnr_planes((1.0, 1.0), 10)[0] == pytest.approx(60.1975, abs=1e-4)
    assert metrics.psnr_yuv((40.0, 44.0, 48.0)) == pytest.approx(41.5)
    assert metrics.psnr_yuv((40.0,)) == 40.0


def test_two_averages() -> None:
    total = metrics.PsnrSum()
    assert (total.mean, total.of_mean) == (0.0, 0.0)
    assert total.add(1.0) == pytest.approx(48.1308, abs=1e-4)
    total.add(100.0)
    assert total.mean == pytest.approx(38.1308, abs=1e-4)
    assert total.of_mean == pytest.approx(48.1308 - 10 * math.log10(50.5), abs=1e-4)


def test_bpp() -> None:
    assert metrics.bpp(1000, 100, 50, 4) == 0.4


def _reference_ssim(a: np.ndarray, b: np.ndarray) -> float:
    x = np.arange(11) - 5
    g = np.exp(-(x[:, None] ** 2 + x[None] ** 2) / (2 * 1.5**2))
    g /= g.sum()
    a, b = a.astype(float), b.astype(float)

    def blur(plane: np.ndarray) -> np.ndarray:
        return convolve2d(plane, g, mode="valid")

    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma**2, blur(b * b) - mb**2, blur(a * b) - ma * mb
    c1, c2 = 6.5025, 58.5225
    top = (2 * ma * mb + c1) * (2 * cov + c2)
    return float((top / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean())


@pytest.mark.parametrize("size", [(64, 80), (11, 11), (200, 31)])
def test_ssim_matches_direct_convolution(size: tuple[int, int]) -> None:
    a, b = _noisy(size=size)
    assert metrics.ssim(a, b) == pytest.approx(_reference_ssim(a, b), abs=2e-5)


def test_ms_ssim_properties() -> None:
    a, b = _noisy(size=(192, 256))
    worse = np.clip(b + np.random.default_rng(1).normal(0, 40, a.shape), 0, 255)
    assert metrics.ms_ssim(a, a) == pytest.approx(1.0, abs=1e-6)
    assert metrics.ms_ssim(a, worse) < metrics.ms_ssim(a, b) < 1
    assert metrics.ms_ssim(a[:20, :20], b[:20, :20]) == pytest.approx(
        metrics.ssim(a[:20, :20], b[:20, :20])
    )
    with pytest.raises(UsageError, match="at least 11"):
        metrics.ms_ssim(a[:8], b[:8])
    with pytest.raises(UsageError, match="sizes differ"):
        metrics.ms_ssim(a, b[:100])
