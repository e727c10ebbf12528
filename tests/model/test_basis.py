"""Windowed cosines: exact inverses, and the values that the specification gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from lincodec.model import basis
from lincodec.model.basis import Axis

AXES = [
    Axis(32, 8, 2), Axis(33, 16, 2), Axis(45, 8, 4), Axis(7, 8, 2), Axis(1, 8, 1),
    Axis(64, 32, 16), Axis(90, 32, 0), Axis(17, 16, 8),
]  # fmt: skip


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 255 - 128


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


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("frequencies", [1, 3, 99])
def test_values_are_those_of_the_specification(axis: Axis, frequencies: int) -> None:
    few = min(frequencies, axis.block)
    coefficients = noise(axis.blocks, few, seed=3)
    flat = Axis(1, 1, 0)
    found = basis.synthesise(coefficients[None, :, None, :, None].contiguous(), axis, flat)[0, :, 0]
    expected = plain_values(coefficients.double().numpy(), axis, np.arange(axis.size) + 0.5)
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)


def test_cosines_are_orthonormal() -> None:
    for block in (2, 8, 64):
        matrix = basis.cosine_matrix(block)
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(block), atol=1e-5, rtol=0)
        assert bool((matrix[0] == matrix[0, 0]).all())
