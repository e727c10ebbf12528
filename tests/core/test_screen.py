"""Cells of pages, against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lincodec.core.screen import Cells, screen_cells


def expected(luma: NDArray[np.generic], depth: int) -> Cells:
    rows, columns = luma.shape[0] // 8, luma.shape[1] // 8
    cells = luma[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8)[::2, :, ::2]
    codes = cells.transpose(0, 2, 1, 3).reshape(-1, 64).astype(np.int32) >> (depth - 8)
    codes = np.sort(codes, axis=1)
    contrast = codes[:, -1] - codes[:, 0] >= 64
    flat = (codes[:, 23:] - codes[:, :41] <= 2).any(1)
    return Cells(len(codes), int(contrast.sum()), int((contrast & flat).sum()))


@pytest.mark.parametrize("depth", [8, 10, 16])
def test_cells_are_counted(depth: int) -> None:
    rng = np.random.default_rng(depth)
    luma = np.full((83, 149), 200)
    luma[:40] = rng.integers(150, 215, (40, 149))  # contrast only where the ends meet
    luma[41:, :70] = np.where(rng.random((42, 70)) < 0.5, 30, 199 + rng.integers(0, 4, (42, 70)))
    luma[60:, 70:] = np.where(rng.random((23, 79)) < 0.4, 0, 255)
    samples = (luma << (depth - 8)).astype(np.uint8 if depth == 8 else np.uint16)
    found = screen_cells(samples, depth)
    assert found == expected(samples, depth)
    assert found.seen > found.contrast > found.ground > 0
    assert screen_cells(samples[:, ::2], depth) == expected(samples[:, ::2], depth)


def test_a_picture_smaller_than_a_cell_has_none() -> None:
    assert screen_cells(np.zeros((7, 64), np.uint8), 8) == Cells(0, 0, 0)
