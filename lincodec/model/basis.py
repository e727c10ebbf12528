"""Windowed cosines of one axis: analysis, native synthesis, evaluation at any size.

Block b covers [bB, (b+1)B) in native sample units. Its functions are
``s_u cos(pi u (x - bB) / B)`` times a window that falls from one to zero across the
overlap around each inner block border; the windows of two neighbours add up to one
(spec: spectral basis). At native sample centres the set is invertible, so analysis is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor


@dataclass(frozen=True)
class Axis:
    """One axis of a plane cut into blocks."""

    size: int
    """Native samples."""
    block: int
    overlap: int
    """Samples on each side of a border where two blocks blend, 0..block/2."""

    @property
    def blocks(self) -> int:
        """Number of blocks; the last may reach past ``size``."""
        return -(-self.size // self.block)


@lru_cache(maxsize=64)
def cosine_matrix(block: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Orthonormal DCT-II, [block, block]: row u is the cosine of frequency u."""
    u = torch.arange(block, dtype=torch.float64)[:, None]
    x = torch.arange(block, dtype=torch.float64)[None] + 0.5
    matrix = torch.cos(math.pi * u * x / block) * math.sqrt(2 / block)
    matrix[0] /= math.sqrt(2)
    return matrix.to(dtype)


def blend(distance: Tensor, overlap: int) -> Tensor:
    """tau: share kept by the odd part at ``distance`` samples from a border, sqrt(x/overlap)."""
    return torch.sqrt((distance / max(overlap, 1)).clamp(0, 1))


def fold(planes: Tensor, axis: Axis, dim: int, inverse: bool = False) -> Tensor:
    """Pre-filter around inner borders (analysis) or its inverse (synthesis).

    Args:
        planes: float32, ``axis.blocks * axis.block`` samples along ``dim``.
        dim: -1 or -2.

    Returns:
        ``planes``, changed in place.
    """
    n, count = axis.overlap, axis.blocks
    if n == 0 or count < 2:
        return planes
    lines = planes.movedim(dim, 0)
    blocks = lines.view(count, axis.block, *lines.shape[1:])
    tau = blend(torch.arange(n, dtype=torch.float64) + 0.5, n).tolist()
    for i in range(n):
        right, left = blocks[1:, i], blocks[:-1, axis.block - 1 - i]
        odd = (right - left) * (((tau[i] if inverse else 1 / tau[i]) - 1) / 2)
        right += odd
        left -= odd
    return planes


def analyse(planes: Tensor, rows: Axis, columns: Axis) -> Tensor:
    """Planes to coefficients.

    Args:
        planes: float32 [n, height, width].

    Returns:
        float32 [n, block rows, block columns, Bv, Bu]; synthesis gives ``planes`` back.
    """
    below = rows.blocks * rows.block - rows.size
    right = columns.blocks * columns.block - columns.size
    padded = torch.nn.functional.pad(planes[:, None], (0, right, 0, below), mode="replicate")[:, 0]
    if padded.data_ptr() == planes.data_ptr():
        padded = padded.clone()
    padded = fold(fold(padded, columns, -1), rows, -2)
    n = planes.shape[0]
    blocks = padded.view(n, rows.blocks, rows.block, columns.blocks, columns.block)
    blocks = blocks.transpose(2, 3)
    return cosine_matrix(rows.block) @ blocks @ cosine_matrix(columns.block).T


def synthesise(coefficients: Tensor, rows: Axis, columns: Axis) -> Tensor:
    """Coefficients to planes at native size; the exact inverse of ``analyse``.

    Args:
        coefficients: float32 [n, block rows, block columns, v, u] with v <= Bv, u <= Bu
            (missing frequencies are zero).

    Returns:
        float32 [n, height, width].
    """
    n, nr, nc, v, u = coefficients.shape
    kind, device = coefficients.dtype, coefficients.device
    left = cosine_matrix(rows.block, kind)[:v].T.contiguous().to(device)
    right = cosine_matrix(columns.block, kind)[:u].contiguous().to(device)
    # two large matrix products instead of one small product per block
    part = (coefficients.reshape(-1, u) @ right).view(n * nr * nc, v, columns.block)
    blocks = torch.matmul(left, part).view(n, nr, nc, rows.block, columns.block)
    planes = blocks.transpose(2, 3).reshape(n, nr * rows.block, nc * columns.block)
    planes = fold(fold(planes, columns, -1, inverse=True), rows, -2, inverse=True)
    return planes[:, : rows.size, : columns.size]


def cell_samples(size: int, count: int) -> tuple[Tensor, int]:
    """Positions where ``count`` output cells of an axis of ``size`` samples are evaluated.

    Returns:
        float64 [count, m] in native sample units, and m: 1 when enlarging (the cell centre),
        else ``ceil(2 h)`` positions spread evenly over the cell of width ``h = size/count``.
    """
    h = size / count
    m = 1 if h <= 1 else math.ceil(2 * h)
    inside = (torch.arange(m, dtype=torch.float64) + 0.5) / m
    return (torch.arange(count, dtype=torch.float64)[:, None] + inside) * h, m


class Evaluator:
    """Evaluates the windowed cosines of one axis at any number of output cells."""

    def __init__(self, axis: Axis, count: int, frequencies: int) -> None:
        """
        Args:
            axis: the native axis.
            count: output samples along it.
            frequencies: how many cosines per block are given, 1..axis.block.
        """
        self.count = count
        x, _ = cell_samples(axis.size, count)
        self.spans: list[tuple[int, int]] = []
        self.matrices: list[Tensor] = []
        for b in range(axis.blocks):
            weights = _block_weights(x, axis, b, frequencies)
            rows = weights.abs().sum(1).nonzero()[:, 0]
            if rows.numel() == 0:
                self.spans.append((0, 0))
                self.matrices.append(weights[:0].float())
                continue
            start, stop = int(rows[0]), int(rows[-1]) + 1
            self.spans.append((start, stop))
            self.matrices.append(weights[start:stop].float())

    def rows(self, coefficients: Tensor) -> Tensor:
        """[n, blocks, v, width] to [n, count, width]: evaluate along the first axis."""
        n, _, _, width = coefficients.shape
        out = torch.zeros(n, self.count, width, device=coefficients.device)
        for b, (start, stop) in enumerate(self.spans):
            if stop > start:
                matrix = self.matrices[b].to(coefficients.device)
                out[:, start:stop] += matrix @ coefficients[:, b]
        return out

    def columns(self, coefficients: Tensor) -> Tensor:
        """[n, height, blocks, u] to [n, height, count]: evaluate along the second axis."""
        n, height = coefficients.shape[:2]
        out = torch.zeros(n, height, self.count, device=coefficients.device)
        for b, (start, stop) in enumerate(self.spans):
            if stop > start:
                matrix = self.matrices[b].to(coefficients.device)
                out[:, :, start:stop] += coefficients[:, :, b] @ matrix.T
        return out


def _block_weights(x: Tensor, axis: Axis, b: int, frequencies: int) -> Tensor:
    """float64 [count, frequencies]: window times cosine of block b, averaged over each cell."""
    left, right = b * axis.block, (b + 1) * axis.block
    window = torch.ones_like(x)
    if b > 0:
        window = window * _edge(x - left, axis.overlap)
    if b < axis.blocks - 1:
        window = window * _edge(right - x, axis.overlap)
    u = torch.arange(frequencies, dtype=torch.float64)
    scale = torch.full((frequencies,), math.sqrt(2 / axis.block), dtype=torch.float64)
    scale[0] = math.sqrt(1 / axis.block)
    cosines = torch.cos(math.pi * u * ((x - left)[..., None] / axis.block)) * scale
    return (cosines * window[..., None]).mean(1)


def _edge(inside: Tensor, overlap: int) -> Tensor:
    """Window at signed distance ``inside`` of a border: 0 outside, 1 inside, a blend between."""
    share = blend(inside.abs(), overlap) if overlap else torch.ones_like(inside)
    return torch.where(inside >= 0, (1 + share) / 2, (1 - share) / 2)


def evaluate(coefficients: Tensor, vertical: Evaluator, horizontal: Evaluator) -> Tensor:
    """Coefficients at any size: [n, block rows, block columns, v, u] to [n, height, width]."""
    n, nr, nc, v, u = coefficients.shape
    tall = vertical.rows(coefficients.permute(0, 1, 3, 2, 4).reshape(n, nr, v, nc * u))
    return horizontal.columns(tall.view(n, vertical.count, nc, u))
