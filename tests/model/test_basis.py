"""Windowed cosines: exact inverses, the same values at every size, windows that add to one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.model import basis
from lincodec.model.basis import Axis, Evaluator

AXES = [
    Axis(32, 8, 2), Axis(33, 16, 2), Axis(45, 8, 4), Axis(7, 8, 2), Axis(1, 8, 1),
    Axis(64, 32, 16), Axis(90, 32, 0), Axis(17, 16, 8),
]  # fmt: skip


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 255 - 128


def at_size(coefficients: Tensor, rows: Axis, columns: Axis, size: tuple[int, int]) -> Tensor:
    vertical = Evaluator(rows, size[0], coefficients.shape[3])
    horizontal = Evaluator(columns, size[1], coefficients.shape[4])
    return basis.evaluate(coefficients, vertical, horizontal)


def plain_values(coefficients: np.ndarray, axis: Axis, x: np.ndarray) -> np.ndarray:
    """Clause 8.3 along one axis in binary64: [blocks, k] at positions x."""

    def edge(d: np.ndarray) -> np.ndarray:
        o = axis.overlap
        tau = np.sqrt(np.clip(np.abs(d) / o, 0, 1)) if o else np.ones_like(d)
        return np.where(d >= 0, (1 + tau) / 2, (1 - tau) / 2)

    total = np.zeros_like(x)
    for b in range(axis.blocks):
        window = np.ones_like(x)
        if b:
            window = window * edge(x - b * axis.block)
        if b < axis.blocks - 1:
            window = window * edge((b + 1) * axis.block - x)
        for k in range(coefficients.shape[1]):
            scale = math.sqrt((1 if k == 0 else 2) / axis.block)
            angle = math.pi * k * (x - b * axis.block) / axis.block
            total += coefficients[b, k] * window * scale * np.cos(angle)
    return total


@pytest.mark.parametrize("rows", AXES, ids=str)
@pytest.mark.parametrize("columns", [Axis(40, 16, 2), Axis(21, 8, 4)], ids=str)
def test_analysis_and_synthesis_are_inverse(rows: Axis, columns: Axis) -> None:
    planes = noise(3, rows.size, columns.size)
    kept = planes.clone()
    coefficients = basis.analyse(planes, rows, columns)
    assert torch.equal(planes, kept)
    assert coefficients.shape == (3, rows.blocks, columns.blocks, rows.block, columns.block)
    back = basis.synthesise(coefficients, rows, columns)
    assert back.shape == planes.shape
    assert float((back - planes).abs().max()) < 1e-3


@pytest.mark.parametrize("rows", AXES, ids=str)
def test_native_evaluation_is_synthesis(rows: Axis) -> None:
    columns = Axis(37, 16, 2)
    coefficients = basis.analyse(noise(2, rows.size, columns.size), rows, columns)
    direct = at_size(coefficients, rows, columns, (rows.size, columns.size))
    fast = basis.synthesise(coefficients, rows, columns)
    assert float((direct - fast).abs().max()) < 0.01


@pytest.mark.parametrize("rows", AXES, ids=str)
def test_native_evaluation_of_few_frequencies(rows: Axis) -> None:
    columns = Axis(37, 16, 2)
    coefficients = basis.analyse(noise(1, rows.size, columns.size), rows, columns)[..., :3, :5]
    direct = at_size(coefficients, rows, columns, (rows.size, columns.size))
    fast = basis.synthesise(coefficients.contiguous(), rows, columns)
    assert float((direct - fast).abs().max()) < 0.01


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("count", [1, 5, 32, 45, 97, 300])
def test_windows_add_to_one(axis: Axis, count: int) -> None:
    evaluator = Evaluator(axis, count, 1)
    flat = torch.full((1, axis.blocks, 1, 1), math.sqrt(axis.block))
    values = evaluator.rows(flat)
    assert values.shape == (1, count, 1)
    torch.testing.assert_close(values, torch.ones(1, count, 1), atol=1e-5, rtol=0)


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("factor", [1.0, 2.0, 1.7, 3.21])
def test_values_are_those_of_the_specification(axis: Axis, factor: float) -> None:
    count = max(1, round(axis.size * factor))
    coefficients = noise(axis.blocks, axis.block, seed=3)
    found = Evaluator(axis, count, axis.block).rows(coefficients[None, :, :, None])[0, :, 0]
    x = (np.arange(count) + 0.5) * axis.size / count
    expected = plain_values(coefficients.double().numpy(), axis, x)
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)


@pytest.mark.parametrize(("size", "count"), [(45, 44), (45, 20), (45, 7), (33, 1), (64, 32)])
def test_smaller_sizes_are_means(size: int, count: int) -> None:
    axis = Axis(size, 8, 2)
    coefficients = noise(axis.blocks, 8, seed=4)
    found = Evaluator(axis, count, 8).rows(coefficients[None, :, :, None])[0, :, 0]
    h = size / count
    m = math.ceil(2 * h)
    x = (np.arange(count)[:, None] + (np.arange(m) + 0.5) / m) * h
    flat = coefficients.double().numpy()
    expected = plain_values(flat, axis, x.ravel()).reshape(count, m).mean(1)
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)


def smooth(rows: int, columns: int, size: tuple[int, int]) -> Tensor:
    """A smooth picture on [0, rows) x [0, columns), sampled at ``size``."""
    y = (torch.arange(size[0]) + 0.5)[:, None] * rows / size[0]
    x = (torch.arange(size[1]) + 0.5)[None] * columns / size[1]
    return 90 * torch.cos(y / 9) * torch.sin(x / 11 + 0.3) + 20 * torch.cos((x + y) / 15)


@pytest.mark.parametrize("size", [(96, 128), (144, 192), (71, 101), (95, 64)])
def test_a_smooth_picture_at_larger_sizes(size: tuple[int, int]) -> None:
    rows, columns = Axis(48, 16, 2), Axis(64, 16, 2)
    coefficients = basis.analyse(smooth(48, 64, (48, 64))[None], rows, columns)
    found = at_size(coefficients, rows, columns, size)[0]
    error = (found - smooth(48, 64, size)).abs()
    inside = error[3:-3, 3:-3]
    assert float(inside.square().mean().sqrt()) < 0.25
    assert float(inside.max()) < 2.5


@pytest.mark.parametrize("size", [(24, 32), (16, 16), (12, 8), (6, 64)])
def test_a_smaller_picture_is_its_area_mean(size: tuple[int, int]) -> None:
    rows, columns = Axis(48, 16, 2), Axis(64, 16, 2)
    planes = noise(1, 48, 64, seed=6) * 0.3 + smooth(48, 64, (48, 64))
    coefficients = basis.analyse(planes, rows, columns)
    found = at_size(coefficients, rows, columns, size)[0]
    cells = planes[0].view(size[0], 48 // size[0], size[1], 64 // size[1])
    error = found - cells.mean((1, 3))
    assert float(error.square().mean().sqrt()) < 2.0
    assert abs(float(error.mean())) < 0.1


def test_sizes_that_divide_nothing() -> None:
    rows, columns = Axis(50, 16, 2), Axis(30, 8, 1)
    coefficients = basis.analyse(smooth(50, 30, (50, 30))[None], rows, columns)
    for size in [(1, 1), (49, 31), (77, 13), (13, 77), (1, 200)]:
        found = at_size(coefficients, rows, columns, size)
        assert found.shape == (1, *size)
        assert bool(torch.isfinite(found).all())
        if min(size) > 10:
            expected = smooth(50, 30, size)
            assert float((found[0] - expected).abs().mean()) < 1.5


def test_cosines_are_orthonormal() -> None:
    for block in (2, 8, 64):
        matrix = basis.cosine_matrix(block)
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(block), atol=1e-5, rtol=0)
        assert bool((matrix[0] == matrix[0, 0]).all())
