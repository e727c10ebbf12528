"""The nonlinear part: a small convolutional residual driven by the latent (spec: network).

Features live on cells of ``stride`` luma samples. The spectral decode of the frame enters as
cell vectors, convolutions follow whose channels are scaled and shifted by a hypernetwork
of the latent, and a linear head gives every sample of the cell: at native size a 1x1
convolution and a pixel shuffle, at other sizes the same values sampled in between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lincodec.container import LincArch
from lincodec.registry import Role
from lincodec.types import VideoInfo

Key = tuple[Role, int]

#: Input and output units: one unit is this many 8-bit code values.
UNIT = 32.0
#: Latents enter the hypernetwork times this.
LEAD = 8.0


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

    @property
    def tensor_sizes(self) -> dict[Key, tuple[int, ...]]:
        """Size of every tensor by (role, layer) (spec: network)."""
        sizes: dict[Key, tuple[int, ...]] = {}
        width = self.samples
        for layer in range(self.layers):
            sizes[Role.NET_WEIGHT, layer] = (self.channels, width, 3, 3)
            sizes[Role.NET_BIAS, layer] = (self.channels,)
            width = self.channels
        out = 2 * self.channels * self.layers
        sizes[Role.HYPER_WEIGHT, 0] = (self.hidden, self.latents)
        sizes[Role.HYPER_BIAS, 0] = (self.hidden,)
        sizes[Role.HYPER_WEIGHT, 1] = (out, self.hidden)
        sizes[Role.HYPER_BIAS, 1] = (out,)
        sizes[Role.HEAD_WEIGHT, 0] = (self.samples, width)
        sizes[Role.HEAD_BIAS, 0] = (self.samples,)
        return sizes


def network_shape(arch: LincArch, info: VideoInfo) -> NetworkShape:
    """Sizes of the network that ARCH declares for a video."""
    shifts = [(0, 0)]
    if info.chroma_shift is not None:
        sx, sy = info.chroma_shift
        shifts += [(sy, sx)] * 2
    return NetworkShape(
        arch.net_stride, arch.net_channels, arch.net_layers, arch.net_latents, arch.net_hidden,
        tuple(shifts),
    )  # fmt: skip


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


class Network:
    """Residual of all video channels from their spectral decode and the latent."""

    def __init__(self, shape: NetworkShape, tensors: Mapping[Key, Tensor]) -> None:
        """
        Args:
            shape: sizes.
            tensors: float32 tensors of the sizes that ``shape.tensor_sizes`` lists.
        """
        self.shape = shape
        self.tensors = dict(tensors)

    @staticmethod
    def initial(shape: NetworkShape, generator: torch.Generator) -> Network:
        """A network whose residual is zero: random convolutions, zero head and modulation."""
        tensors: dict[Key, Tensor] = {}
        for key, size in shape.tensor_sizes.items():
            role, _ = key
            zero = role in (Role.HEAD_WEIGHT, Role.HEAD_BIAS) or key == (Role.HYPER_WEIGHT, 1)
            if zero or len(size) == 1:
                tensors[key] = torch.zeros(size)
                continue
            fan_in = math.prod(size[1:])
            bound = math.sqrt((6 if role == Role.NET_WEIGHT else 3) / fan_in)
            tensors[key] = (torch.rand(size, generator=generator) * 2 - 1) * bound
        return Network(shape, tensors)

    def to(self, device: torch.device | str) -> Network:
        """The network with its tensors on a device."""
        return Network(self.shape, {key: t.to(device) for key, t in self.tensors.items()})

    def modulation(self, z: Tensor) -> Tensor:
        """Scales and shifts of every layer: float32 [m, layers, 2, channels].

        Args:
            z: float32 [D, m] latents; components beyond D count as zero.
        """
        shape, t = self.shape, self.tensors
        lead = z[: shape.latents].T * LEAD
        if lead.shape[1] < shape.latents:
            lead = nn.functional.pad(lead, (0, shape.latents - lead.shape[1]))
        inner = nn.functional.linear(lead, t[Role.HYPER_WEIGHT, 0], t[Role.HYPER_BIAS, 0])
        outer = nn.functional.linear(
            torch.tanh(inner), t[Role.HYPER_WEIGHT, 1], t[Role.HYPER_BIAS, 1]
        )
        return outer.view(-1, shape.layers, 2, shape.channels)

    def cells(self, planes: Sequence[Tensor]) -> Tensor:
        """Planes [m, h, w] as input cells, float32 [m, samples, rows, columns]."""
        height, width = planes[0].shape[1:]
        grid = (-(-height // self.shape.stride), -(-width // self.shape.stride))
        parts = [to_cells(p, c, grid) for p, c in zip(planes, self.shape.cells, strict=True)]
        return torch.cat(parts, 1) / UNIT

    def on_cells(self, x: Tensor, z: Tensor) -> Tensor:
        """Residual cells of input cells: [m, samples, rows, columns], in units of ``UNIT``.

        Modulation is merged into the convolution weights of a frame when frames come singly.
        """
        modulation = self.modulation(z)
        x = x.contiguous(memory_format=torch.channels_last)
        for layer in range(self.shape.layers):
            weight = self.tensors[Role.NET_WEIGHT, layer]
            bias = self.tensors[Role.NET_BIAS, layer]
            scale, shift = modulation[:, layer].unbind(1)
            padded = nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
            if x.shape[0] == 1:
                gain = 1 + scale[0]
                merged = weight * gain[:, None, None, None]
                x = nn.functional.conv2d(padded, merged, bias * gain + shift[0])
            else:
                x = nn.functional.conv2d(padded, weight, bias)
                x = x * (1 + scale[:, :, None, None]) + shift[:, :, None, None]
            x = nn.functional.relu_(x)
        head = self.tensors[Role.HEAD_WEIGHT, 0][:, :, None, None]
        return nn.functional.conv2d(x, head, self.tensors[Role.HEAD_BIAS, 0])

    def residual(self, planes: Sequence[Tensor], z: Tensor) -> list[Tensor]:
        """Residual planes at native size, same shapes as ``planes``, 8-bit code units."""
        cells = self.cells(planes)
        out = torch.cat(
            [self.on_cells(cells[i : i + 1], z[:, i : i + 1]) for i in range(cells.shape[0])]
        )
        parts = torch.split(out * UNIT, [a * b for a, b in self.shape.cells], 1)
        return [
            from_cells(part, cell, (plane.shape[1], plane.shape[2]))
            for part, cell, plane in zip(parts, self.shape.cells, planes, strict=True)
        ]
