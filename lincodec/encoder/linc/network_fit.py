"""Fitting the network by gradient, in turns with the spectral weights.

The network learns the residual of the spectral decode on crops; then a proximal gradient
step moves the spectral weights: their new targets are the old decode less the gradient
of the error through the network, and the rate-distortion quantiser answers them. The last
part of the fit runs on the rounded weights that will be written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lincodec.bitstream.segment import Key
from lincodec.encoder.linc.network_tensors import row_exponents, snapped
from lincodec.encoder.linc.optimisers import Adam, Muon
from lincodec.model.devices import CPU
from lincodec.model.network import Network, NetworkShape

_CROP = 96
_BATCH = 2
_RATE = 4e-3
_SNAP_AT = 0.6
_FRAMES = 24
#: Mean squared RGB error per squared error of a luma, Cb or Cr sample of full resolution.
_CHROMA_WEIGHTS = (1.0, 1.16, 0.9)


class Descent:
    """Muon and Adam on crops of frames; the schedule is a fraction 0..1 given by the caller."""

    def __init__(self, shape: NetworkShape, seed: int, device: torch.device = CPU) -> None:
        self.generator = torch.Generator().manual_seed(seed)  # the same crops on every device
        self.network = Network.initial(shape, self.generator).to(device)
        self.weights = _sample_weights(shape).to(device)
        self.exponents: dict[Key, Tensor] | None = None
        self.steps = 0
        for tensor in self.network.tensors.values():
            tensor.requires_grad_(True)
        kernels = [t for t in self.network.tensors.values() if t.dim() == 4]
        others = [t for t in self.network.tensors.values() if t.dim() != 4]
        self.optimisers = Muon(kernels), Adam(others)

    def load(self, source: Sequence[Tensor], spectral: Sequence[Tensor], latents: Tensor) -> None:
        """Give the frames to fit; at most ``_FRAMES`` of them, spread evenly, are kept.

        Args:
            source: float32 [n, h, w] per channel, centred 8-bit units.
            spectral: the spectral decode, same shapes.
            latents: float32 [D, n]; all on the device of the fit.
        """
        n = source[0].shape[0]
        pick = torch.linspace(0, n - 1, min(n, _FRAMES)).round().long().to(latents.device)
        wanted = [a[pick] - b[pick] for a, b in zip(source, spectral, strict=True)]
        self.inputs = self.network.cells([plane[pick] for plane in spectral])
        self.targets = self.network.cells(wanted)
        self.latents = latents[:, pick]

    def run(self, clock: Callable[[], tuple[float, bool]]) -> None:
        """Step until ``clock`` says so.

        Args:
            clock: returns (fraction of the whole schedule, whether to stop).
        """
        while True:
            fraction, over = clock()
            if over:
                return
            self._advance(fraction)

    def _advance(self, fraction: float) -> None:
        if fraction >= _SNAP_AT and self.exponents is None:
            self._freeze()
        rate = _RATE * (0.5 + 0.5 * math.cos(math.pi * min(fraction, 1.0))) + 1e-5
        inputs, targets, z = self._crop()
        out = self._current().on_cells(inputs, z)
        loss = ((out - targets).square() * self.weights).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.optimisers:
            optimiser.step(rate)
        self.steps += 1

    def _freeze(self) -> None:
        """Fix the lattices; from here on the fit sees rounded weights."""
        self.exponents = {k: row_exponents(t.detach()) for k, t in self.network.tensors.items()}

    def _current(self) -> Network:
        """The network as the fit sees it now."""
        if self.exponents is None:
            return self.network
        tensors = {k: snapped(t, self.exponents[k]) for k, t in self.network.tensors.items()}
        return Network(self.network.shape, tensors)

    def _crop(self) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs, targets and latents of random crops of random frames."""
        n, _, rows, columns = self.inputs.shape
        height, width = min(_CROP, rows), min(_CROP, columns)
        frames = torch.randint(n, (_BATCH,), generator=self.generator).to(self.inputs.device)
        y = int(torch.randint(rows - height + 1, (1,), generator=self.generator))
        x = int(torch.randint(columns - width + 1, (1,), generator=self.generator))
        window = (frames, slice(None), slice(y, y + height), slice(x, x + width))
        return self.inputs[window], self.targets[window], self.latents[:, frames]

    def spectral_targets(
        self, source: Sequence[Tensor], spectral: Sequence[Tensor], latents: Tensor
    ) -> list[Tensor]:
        """Where a gradient step of the joint error moves the spectral decode.

        For squared error the step with the curvature of the spectral part alone is
        ``S - (dD/dS) / 2``; without a network it lands on the source exactly.

        Returns:
            float32 [n, h, w] per channel.
        """
        network = self.result()[0]
        out = [torch.empty_like(plane) for plane in spectral]
        areas = _sample_areas(network.shape)
        for t in range(source[0].shape[0]):
            planes = [plane[t : t + 1].clone().requires_grad_(True) for plane in spectral]
            residual = network.residual(planes, latents[:, t : t + 1])
            loss = latents.new_zeros(())
            for plane, more, wanted, area in zip(planes, residual, source, areas, strict=True):
                loss = loss + area * (plane + more - wanted[t : t + 1]).square().sum() / 2
            loss.backward()  # type: ignore[no-untyped-call]
            for target, plane, area in zip(out, planes, areas, strict=True):
                gradient = plane.grad if plane.grad is not None else torch.zeros_like(plane)
                target[t] = (plane.detach() - gradient / area)[0]
        return out

    def result(self) -> tuple[Network, dict[Key, Tensor]]:
        """The network with rounded weights, and the row exponents of its lattices."""
        exponents = self.exponents or {
            k: row_exponents(t.detach()) for k, t in self.network.tensors.items()
        }
        tensors = {k: snapped(t.detach(), exponents[k]) for k, t in self.network.tensors.items()}
        return Network(self.network.shape, tensors), exponents


def _sample_areas(shape: NetworkShape) -> list[float]:
    """Weight of one sample of every channel; a subsampled one stands for several pixels."""
    return [
        _CHROMA_WEIGHTS[index] * shape.stride * shape.stride / (rows * columns)
        for index, (rows, columns) in enumerate(shape.cells)
    ]


def _sample_weights(shape: NetworkShape) -> Tensor:
    """Loss weight of every sample of a cell, float32 [1, samples, 1, 1]."""
    parts = [
        torch.full((rows * columns,), area)
        for area, (rows, columns) in zip(_sample_areas(shape), shape.cells, strict=True)
    ]
    return torch.cat(parts)[None, :, None, None]
