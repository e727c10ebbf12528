"""Steps along gradients: Muon and Adam for a few tensors.

PyTorch's own load its compiler with the first step, which takes longer than many a short fit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


class Muon:
    """Momentum made orthogonal, for convolutions as matrices (Jordan et al. 2024).

    Five Newton-Schulz steps turn the update into one with singular values near 1; it is scaled so
    that its elements are about as large as Adam's (Liu et al. 2025).
    """

    def __init__(self, tensors: Sequence[Tensor], momentum: float = 0.95) -> None:
        self.tensors, self.momentum = tensors, momentum
        self._sums = [torch.zeros_like(tensor) for tensor in tensors]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update of every tensor; their gradients are used up."""
        for tensor, momentum in zip(self.tensors, self._sums, strict=True):
            assert tensor.grad is not None
            momentum.mul_(self.momentum).add_(tensor.grad)
            x = (tensor.grad + self.momentum * momentum).flatten(1)
            x /= x.norm() + 1e-9
            for _ in range(5):
                product = x @ x.T
                x = 3.4445 * x + (2.0315 * product @ product - 4.775 * product) @ x
            scale = 0.2 * math.sqrt(max(x.shape))
            tensor.sub_(x.view_as(tensor), alpha=rate * scale)
            tensor.grad = None


class Adam:
    """Kingma and Ba 2015, algorithm 1."""

    def __init__(self, tensors: Sequence[Tensor], betas: tuple[float, float] = (0.9, 0.99)) -> None:
        self.tensors, self.betas, self.steps = tensors, betas, 0
        self._first = [torch.zeros_like(tensor) for tensor in tensors]
        self._second = [torch.zeros_like(tensor) for tensor in tensors]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update of every tensor; their gradients are used up."""
        self.steps += 1
        a, b = self.betas
        size = rate / (1 - a**self.steps)
        spread = math.sqrt(1 - b**self.steps)
        for tensor, first, second in zip(self.tensors, self._first, self._second, strict=True):
            assert tensor.grad is not None
            first.lerp_(tensor.grad, 1 - a)
            second.mul_(b).addcmul_(tensor.grad, tensor.grad, value=1 - b)
            tensor.addcdiv_(first, second.sqrt().div_(spread).add_(1e-8), value=-size)
            tensor.grad = None
