"""Windowed cosines of one axis: analysis and synthesis at native size.

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

#: About how many samples of all planes are synthesised at once on the CPU.
_AT_ONCE = 1 << 18


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
def cosine_matrix(
    block: int, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> Tensor:
    """Orthonormal DCT-II, [block, block]: row u is the cosine of frequency u."""
    u = torch.arange(block, dtype=torch.float64)[:, None]
    x = torch.arange(block, dtype=torch.float64)[None] + 0.5
    matrix = torch.cos(math.pi * u * x / block) * math.sqrt(2 / block)
    matrix[0] /= math.sqrt(2)
    return matrix.to(device, dtype)


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
    if axis.blocks > 1:
        blend_borders(planes, axis, dim, axis.block, inverse)
    return planes


def blend_borders(planes: Tensor, axis: Axis, dim: int, first: int, inverse: bool = False) -> None:
    """Fold, or unfold, around the borders at ``first`` and every block from there on, in place.

    Args:
        planes: float32, with ``axis.overlap`` samples or more beyond the borders.
        axis: block size and overlap.
        dim: -1 or -2.
        first: sample after the first border.
        inverse: whether to unfold.
    """
    lines, n = planes.movedim(dim, 0), axis.overlap
    tau = blend(torch.arange(n, dtype=torch.float64) + 0.5, n).tolist()
    for i in range(n):
        right = lines[first + i :: axis.block]
        left = lines[first - 1 - i :: axis.block][: len(right)]
        odd = (right - left) * (((tau[i] if inverse else 1 / tau[i]) - 1) / 2)
        right += odd
        left -= odd


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
    if planes.device.type != "cpu":
        return transform(blocks).contiguous()
    out = blocks.new_empty(blocks.shape)
    for index, plane in enumerate(blocks):  # one by one what lies between stays in the cache
        out[index] = transform(plane)
    return out


def transform(blocks: Tensor) -> Tensor:
    """Cosine transform of blocks, float32 [..., Bv, Bu] on any device."""
    down = cosine_matrix(blocks.shape[-2], device=blocks.device)
    across = cosine_matrix(blocks.shape[-1], device=blocks.device).T
    if blocks.device.type == "cpu":
        return down @ blocks @ across
    return _columns(down, blocks.reshape(-1, blocks.shape[-1]) @ across, blocks.shape)


def synthesise(
    coefficients: Tensor, rows: Axis, columns: Axis, mixing: Tensor | None = None
) -> Tensor:
    """Coefficients to planes at native size; the exact inverse of ``analyse``.

    Args:
        coefficients: float [n, block rows, block columns, v, u] with v <= Bv, u <= Bu
            (missing frequencies are zero).
        rows: vertical axis.
        columns: horizontal axis.
        mixing: float [m, n]: the coefficients of every plane are so much of those given; None:
            they are its own.

    Returns:
        float [m, height, width].
    """
    if coefficients.device.type != "cpu":
        return _synthesised_at_once(coefficients, rows, columns, mixing)
    _, nr, nc, v, u = coefficients.shape
    kind = coefficients.dtype
    left = cosine_matrix(rows.block, kind)[:v].T.contiguous()
    right = cosine_matrix(columns.block, kind)[:u].contiguous()
    flat, size = coefficients.flatten(1), nc * v * u
    n = len(flat if mixing is None else mixing)
    planes = flat.new_empty(n, nr * rows.block, nc * columns.block)
    height = max(1, _AT_ONCE // (n * rows.block * planes.shape[2]))
    for first in range(0, nr, height):  # what lies between stays in the cache
        last = min(first + height, nr)
        part = flat[:, first * size : last * size]
        part = part if mixing is None else mixing @ part
        # two large matrix products instead of one small product per block
        blocks = torch.matmul(left, (part.reshape(-1, u) @ right).view(-1, v, columns.block))
        blocks = blocks.view(n, last - first, nc, rows.block, columns.block).transpose(2, 3)
        strip = planes[:, first * rows.block : last * rows.block]
        strip.view(blocks.shape).copy_(blocks)
        fold(strip, columns, -1, inverse=True)
    return fold(planes, rows, -2, inverse=True)[:, : rows.size, : columns.size]


def _synthesised_at_once(
    coefficients: Tensor, rows: Axis, columns: Axis, mixing: Tensor | None
) -> Tensor:
    """``synthesise`` in few large steps, for a device that each step has to be sent to."""
    if mixing is not None:
        coefficients = (mixing @ coefficients.flatten(1)).view(-1, *coefficients.shape[1:])
    n, nr, nc, v, u = coefficients.shape
    kind, device = coefficients.dtype, coefficients.device
    left = cosine_matrix(rows.block, kind, device)[:v].T.contiguous()
    right = cosine_matrix(columns.block, kind, device)[:u].contiguous()
    part = coefficients.reshape(-1, u) @ right
    blocks = _columns(left, part, torch.Size([n, nr, nc, v, columns.block]))
    planes = blocks.transpose(2, 3).reshape(n, nr * rows.block, nc * columns.block)
    planes = fold(fold(planes, columns, -1, inverse=True), rows, -2, inverse=True)
    return planes[:, : rows.size, : columns.size]


def _columns(matrix: Tensor, blocks: Tensor, shape: torch.Size) -> Tensor:
    """``matrix`` times every block, as one product where a product a block would be too many.

    Args:
        matrix: [a, b].
        blocks: of the elements of ``shape``, contiguous.
        shape: [..., b, columns].

    Returns:
        [..., a, columns], not contiguous.
    """
    across = blocks.view(shape).transpose(-1, -2)
    found = across.reshape(-1, shape[-2]) @ matrix.T
    return found.view(*across.shape[:-1], matrix.shape[0]).transpose(-1, -2)
