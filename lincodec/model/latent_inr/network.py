"""The Latent-INR network: a base MLP modulated by hypernetworks of the latent.

``f((x, y); theta_t) = Y_t``, ``theta_t^l = sigma(P^l Q^l) o theta^l``, ``[P^l, Q^l] = h_l(z_t)``
(paper Eq. 1 and 2, spec clause 8.10).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from lincodec.container import LatentInrArch
from lincodec.model.hashgrid import entries
from lincodec.registry import Role, Sigma

Key = tuple[Role, int]

#: Colour channels of the network: R, G, B.
COLOURS = 3

SIGMAS: dict[Sigma, Callable[[Tensor], Tensor]] = {
    Sigma.SIGMOID: torch.sigmoid,
    Sigma.TANH: torch.tanh,
    Sigma.LINEAR: lambda x: x,
}


def encoded_width(arch: LatentInrArch) -> int:
    """Features that the positional encoding gives a position."""
    return len(arch.levels) * arch.features if arch.levels else 2 * arch.frequencies


def layer_sizes(arch: LatentInrArch) -> list[tuple[int, int]]:
    """(outputs, inputs) of every base layer; with patches the last one is hidden too."""
    last = COLOURS if arch.patch == 1 else arch.hidden
    outputs = [arch.hidden] * (arch.layers - 1) + [last]
    return list(zip(outputs, [encoded_width(arch), *outputs[:-1]], strict=True))


def modulated_layers(arch: LatentInrArch) -> list[int]:
    """The base layers that have a hypernetwork, ascending."""
    return [layer for layer in range(arch.layers) if arch.modulated >> layer & 1]


def hyper_sizes(arch: LatentInrArch, layer: int) -> list[tuple[int, int]]:
    """(outputs, inputs) of every layer of the hypernetwork of a base layer."""
    rows, columns = layer_sizes(arch)[layer]
    predicted = arch.rank * (rows + columns) if arch.rank else rows * columns
    outputs = [arch.hyper_hidden] * (arch.hyper_layers - 1) + [predicted]
    return list(zip(outputs, [arch.latent_dim, *outputs[:-1]], strict=True))


def tensor_sizes(arch: LatentInrArch) -> dict[Key, tuple[int, ...]]:
    """Size of every tensor but the latents by (role, layer) (spec clause 8.10)."""
    sizes: dict[Key, tuple[int, ...]] = {}
    grid = (entries(arch.levels), arch.features)
    sizes[Role.ENCODING, 0] = grid if arch.levels else (arch.frequencies, 2)
    for layer, size in enumerate(layer_sizes(arch)):
        sizes[Role.BASE_WEIGHT, layer] = size
        sizes[Role.BASE_BIAS, layer] = size[:1]
    for index, layer in enumerate(modulated_layers(arch)):
        for depth, size in enumerate(hyper_sizes(arch, layer)):
            sizes[Role.HYPER_WEIGHT, index * arch.hyper_layers + depth] = size
            sizes[Role.HYPER_BIAS, index * arch.hyper_layers + depth] = size[:1]
    if arch.patch > 1:
        out = COLOURS * arch.patch**2
        sizes[Role.PATCH_WEIGHT, 0] = (out, arch.hidden, arch.kernel, arch.kernel)
        sizes[Role.PATCH_BIAS, 0] = (out,)
    return sizes


class Inr:
    """The network's tensors and what they compute.

    Args:
        arch: sizes and switches.
        tensors: float32, of ``tensor_sizes``.
    """

    def __init__(self, arch: LatentInrArch, tensors: Mapping[Key, Tensor]) -> None:
        self.arch, self.tensors = arch, tensors

    @staticmethod
    def initial(arch: LatentInrArch, generator: torch.Generator, spread: float) -> Inr:
        """Random weights; ``spread`` is the deviation of Fourier frequencies, cycles a side."""
        tensors: dict[Key, Tensor] = {}
        for key, size in tensor_sizes(arch).items():
            role, _ = key
            noise = torch.randn(size, generator=generator)
            if role == Role.ENCODING:
                grid = torch.rand(size, generator=generator).mul_(2e-4).sub_(1e-4)
                tensors[key] = grid if arch.levels else noise * spread
            elif role in (Role.BASE_WEIGHT, Role.PATCH_WEIGHT):
                tensors[key] = noise * math.sqrt(2 / math.prod(size[1:]))
            elif role == Role.HYPER_WEIGHT:
                tensors[key] = noise / math.sqrt(size[1])
            else:
                tensors[key] = torch.zeros(size)
        network = Inr(arch, tensors)
        network._centre(generator)
        return network

    def _centre(self, generator: torch.Generator) -> None:
        """Start at sigma(P Q) o theta of full strength, with P Q of unit-free small size."""
        arch = self.arch
        for index, layer in enumerate(modulated_layers(arch)):
            last = (index + 1) * arch.hyper_layers - 1
            bias = self.tensors[Role.HYPER_BIAS, last]
            size = (1.0 / max(arch.rank, 1)) ** 0.25 if arch.rank else 1.0
            bias.copy_(torch.randn(bias.shape, generator=generator) * size)
            if arch.sigma == Sigma.SIGMOID:
                self.tensors[Role.BASE_WEIGHT, layer].mul_(2)

    # ------------------------------------------------------------ the hypernetworks

    def factors(self, z: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """P [B, rows, r] and Q [B, r, columns] of a base layer for latents [B, D] (Eq. 2)."""
        rows, columns = layer_sizes(self.arch)[layer]
        flat, rank = self._predicted(z, layer), self.arch.rank
        left = flat[:, : rows * rank].reshape(-1, rows, rank)
        return left, flat[:, rows * rank :].reshape(-1, rank, columns)

    def _predicted(self, z: Tensor, layer: int) -> Tensor:
        """Output [B, m] of the hypernetwork of a base layer: h_l(z)."""
        first = modulated_layers(self.arch).index(layer) * self.arch.hyper_layers
        x = z
        for depth in range(self.arch.hyper_layers):
            at = first + depth
            x = functional.linear(
                x, self.tensors[Role.HYPER_WEIGHT, at], self.tensors[Role.HYPER_BIAS, at]
            )
            if depth + 1 < self.arch.hyper_layers:
                x = torch.tanh(x)
        return x

    def weights(self, z: Tensor) -> list[Tensor]:
        """theta_t of every base layer: [rows, columns], or [B, rows, columns] if modulated.

        Args:
            z: float32 [B, D].
        """
        found = []
        for layer, (rows, columns) in enumerate(layer_sizes(self.arch)):
            theta = self.tensors[Role.BASE_WEIGHT, layer]
            if self.arch.modulated >> layer & 1:
                if self.arch.rank:
                    left, right = self.factors(z, layer)
                    product = torch.bmm(left, right)
                else:
                    product = self._predicted(z, layer).reshape(-1, rows, columns)
                theta = SIGMAS[Sigma(self.arch.sigma)](product) * theta
            found.append(theta)
        return found

    # ------------------------------------------------------------ the base network

    def base(self, encoded: Tensor, weights: list[Tensor]) -> Tensor:
        """Outputs [B, N, out] of encoded positions [N, E] under per-frame weights.

        Layers before the first modulated one are shared by all frames and run once.
        """
        x, last = encoded, self.arch.layers - 1
        for layer, theta in enumerate(weights):
            bias = self.tensors[Role.BASE_BIAS, layer]
            if theta.dim() == 2:
                x = functional.linear(x, theta, bias)
            else:
                x = x.expand(len(theta), -1, -1) if x.dim() == 2 else x
                x = torch.baddbmm(bias, x, theta.transpose(1, 2))
            if layer < last or self.arch.patch > 1:
                x = functional.relu(x, inplace=True)
        return x[None] if x.dim() == 2 else x

    def patches(self, features: Tensor) -> Tensor:
        """Patch block: features [B, rows, columns, K] to RGB [B, 3, rows' * p, columns * p].

        ``rows' = rows - kernel + 1``: the caller adds the rows that the convolution consumes;
        columns are repeated beyond the edges here.
        """
        margin = self.arch.kernel // 2
        x = features.permute(0, 3, 1, 2)
        if margin:
            x = functional.pad(x, (margin, margin, 0, 0), mode="replicate")
            x = x.contiguous(memory_format=torch.channels_last)
        x = functional.conv2d(
            x, self.tensors[Role.PATCH_WEIGHT, 0], self.tensors[Role.PATCH_BIAS, 0]
        )
        return functional.pixel_shuffle(x, self.arch.patch)
