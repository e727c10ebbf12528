"""Other sizes by matrix products: those of the core, and what they make of pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.core.resample import Resampler, whole
from lincodec.model.resample import resample


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(3)) * 255 - 128


def smooth(size: tuple[int, int]) -> Tensor:
    """A smooth picture on [0, 48) x [0, 64), sampled at ``size``."""
    y = (torch.arange(size[0]) + 0.5)[:, None] * 48 / size[0]
    x = (torch.arange(size[1]) + 0.5)[None] * 64 / size[1]
    return 90 * torch.cos(y / 9) * torch.sin(x / 11 + 0.3) + 20 * torch.cos((x + y) / 15)


@pytest.mark.parametrize("size", [(24, 32), (17, 29), (96, 200), (5, 150), (130, 12)])
def test_both_axes_are_weighted_as_by_the_core(size: tuple[int, int]) -> None:
    planes, area = noise(2, 48, 64), whole((48, 64), size)
    found = resample(planes, area)
    for plane, values in zip(planes, found, strict=True):
        (codes,) = Resampler([area], 16).planes((plane.numpy(),))
        expected = np.clip((values.double().numpy() + 128) * 256, 0, 65535)
        assert np.abs(codes - expected).max() < 0.6


def test_native_size_is_untouched() -> None:
    planes = noise(1, 12, 16)
    assert torch.equal(resample(planes, whole((12, 16), (12, 16))), planes)


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
