"""The encoding as a sparse matrix and its transpose: fast and deterministic on a CPU."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from lincodec.container import GridLevel
from lincodec.model.hashgrid.gather import GatherEncoding, corners
from lincodec.model.hashgrid.levels import entries

#: Gathering a position takes about this many times as long as encoding one with the matrix.
_FEW = 16


class CsrEncoding:
    """Forward is ``A @ table``, backward ``A.T @ gradient``, both matrices made once.

    A has a row for every position and level with four weights in it.

    Args:
        levels: the level table.
        positions: float32 [N, 2] on the CPU.
    """

    def __init__(self, levels: Sequence[GridLevel], positions: Tensor) -> None:
        self.levels, self.positions = levels, positions
        self.shape = (len(positions), len(levels))
        self.size = (len(positions) * len(levels), entries(levels))

    @cached_property
    def parts(self) -> tuple[Tensor, Tensor]:
        """Columns int32 and values float32 of the matrix, four a row."""
        rows, weights = corners(self.positions, self.levels)
        return rows.reshape(-1).int(), weights.reshape(-1)

    @cached_property
    def matrix(self) -> Tensor:
        """What forward multiplies with."""
        starts = torch.arange(0, 4 * self.size[0] + 1, 4, dtype=torch.int32)
        return _matrix(starts, *self.parts, self.size)

    @cached_property
    def transposed(self) -> Tensor:
        """The transpose, as CSR; decoding never needs it."""
        columns, values = self.parts
        order = torch.argsort(columns, stable=True)
        counts = torch.bincount(columns, minlength=self.size[1])
        starts = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)]).int()
        across = torch.div(order, 4, rounding_mode="floor").int()
        return _matrix(starts, across, values[order], self.size[::-1])

    def __call__(self, table: Tensor) -> Tensor:
        """Features float32 [N, L * F] of a table float32 [E, F], level by level."""
        flat: Tensor = _Product.apply(table, self)  # type: ignore[no-untyped-call]
        return flat.view(self.shape[0], -1)

    def at(self, index: Tensor) -> Callable[[Tensor], Tensor]:
        """The encoding of the positions with these numbers, int64 [M].

        All are encoded and some kept, unless so few are wanted that gathering is quicker.
        """
        if len(index) * _FEW < self.shape[0]:
            return GatherEncoding(self.levels, self.positions[index])
        return lambda table: self(table).index_select(0, index)


class _Product(torch.autograd.Function):
    """Matrix times table; autograd's own backward would transpose the matrix every time."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, encoding: CsrEncoding) -> Tensor:
        ctx.encoding = encoding
        matrix = encoding.matrix
        return (matrix if table.dtype == matrix.dtype else matrix.to(table.dtype)) @ table

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.encoding.transposed @ gradients[0].contiguous(), None


def _matrix(starts: Tensor, columns: Tensor, values: Tensor, size: tuple[int, int]) -> Tensor:
    """A CSR matrix with 32-bit indices, which halve what a product reads."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(starts, columns, values, size, check_invariants=False)
