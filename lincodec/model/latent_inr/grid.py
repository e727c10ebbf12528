"""Where the Latent-INR network is evaluated, and the encoded positions (spec clause 8.10.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lincodec.container import LatentInrArch
from lincodec.core.resample import Area, whole
from lincodec.model import hashgrid
from lincodec.model.hashgrid import GridEncoding
from lincodec.model.latent_inr.network import encoded_width

#: Positions whose table rows are worked out at a time where nothing is kept.
_CHUNK = 1 << 16


def grid_size(arch: LatentInrArch, size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of positions for a picture of (height, width): one a sample or patch."""
    return -(-size[0] // arch.patch), -(-size[1] // arch.patch)


def grid_of(arch: LatentInrArch, area: Area) -> Area:
    """The grid of positions for a part of a picture; that of patches is always the whole."""
    if arch.patch == 1:
        return area
    size = grid_size(arch, (area[0].size, area[1].size))
    return whole(size, size)


def positions(rows: Sequence[int], grid: Area, device: torch.device) -> Tensor:
    """Centres of some rows of a grid, float32 [rows * columns, 2], x first, in 0..1."""
    down = torch.tensor(list(rows), dtype=torch.float64)
    across = torch.arange(grid[1].count, dtype=torch.float64)
    y, x = (
        (e.start / e.size + (at + 0.5) / e.count * ((e.stop - e.start) / e.size)).float().to(device)
        for e, at in zip(grid, (down, across), strict=True)
    )
    return torch.stack([x.repeat(len(y)), y.repeat_interleave(len(x))], 1)


def fourier(at: Tensor, frequencies: Tensor) -> Tensor:
    """Fourier features [N, 2 m]: cosines, then sines, of 2 pi times frequencies [m, 2] . at."""
    # a phase of many turns keeps its digits only in binary64
    phase = at.double() @ frequencies.double().T
    phase = (2 * math.pi * (phase - phase.round())).to(frequencies.dtype)
    return torch.cat([phase.cos(), phase.sin()], 1)


class FourierEncoding:
    """Fourier features of fixed positions; the same face as a hash grid.

    Args:
        positions: float32 [N, 2].
    """

    def __init__(self, positions: Tensor) -> None:
        self.positions = positions

    def __call__(self, table: Tensor) -> Tensor:
        """Features float32 [N, 2 m] of frequencies float32 [m, 2]."""
        return fourier(self.positions, table)

    def at(self, index: Tensor) -> FourierEncoding:
        """The encoding of the positions with these numbers, int64 [M]."""
        return FourierEncoding(self.positions[index])


def encoder(arch: LatentInrArch, at: Tensor, backend: str) -> GridEncoding:
    """The encoding of fixed positions as a function of the encoding tensor.

    Args:
        arch: says which encoding.
        at: float32 [N, 2].
        backend: of the hash grid; a name that ``hashgrid.choose`` returned.
    """
    return hashgrid.make(backend, arch.levels, at) if arch.levels else FourierEncoding(at)


class EncodedRows:
    """Encoded positions of a whole grid, worked out once if they fit into memory.

    Args:
        arch: says which encoding.
        table: the encoding tensor.
        grid: rows and columns.
        backend: of the hash grid.
        memory: bytes that may be kept.
    """

    def __init__(
        self, arch: LatentInrArch, table: Tensor, grid: Area, backend: str, memory: int
    ) -> None:
        self.arch, self.table, self.grid, self.backend = arch, table, grid, backend
        self.size = rows, columns = grid[0].count, grid[1].count
        self._kept: Tensor | None = None
        if 4 * rows * columns * encoded_width(arch) <= memory:
            step = max(1, _CHUNK // columns)
            parts = [range(at, min(at + step, rows)) for at in range(0, rows, step)]
            self._kept = torch.cat([self._encode(part) for part in parts])

    def _encode(self, rows: Sequence[int]) -> Tensor:
        at = positions(rows, self.grid, self.table.device)
        return encoder(self.arch, at, self.backend)(self.table)

    def __call__(self, rows: Sequence[int]) -> Tensor:
        """Features float32 [len(rows) * columns, E] of some rows of the grid."""
        if self._kept is None:
            return self._encode(rows)
        height, columns = self.size
        first, last = rows[0], rows[-1]
        if len(rows) == last - first + 1:
            return self._kept[first * columns : (last + 1) * columns]
        whole = self._kept.view(height, columns, -1)
        return whole[list(rows)].flatten(0, 1)
