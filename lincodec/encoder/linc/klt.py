"""The closed-form fit: temporal KLT and spectral analysis, no gradient (spec: linc model)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lincodec.model.basis import analyse
from lincodec.model.devices import Portions
from lincodec.model.geometry import CENTRE, Geometry
from lincodec.types import Planes

#: Chroma step over luma step.
CHROMA_RATIO = 0.5
#: Samples of a frame, of all planes, that latents are fitted to.
_FITTED = 400_000


def stacked(frames: Sequence[Planes], device: torch.device | str = "cpu") -> list[Tensor]:
    """Frames to one integer [n, height, width] per channel: uint8, or int32 above 8 bits."""
    out = []
    for channel in range(len(frames[0])):
        stack = np.stack([frame[channel] for frame in frames])
        stack = stack if stack.dtype == np.uint8 else stack.astype(np.int32)
        out.append(torch.from_numpy(stack).to(device))
    return out


def centred(codes: Tensor, depth: int) -> Tensor:
    """Codes of ``depth`` bits to float32, centred, in 8-bit code units; float32 as it is."""
    if codes.is_floating_point():
        return codes
    values = codes.float()
    if depth > 8:
        values *= 1.0 / (1 << (depth - 8))
    return values.sub_(CENTRE)


def to_tensors(
    frames: Sequence[Planes], depth: int, device: torch.device | str = "cpu"
) -> list[Tensor]:
    """Frames to one float32 [n, height, width] per channel, centred, in 8-bit code units."""
    return [centred(codes, depth) for codes in stacked(frames, device)]


def gram(channels: Sequence[Tensor], ratio: float, depth: int = 8) -> Tensor:
    """Weighted inner products of frames, float64 [n, n] on the CPU; chroma counts 1/ratio^2.

    Args:
        channels: [n, h, w] each, centred float32 or codes of ``depth`` bits.
        ratio: chroma step over luma step.
        depth: bits of codes.
    """
    n, device = channels[0].shape[0], channels[0].device
    total = torch.zeros(n, n, dtype=torch.float64, device=device)
    for index, channel in enumerate(channels):
        flat = channel.reshape(n, -1)
        weight = 1.0 if index == 0 else ratio**-2
        for part in torch.split(flat, Portions.on(device).summed, dim=1):
            values = centred(part, depth)
            total += weight * (values @ values.T).double()
    return total.cpu()


def temporal_basis(products: Tensor) -> tuple[Tensor, Tensor]:
    """KLT over time: latents float64 [n, n] (a column per component) and component norms [n]."""
    values, vectors = torch.linalg.eigh(products)
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    signs = torch.where(vectors.sum(0) < 0, -1.0, 1.0)
    return vectors * signs, values.sqrt()


def latent_exponents(norms: Tensor, step: float) -> Tensor:
    """Row exponents e: latents of component k are multiples of 2^e, int64 [n].

    The error of a latent is worth its component's norm; equal slopes of rate and
    distortion put the step near 1.2 spectral steps over the norm. It is at most a quarter, so
    that rounding leaves unit vectors apart.
    """
    wanted = torch.log2(1.2 * step / norms.clamp(min=1e-9))
    return torch.round(wanted).clamp(-18, -2).long()


def fitted_latents(channels: Sequence[Tensor], frames: Sequence[Tensor], ratio: float) -> Tensor:
    """Least-squares latents for given eigen-frames, from a share of the samples.

    Args:
        channels: float32 [n, h, w] each.
        frames: float32 [D, h, w] each; some may be zero everywhere.
        ratio: chroma step over luma step; chroma counts 1/ratio^2.

    Returns:
        float64 [D, n] on the CPU.
    """
    count, n, device = frames[0].shape[0], channels[0].shape[0], channels[0].device
    own = torch.zeros(count, count, dtype=torch.float64, device=device)
    cross = torch.zeros(count, n, dtype=torch.float64, device=device)
    every = 1 + 2 * (sum(channel[0].numel() for channel in channels) // (2 * _FITTED))
    for index, (channel, frame) in enumerate(zip(channels, frames, strict=True)):
        weight = 1.0 if index == 0 else ratio**-2
        pairs = zip(
            torch.split(frame.reshape(count, -1)[:, ::every], Portions.on(device).summed, dim=1),
            torch.split(channel.reshape(n, -1)[:, ::every], Portions.on(device).summed, dim=1),
            strict=True,
        )
        for a, b in pairs:
            own += weight * (a @ a.T).double()
            cross += weight * (a @ b.T).double()
    own, cross = own.cpu(), cross.cpu()
    own += torch.eye(count, dtype=torch.float64) * (1e-9 * own.diagonal().max() + 1e-9)
    found: Tensor = torch.linalg.solve(own, cross)
    return found


def eigen_frames(
    channels: Sequence[Tensor], latents: Tensor, weights: Tensor | None = None
) -> list[Tensor]:
    """Least-squares eigen-frames for given latents.

    Args:
        channels: float32 [n, h, w] each.
        latents: float64 [n, D] on the CPU, any full-rank basis.
        weights: float64 [n] on the CPU, how much the error of a frame counts; None: all the same.

    Returns:
        float32 [D, h, w] per channel.
    """
    inverse = unmixing(latents, weights).to(channels[0].device)
    return [(inverse @ channel.flatten(1)).view(-1, *channel.shape[1:]) for channel in channels]


def unmixing(latents: Tensor, weights: Tensor | None = None) -> Tensor:
    """What makes eigen-frames of frames, float32 [D, n]; see ``eigen_frames``."""
    weights = latents.new_ones(len(latents)) if weights is None else weights
    inverse: Tensor = torch.linalg.pinv(latents * weights[:, None]) * weights
    return inverse.float()


def spectral_weights(
    channels: Sequence[Tensor],
    latents: Tensor,
    geometry: Geometry,
    weights: Tensor | None = None,
) -> list[Tensor]:
    """Spectral weights of the eigen-frames, float32 [D, rows, columns, Bv, Bu] per channel."""
    frames = eigen_frames(channels, latents, weights)
    return [analyse(frame, *axes) for frame, axes in zip(frames, geometry.channels, strict=True)]


def dead_zone(weights: Tensor, step: float, offset: float = 1 / 3) -> Tensor:
    """Uniform quantiser with a dead zone: int32, sign(x) floor(|x|/step + offset)."""
    return (weights / step + torch.copysign(torch.tensor(offset), weights)).to(torch.int32)
