"""The network: a residual of zero to begin with, cells, modulation, the continuous head."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from lincodec.model.network import (
    LEAD,
    UNIT,
    Network,
    NetworkShape,
    from_cells,
    to_cells,
)
from lincodec.registry import Role

YUV420 = ((0, 0), (1, 1), (1, 1))
YUV444 = ((0, 0), (0, 0), (0, 0))
GREY = ((0, 0),)


def shape_of(
    shifts: tuple[tuple[int, int], ...] = YUV420, *, stride: int = 2, layers: int = 2
) -> NetworkShape:
    return NetworkShape(stride, 6, layers, 4, 5, shifts)


def random_network(shape: NetworkShape, seed: int = 0) -> Network:
    """Every tensor random, so that every part matters."""
    generator = torch.Generator().manual_seed(seed)
    sizes = shape.tensor_sizes
    return Network(shape, {k: 0.3 * torch.randn(s, generator=generator) for k, s in sizes.items()})


def planes_of(
    shifts: tuple[tuple[int, int], ...], m: int, height: int, width: int, seed: int = 1
) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    sizes = [(-(-height // (1 << sy)), -(-width // (1 << sx))) for sy, sx in shifts]
    return [torch.rand(m, *size, generator=generator) * 200 - 100 for size in sizes]


def latents(d: int, m: int, seed: int = 2) -> Tensor:
    return torch.randn(d, m, generator=torch.Generator().manual_seed(seed)) * 0.2


@pytest.mark.parametrize("shifts", [YUV420, YUV444, GREY], ids=["420", "444", "400"])
@pytest.mark.parametrize("stride", [2, 4])
@pytest.mark.parametrize("size", [(24, 32), (23, 31), (5, 3)])
def test_a_fresh_network_adds_exactly_nothing(
    shifts: tuple[tuple[int, int], ...], stride: int, size: tuple[int, int]
) -> None:
    network = Network.initial(shape_of(shifts, stride=stride), torch.Generator().manual_seed(0))
    planes = planes_of(shifts, 2, *size)
    for plane, residual in zip(planes, network.residual(planes, latents(4, 2)), strict=True):
        assert residual.shape == plane.shape
        assert not residual.any()
    assert any(t.any() for t in network.tensors.values())


@pytest.mark.parametrize("cell", [(1, 1), (2, 2), (4, 4), (2, 1), (4, 2)])
@pytest.mark.parametrize("size", [(8, 12), (7, 9), (1, 1), (5, 4)])
def test_cells_there_and_back(cell: tuple[int, int], size: tuple[int, int]) -> None:
    plane = torch.arange(2.0 * size[0] * size[1]).view(2, *size)
    grid = (-(-size[0] // cell[0]), -(-size[1] // cell[1]))
    cells = to_cells(plane, cell, grid)
    assert cells.shape == (2, cell[0] * cell[1], *grid)
    assert torch.equal(from_cells(cells, cell, size), plane)
    # clause 8.5: samples of a cell row major, the edge repeated
    for row in range(grid[0]):
        for column in range(grid[1]):
            expected = [
                float(plane[1, min(row * cell[0] + v, size[0] - 1),
                            min(column * cell[1] + u, size[1] - 1)])
                for v in range(cell[0])
                for u in range(cell[1])
            ]  # fmt: skip
            assert cells[1, :, row, column].tolist() == expected


def test_native_head_is_a_pixel_shuffle() -> None:
    """The fast path at native size: a 1x1 convolution and a pixel shuffle."""
    shape = shape_of(GREY, stride=2)
    network = random_network(shape)
    planes = planes_of(GREY, 1, 12, 16)
    z = latents(4, 1)
    [found] = network.residual(planes, z)
    cells = network.on_cells(network.cells(planes), z)
    shuffled = nn.functional.pixel_shuffle(cells, 2)[:, 0] * UNIT
    torch.testing.assert_close(found, shuffled, atol=1e-4, rtol=1e-5)
    assert float(found.abs().mean()) > 0.1


@pytest.mark.parametrize("shifts", [YUV420, YUV444], ids=["420", "444"])
@pytest.mark.parametrize("size", [(20, 26), (19, 25)])
def test_single_frames_equal_a_batch(
    shifts: tuple[tuple[int, int], ...], size: tuple[int, int]
) -> None:
    """Modulation merged into the weights of one frame, or applied to many: the same."""
    network = random_network(shape_of(shifts, layers=3))
    cells = network.cells(planes_of(shifts, 4, *size))
    z = latents(4, 4)
    together = network.on_cells(cells, z)
    singly = torch.cat([network.on_cells(cells[i : i + 1], z[:, i : i + 1]) for i in range(4)])
    torch.testing.assert_close(singly, together, atol=1e-4, rtol=1e-4)
    assert float((together[0] - together[1]).abs().max()) > 0.01


def test_residual_follows_the_text() -> None:
    """Clause 8.5 in binary64, layer by layer, for one frame of a small picture."""
    shape = shape_of(YUV420, layers=2)
    network = random_network(shape, 5)
    planes, z = planes_of(YUV420, 1, 9, 11), latents(6, 1)
    t = {k: v.double() for k, v in network.tensors.items()}
    hidden = torch.tanh(t[Role.HYPER_WEIGHT, 0] @ (8 * z[:4, 0].double()) + t[Role.HYPER_BIAS, 0])
    m = (t[Role.HYPER_WEIGHT, 1] @ hidden + t[Role.HYPER_BIAS, 1]).view(2, 2, shape.channels)
    x = network.cells(planes).double()
    for layer in range(2):
        padded = nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
        y = nn.functional.conv2d(padded, t[Role.NET_WEIGHT, layer], t[Role.NET_BIAS, layer])
        scale, shift = m[layer, 0][:, None, None], m[layer, 1][:, None, None]
        x = torch.relu(y * (1 + scale) + shift)
    head = t[Role.HEAD_WEIGHT, 0]
    out = 32 * (torch.einsum("sc,mchw->mshw", head, x) + t[Role.HEAD_BIAS, 0][:, None, None])
    expected = [
        from_cells(out[:, :4], (2, 2), (9, 11)),
        from_cells(out[:, 4:5], (1, 1), (5, 6)),
        from_cells(out[:, 5:6], (1, 1), (5, 6)),
    ]
    for ours, theirs in zip(network.residual(planes, z), expected, strict=True):
        torch.testing.assert_close(ours.double(), theirs, atol=1e-3, rtol=1e-4)


def test_missing_latents_count_as_zero() -> None:
    network = random_network(shape_of())
    few = latents(2, 3)
    padded = torch.cat([few, torch.zeros(2, 3)])
    expected = network.modulation(padded)
    torch.testing.assert_close(network.modulation(few), expected, atol=1e-5, rtol=0)
    more = torch.cat([padded, torch.full((5, 3), 9.0)])
    torch.testing.assert_close(network.modulation(more), expected, atol=1e-5, rtol=0)
    changed = padded.clone()
    changed[3] = 1 / LEAD
    assert float((network.modulation(changed) - expected).abs().max()) > 0.01


def test_sizes_of_the_tensors() -> None:
    sizes = shape_of(YUV420, stride=4, layers=3).tensor_sizes
    assert sizes[Role.NET_WEIGHT, 0] == (6, 16 + 4 + 4, 3, 3)
    assert sizes[Role.NET_WEIGHT, 2] == (6, 6, 3, 3)
    assert sizes[Role.HYPER_WEIGHT, 1] == (2 * 6 * 3, 5)
    assert sizes[Role.HEAD_WEIGHT, 0] == (24, 6)
    assert len(sizes) == 2 * 3 + 4 + 2
