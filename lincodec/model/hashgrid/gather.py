"""Which table rows a position reads, and with which weights; the reference in torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from lincodec.container import GridLevel
from lincodec.model.hashgrid.levels import offsets

_PRIME = 2654435761
_WORD = 0xFFFFFFFF


def corners(positions: Tensor, levels: Sequence[GridLevel]) -> tuple[Tensor, Tensor]:
    """Rows and bilinear weights of the four points around every position (spec clause 8.10.2).

    Args:
        positions: float32 [N, 2], x before y, 0..1.
        levels: the level table.

    Returns:
        (int64 [N, L, 4], float32 [N, L, 4]).
    """
    rows, weights = [], []
    for level, start in zip(levels, offsets(levels), strict=True):
        # binary64 and one rounding: what a fused multiply-add gives
        at = (positions.double() * level.scale + 0.5).float()
        cell = at.floor()
        share = at - cell
        x, y = cell.long().unbind(1)
        for corner in range(4):
            right, below = corner & 1, corner >> 1
            cx, cy = x + right, y + below
            index = cx ^ (cy * _PRIME & _WORD) if level.hashed else cx + cy * level.resolution
            # as unsigned 32-bit integers
            rows.append((index & _WORD) % level.entries + start)
            along = share[:, 0] if right else 1 - share[:, 0]
            weights.append(along * (share[:, 1] if below else 1 - share[:, 1]))
    shape = (len(positions), len(levels), 4)
    return torch.stack(rows, 1).view(shape), torch.stack(weights, 1).view(shape)


class GatherEncoding:
    """Cached rows and weights; forward gathers, backward adds up. Any device.

    Args:
        levels: the level table.
        positions: float32 [N, 2].
    """

    def __init__(self, levels: Sequence[GridLevel], positions: Tensor) -> None:
        self.levels, self.positions = levels, positions

    @cached_property
    def corners(self) -> tuple[Tensor, Tensor]:
        """Rows and weights, kept from the first call on."""
        return corners(self.positions, self.levels)

    def __call__(self, table: Tensor) -> Tensor:
        """Features float32 [N, L * F] of a table float32 [E, F], level by level."""
        rows, weights = self.corners
        # index_select, whose gradient is index_add_: that of table[rows] sorts on CUDA
        found = table.index_select(0, rows.reshape(-1)).view(*rows.shape, -1)
        return (found * weights[..., None]).sum(2).flatten(1)

    def at(self, index: Tensor) -> GatherEncoding:
        """The encoding of the positions with these numbers, int64 [M].

        Rows are worked out again: those of all positions of a large picture take gigabytes.
        """
        return GatherEncoding(self.levels, self.positions[index])
