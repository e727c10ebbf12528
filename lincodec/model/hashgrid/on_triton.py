"""The hash grid in Triton: rows computed on the fly, forward and backward on CUDA.

Import this module only when triton is there (see ``kernels``).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
import triton
from torch import Tensor

from lincodec.container import GridLevel
from lincodec.model.hashgrid import kernels
from lincodec.model.hashgrid.levels import entries, offsets

_BLOCK = 256


class TritonEncoding:
    """Rows and weights are computed in the kernels; nothing is cached but the level table.

    Args:
        levels: the level table.
        positions: float32 [N, 2] on a CUDA device (any device with the interpreter).
    """

    def __init__(self, levels: Sequence[GridLevel], positions: Tensor) -> None:
        def column(values: Sequence[float], dtype: torch.dtype) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=positions.device)

        self.positions, self.entries = positions.contiguous(), entries(levels)
        self.levels = (
            column([level.scale for level in levels], torch.float32),
            column([level.resolution for level in levels], torch.int32),
            column([level.entries for level in levels], torch.int32),
            column([level.hashed for level in levels], torch.int32),
            column(offsets(levels), torch.int32),
        )

    def __call__(self, table: Tensor) -> Tensor:
        """Features float32 [N, L * F] of a table float32 [E, F], level by level."""
        return _Encode.apply(table, self)  # type: ignore[no-any-return, no-untyped-call]

    def at(self, index: Tensor) -> TritonEncoding:
        """The encoding of the positions with these numbers, int64 [M]."""
        some = copy.copy(self)
        some.positions = self.positions[index].contiguous()
        return some

    def launch(self, kernel: Any, source: Tensor, out: Tensor, features: int) -> Tensor:
        """Run one kernel over all positions and levels."""
        count, n_levels = len(self.positions), len(self.levels[0])
        grid = (triton.cdiv(count, _BLOCK), n_levels)
        kernel[grid](
            self.positions, source, out, *self.levels, count,
            L=n_levels, F=features, BLOCK=_BLOCK,
        )  # fmt: skip
        return out


class _Encode(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: Tensor, encoding: TritonEncoding) -> Tensor:
        ctx.encoding, ctx.features = encoding, table.shape[1]
        shape = (len(encoding.positions), len(encoding.levels[0]) * table.shape[1])
        out = torch.empty(shape, device=table.device)
        return encoding.launch(kernels.forward, table.contiguous(), out, table.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        encoding, gradient = ctx.encoding, gradients[0].float().contiguous()
        out = torch.zeros((encoding.entries, ctx.features), device=gradient.device)
        return encoding.launch(kernels.backward, gradient, out, ctx.features), None
