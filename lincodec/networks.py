"""The network's tensors inside a segment: sizes from the file, lattices for writing."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lincodec import quant
from lincodec.bitstream import Key, Lattice, SegmentCode
from lincodec.container import LincArch
from lincodec.errors import CorruptError
from lincodec.model.network import Network, NetworkShape
from lincodec.types import VideoInfo

#: Bits of the largest weight of a row.
WEIGHT_BITS = 5


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


def rows_of(tensor: Tensor) -> Tensor:
    """The [R, N] view whose rows share a step: a vector is one row."""
    return tensor.reshape(tensor.shape[0] if tensor.dim() > 1 else 1, -1)


def row_exponents(tensor: Tensor, bits: int = WEIGHT_BITS) -> Tensor:
    """Exponent e of every row: its largest value takes ``bits`` bits at step 2^e, int64 [R]."""
    largest = rows_of(tensor).abs().amax(1).clamp(min=2.0**-20)
    return (torch.floor(torch.log2(largest)) - (bits - 2)).long().clamp(-60, 60)


def snapped(tensor: Tensor, exponents: Tensor) -> Tensor:
    """The tensor on its lattice, with the gradient of the identity."""
    step = torch.exp2(exponents.float())[:, None]
    near = torch.round(rows_of(tensor.detach()) / step) * step
    return tensor + (near.reshape(tensor.shape) - tensor.detach())


def network_tensors(network: Network, exponents: dict[Key, Tensor]) -> dict[Key, Lattice]:
    """A fitted network as lattice tensors."""
    out = {}
    for key, tensor in network.tensors.items():
        steps = exponents[key].cpu().numpy().astype(np.int8)
        q = quant.lattice_quantise(rows_of(tensor.detach()).cpu().numpy(), 1.0, steps)
        out[key] = Lattice(q.reshape(tuple(tensor.shape)), 1.0, steps)
    return out


def read_network(code: SegmentCode, arch: LincArch, info: VideoInfo) -> Network | None:
    """The network of a decoded segment, None when it has none.

    Raises:
        CorruptError: some of its tensors are missing or of the wrong size.
    """
    if arch.net_layers == 0:
        return None
    shape = network_shape(arch, info)
    sizes = shape.tensor_sizes
    present = [key for key in sizes if key in code.tensors]
    if not present:
        return None
    tensors = {}
    for key, size in sizes.items():
        values = code.values(*key)
        if values.shape != size:
            role, layer = key
            raise CorruptError(
                f"segment at frame {code.first_frame}: {role.name.lower()} {layer} has sizes "
                f"{values.shape}; expected {size}"
            )
        tensors[key] = torch.from_numpy(values)
    return Network(shape, tensors)
