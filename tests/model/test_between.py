"""Pictures between two frames along a displacement field."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lincodec.core.resample import whole
from lincodec.model.between import Between, Grid, linear_weights, shifted


def texture(height: int, width: int, dx: float = 0.0, dy: float = 0.0) -> torch.Tensor:
    """Smooth waves, moved to the right and down by ``dx`` and ``dy`` samples."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64), torch.arange(width, dtype=torch.float64),
        indexing="ij",
    )  # fmt: skip
    x, y = x - dx, y - dy
    waves = torch.sin(x / 4) + torch.cos(y / 4) + torch.sin((x + 2 * y) / 7)
    return (30 * waves).float()


def inner(plane: torch.Tensor, margin: int = 10) -> torch.Tensor:
    return plane[margin:-margin, margin:-margin]


def test_weights_are_linear_between_cells_and_sum_to_one() -> None:
    for count, cells in ((40, 5), (7, 7), (3, 8), (16, 1)):
        weights = linear_weights(count, cells)
        torch.testing.assert_close(weights.sum(1), torch.ones(count))
    ramp = linear_weights(40, 5) @ torch.arange(5.0)
    torch.testing.assert_close(ramp[4:-4].diff(), torch.full((31,), 1 / 8))


def test_a_grid_spreads_and_gathers() -> None:
    grid = Grid((3, 4), whole((30, 44), (30, 44)))
    constant = torch.full((2, 3, 4), 2.5)
    torch.testing.assert_close(grid.spread(constant), torch.full((2, 30, 44), 2.5))
    torch.testing.assert_close(grid.gather(grid.spread(constant)), constant)


def test_shifting_by_whole_samples_is_exact() -> None:
    plane = texture(20, 24)
    displacement = torch.zeros(2, 20, 24)
    torch.testing.assert_close(shifted(plane, displacement, 1.0), plane, atol=1e-3, rtol=0)
    displacement[0], displacement[1] = 2, -3
    moved = shifted(plane, displacement, 1.0)
    torch.testing.assert_close(moved[3:, :-2], plane[:-3, 2:], atol=1e-3, rtol=0)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8])
@pytest.mark.parametrize("scale", [1, 2])
def test_moving_waves_arrive_in_between(share: float, scale: int) -> None:
    """At a larger size the displacement is larger by the same factor."""
    dx, dy = 5.0, -3.0
    first, second = texture(48, 64), texture(48, 64, dx, dy)
    if scale == 2:
        grid = torch.nn.functional.interpolate
        first, second = (grid(p[None, None], scale_factor=2, mode="bicubic")[0, 0]
                         for p in (first, second))  # fmt: skip
    field = torch.tensor([dx, dy])[:, None, None].expand(2, 3, 4).contiguous()
    found = Between([first], [second], field, [whole((48, 64), first.shape)]).at(share)[0]
    wanted = texture(48, 64, share * dx, share * dy)
    if scale == 2:
        wanted = grid(wanted[None, None], scale_factor=2, mode="bicubic")[0, 0]
    error = inner(found - wanted, 12 * scale).abs().mean()
    faded = inner(torch.lerp(first, second, share) - wanted, 12 * scale).abs().mean()
    assert error < 1.0
    assert error < 0.4 * faded


def test_chroma_moves_with_luma() -> None:
    first = [texture(48, 64), texture(48, 64)[::2, ::2]]
    second = [texture(48, 64, 6, 2), texture(48, 64, 6, 2)[::2, ::2]]
    field = torch.tensor([6.0, 2.0])[:, None, None].expand(2, 3, 4).contiguous()
    areas = [whole((48, 64), (48, 64)), whole((24, 32), (24, 32))]
    luma, chroma = Between(first, second, field, areas).at(0.5)
    torch.testing.assert_close(inner(chroma, 8), inner(luma[::2, ::2], 8), atol=1.5, rtol=0)


def test_motion_that_explains_nothing_is_not_followed() -> None:
    first, second = texture(48, 64), texture(48, 64)  # nothing moves
    wrong = torch.full((2, 3, 4), 7.0)
    found = Between([first], [second], wrong, [whole((48, 64), (48, 64))]).at(0.5)[0]
    torch.testing.assert_close(found, first, atol=1e-3, rtol=0)


@pytest.mark.parametrize("field", [None, torch.zeros(2, 2, 2)])
def test_without_motion_frames_are_mixed(field: torch.Tensor | None) -> None:
    first, second = texture(8, 8), texture(8, 8, 2)
    found = Between([first], [second], field, [whole((8, 8), (8, 8))]).at(0.25)[0]
    torch.testing.assert_close(found, 0.75 * first + 0.25 * second)


def test_it_begins_and_ends_at_the_frames() -> None:
    first, second = texture(48, 64), texture(48, 64, 5, -3)
    rng = np.random.default_rng(3)
    field = torch.from_numpy(rng.normal(3, 2, (2, 3, 4)).astype(np.float32))
    between = Between([first], [second], field, [whole((48, 64), (48, 64))])
    torch.testing.assert_close(between.at(1e-6)[0], first, atol=1e-2, rtol=0)
    torch.testing.assert_close(between.at(1 - 1e-6)[0], second, atol=1e-2, rtol=0)
