"""The nonlinear part: a small convolutional residual driven by the latent (spec: network).

Features live on cells of ``stride`` luma samples. The spectral decode of the frame enters as
cell vectors, convolutions follow whose channels are scaled and shifted by a hypernetwork
of the latent, and a linear head gives every sample of the cell: at native size a 1x1
convolution and a pixel shuffle, at other sizes the same values sampled in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lincodec.model.basis import cell_samples

#: Input and output units: residual of one unit is this many 8-bit code values.
UNIT = 32.0


@dataclass(frozen=True)
class NetworkShape:
    """Everything that fixes the sizes of a network's tensors."""

    stride: int
    """Luma samples per cell, 2 or 4."""
    channels: int
    layers: int
    """3x3 convolutions."""
    latents: int
    """Leading latent components that drive the hypernetwork."""
    hidden: int
    """Hidden width of the hypernetwork."""
    shifts: tuple[tuple[int, int], ...]
    """(vertical, horizontal) log2 subsampling of every video channel."""

    @property
    def cells(self) -> tuple[tuple[int, int], ...]:
        """Samples per cell of every video channel, (vertical, horizontal)."""
        return tuple((self.stride >> sy, self.stride >> sx) for sy, sx in self.shifts)

    @property
    def samples(self) -> int:
        """Samples per cell over all video channels."""
        return sum(a * b for a, b in self.cells)


def to_cells(plane: Tensor, cell: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """[m, h, w] to [m, a*b, rows, columns], edges replicated to fill the last cells."""
    a, b = cell
    below, right = grid[0] * a - plane.shape[1], grid[1] * b - plane.shape[2]
    padded = plane[:, None]
    if below or right:
        padded = nn.functional.pad(padded, (0, right, 0, below), mode="replicate")
    m = plane.shape[0]
    cells = padded.reshape(m, grid[0], a, grid[1], b)
    return cells.permute(0, 2, 4, 1, 3).reshape(m, a * b, *grid)


def from_cells(cells: Tensor, cell: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """The inverse of ``to_cells``: [m, a*b, rows, columns] to [m, h, w]."""
    a, b = cell
    m, _, rows, columns = cells.shape
    plane = cells.view(m, a, b, rows, columns).permute(0, 3, 1, 4, 2)
    return plane.reshape(m, rows * a, columns * b)[:, : size[0], : size[1]]


class Network(nn.Module):
    """Residual of all video channels from their spectral decode and the latent."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        widths = [shape.samples] + [shape.channels] * shape.layers
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1, padding_mode="replicate")
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.hyper = nn.ModuleList(
            [
                nn.Linear(shape.latents, shape.hidden),
                nn.Linear(shape.hidden, 2 * shape.channels * shape.layers),
            ]
        )
        self.head = nn.Conv2d(shape.channels, shape.samples, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]
        nn.init.zeros_(self.hyper[1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.hyper[1].bias)  # type: ignore[arg-type]

    def modulation(self, z: Tensor) -> Tensor:
        """Scales and shifts of every layer: float32 [m, layers, 2, channels].

        Args:
            z: float32 [D, m] latents.
        """
        lead = z[: self.shape.latents].T * UNIT / 4
        hidden = torch.tanh(self.hyper[0](lead))
        return self.hyper[1](hidden).view(-1, self.shape.layers, 2, self.shape.channels)

    def features(self, planes: Sequence[Tensor], z: Tensor) -> Tensor:
        """Cell features before the head, float32 [m, channels, rows, columns]."""
        height, width = planes[0].shape[1:]
        grid = (-(-height // self.shape.stride), -(-width // self.shape.stride))
        cells = [to_cells(p, c, grid) for p, c in zip(planes, self.shape.cells, strict=True)]
        x = torch.cat(cells, 1) / UNIT
        modulation = self.modulation(z)
        for index, conv in enumerate(self.convs):
            scale, shift = modulation[:, index, :, :, None, None].unbind(1)
            x = torch.relu(conv(x) * (1 + scale) + shift)
        return x

    def forward(self, planes: Sequence[Tensor], z: Tensor) -> list[Tensor]:
        """Residual planes at native size, same shapes as ``planes``, 8-bit code units."""
        out = self.head(self.features(planes, z)) * UNIT
        parts = out.split([a * b for a, b in self.shape.cells], 1)
        return [
            from_cells(part, cell, tuple(plane.shape[1:]))
            for part, cell, plane in zip(parts, self.shape.cells, planes, strict=True)
        ]


def resample(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Native residual [m, h, w] at output size: the continuous head."""
    across = _along_rows(planes.transpose(1, 2), size[1]).transpose(1, 2)
    return _along_rows(across, size[0])


def _along_rows(planes: Tensor, count: int) -> Tensor:
    """Linear sampling along the first spatial axis by gathering the rows that matter."""
    size = planes.shape[1]
    if size == count:
        return planes
    x, m = cell_samples(size, count)
    at = (x - 0.5).clamp(0, size - 1)
    left = at.floor().long().clamp(max=max(size - 2, 0))
    share = (at - left).float()
    right = (left + 1).clamp(max=size - 1)
    total = torch.zeros(planes.shape[0], count, planes.shape[2])
    for i in range(m):
        s = share[:, i, None]
        total += planes[:, left[:, i]] * (1 - s) + planes[:, right[:, i]] * s
    return total / m
