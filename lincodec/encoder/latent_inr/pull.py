"""The loss that ties latents to features of the frames (paper Eq. 6)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

#: Weight of the term beside the mean squared error of RGB in 0..1 (paper: 0.01).
LAMBDA = 0.01


def alignment_loss(latents: Tensor, features: Tensor, weight: float = LAMBDA) -> Tensor:
    """``lambda * mean(1 - cos(z_t, c_t))``: the second term of Eq. 6.

    Args:
        latents: float32 [B, D].
        features: float32 [B, D], such as CLIP's of the same frames.
        weight: lambda.

    Returns:
        A scalar, differentiable in both.
    """
    return weight * (1 - functional.cosine_similarity(latents, features, dim=1)).mean()
