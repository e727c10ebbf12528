"""Latents between frames (paper Eq. 4, spec clause 8.2)."""

from __future__ import annotations

from torch import Tensor


def latent_at(latents: Tensor, times: Tensor) -> Tensor:
    """Latents at fractional frame numbers, linear between neighbours.

    Args:
        latents: float32 [D, n].
        times: float64 [m] in 0..n-1; beyond the ends the end latent holds.

    Returns:
        float32 [D, m].
    """
    last = latents.shape[1] - 1
    at = times.clamp(0, last)
    left = at.floor().long().clamp(max=max(last - 1, 0))
    share = (at - left).float().to(latents.device)
    left = left.to(latents.device)
    right = (left + 1).clamp(max=last)
    return latents[:, left] * (1 - share) + latents[:, right] * share
