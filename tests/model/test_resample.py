"""Other sizes: means when smaller, sharpened Lanczos when larger, nothing at native size."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.model.resample import Extent, axis_weights, resample, whole


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(3)) * 255 - 128


def smooth(size: tuple[int, int]) -> Tensor:
    """A smooth picture on [0, 48) x [0, 64), sampled at ``size``."""
    y = (torch.arange(size[0]) + 0.5)[:, None] * 48 / size[0]
    x = (torch.arange(size[1]) + 0.5)[None] * 64 / size[1]
    return 90 * torch.cos(y / 9) * torch.sin(x / 11 + 0.3) + 20 * torch.cos((x + y) / 15)


def plain_weights(size: int, count: int) -> np.ndarray:
    """Clause 8.4 term by term."""
    h, out = size / count, np.zeros((count, size))

    def sample(k: int) -> np.ndarray:
        return np.eye(size)[min(max(k, 0), size - 1)]

    for i in range(count):
        if h >= 1:
            for k in range(size):
                out[i, k] = max(0.0, min((i + 1) * h, k + 1) - max(i * h, k)) / h
            continue
        at, share = (i + 0.5) * h - 0.5, 0.04 * (1 - h)
        total = 0.0
        for k in range(math.floor(at) - 3, math.floor(at) + 5):
            weight = float(np.sinc(at - k) * np.sinc((at - k) / 4))
            j = min(max(k, 0), size - 1)
            out[i] += weight * (
                (1 + 2 * share) * sample(j) - share * (sample(j - 1) + sample(j + 1))
            )
            total += weight
        out[i] /= total
    return out


@pytest.mark.parametrize(
    ("size", "count"), [(45, 44), (45, 20), (45, 7), (33, 1), (64, 32), (20, 45), (9, 100), (1, 7)]
)
def test_weights_are_those_of_the_specification(size: int, count: int) -> None:
    np.testing.assert_allclose(
        axis_weights(Extent.whole(size, count)), plain_weights(size, count), atol=1e-12
    )


@pytest.mark.parametrize("size", [(24, 32), (17, 29), (96, 200), (5, 150), (130, 12)])
def test_both_axes_are_weighted(size: tuple[int, int]) -> None:
    planes = noise(2, 48, 64)
    found = resample(planes, whole((48, 64), size))
    rows, columns = (axis_weights(Extent.whole(n, m)) for n, m in zip((48, 64), size, strict=True))
    expected = rows @ planes.double() @ columns.T
    torch.testing.assert_close(found.double(), expected, atol=1e-3, rtol=0)


def test_native_size_is_untouched() -> None:
    planes = noise(1, 12, 16)
    assert torch.equal(resample(planes, whole((12, 16), (12, 16))), planes)
    np.testing.assert_array_equal(axis_weights(Extent.whole(7, 7)), np.eye(7))


def test_sizes_near_native_are_near_it() -> None:
    """No step where enlarging begins: native size is the limit from both sides."""
    for count in (999, 1001):
        weights = axis_weights(Extent.whole(1000, count))
        middle = weights[:10, :10]
        assert float((middle - torch.eye(10)).abs().max()) < 0.02


def test_smaller_is_the_area_mean() -> None:
    planes = noise(1, 48, 64)
    cells = planes.view(1, 24, 2, 16, 4).mean((2, 4))
    torch.testing.assert_close(
        resample(planes, whole((48, 64), (24, 16))), cells, atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("size", [(96, 128), (144, 192), (71, 101), (95, 64)])
def test_a_smooth_picture_at_larger_sizes(size: tuple[int, int]) -> None:
    error = (resample(smooth((48, 64))[None], whole((48, 64), size))[0] - smooth(size)).abs()[
        3:-3, 3:-3
    ]
    assert float(error.square().mean().sqrt()) < 0.25
    assert float(error.max()) < 2.5


def test_a_flat_plane_stays_flat_at_any_size() -> None:
    for size in [(1, 1), (3, 40), (100, 7)]:
        found = resample(torch.full((2, 9, 11), 2.5), whole((9, 11), size))
        torch.testing.assert_close(found, torch.full((2, *size), 2.5))
    assert resample(torch.full((1, 1, 1), 7.0), whole((1, 1), (4, 6))).tolist() == [[[7.0] * 6] * 4]
