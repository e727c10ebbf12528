"""The network's tensors inside a segment: sizes from the file, lattices for writing."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lincodec.bitstream import quantisers
from lincodec.bitstream.segment import Key, Lattice
from lincodec.model.network import Network

#: Bits of the largest weight of a row.
WEIGHT_BITS = 5


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
        q = quantisers.lattice_quantise(rows_of(tensor.detach()).cpu().numpy(), 1.0, steps)
        out[key] = Lattice(q.reshape(tuple(tensor.shape)), 1.0, steps)
    return out
