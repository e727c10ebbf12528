"""The tensors of a latent-inr segment: from settings to ARCH, from a fit to codes, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from lincodec.bitstream import quantisers
from lincodec.bitstream.segment import Constant, Key, MinMax, Raw
from lincodec.bitstream.segment import Tensor as Coding
from lincodec.container import LatentInrArch
from lincodec.encoder.latent_inr.settings import RAW_BITS, InrSettings
from lincodec.errors import CorruptError, UsageError
from lincodec.model import hashgrid
from lincodec.model.latent_inr.network import Inr, tensor_sizes
from lincodec.registry import MAX_DIM, Role

_KINDS = {
    Role.ENCODING: "encoding",
    Role.HYPER_WEIGHT: "hyper",
    Role.HYPER_BIAS: "hyper",
    Role.LATENT: "latent",
}


def architecture(settings: InrSettings, size: tuple[int, int]) -> LatentInrArch:
    """ARCH for a picture of (height, width).

    Raises:
        UsageError: the settings do not describe a network.
    """
    fourier = settings.encoding_id == 1
    rows, columns = (-(-side // max(settings.patch, 1)) for side in size)
    finest = settings.finest or max(rows, columns)
    levels = () if fourier else hashgrid.design(
        max(settings.levels, 1), settings.coarsest, finest, min(settings.log2_entries, 23)
    )  # fmt: skip
    arch = LatentInrArch(
        encoding=settings.encoding_id,
        layers=settings.layers,
        hidden=settings.hidden,
        latent_dim=settings.latent,
        rank=settings.rank,
        modulated=settings.modulated,
        sigma=settings.sigma_id,
        hyper_layers=settings.hyper_layers,
        hyper_hidden=settings.hyper_hidden,
        patch=settings.patch,
        kernel=0 if settings.patch == 1 else settings.kernel,
        frequencies=settings.frequencies if fourier else 0,
        features=0 if fourier else settings.features,
        levels=levels,
    )
    try:
        arch.pack()
    except (CorruptError, OverflowError) as error:
        raise UsageError(f"--model: {error}") from error
    largest = max(max(shape) for shape in tensor_sizes(arch).values())
    if largest > MAX_DIM:
        raise UsageError(f"--model: a tensor of {largest} rows, the format allows {MAX_DIM}")
    return arch


def coded(network: Inr, latents: Tensor, bits: Mapping[str, int]) -> dict[Key, Coding]:
    """A fitted network as it will be written.

    Args:
        network: float32 tensors on any device.
        latents: float32 [D, n].
        bits: of each kind of tensor (``InrSettings.bits``).
    """
    tensors = {**network.tensors, (Role.LATENT, 0): latents}
    fixed = not network.arch.levels  # Fourier frequencies are few and never rounded
    out: dict[Key, Coding] = {}
    for key, tensor in tensors.items():
        kind = _KINDS.get(key[0], "base")
        wanted = RAW_BITS if kind == "encoding" and fixed else bits[kind]
        out[key] = _coding(tensor.detach().float().cpu().numpy(), wanted)
    return out


def _coding(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], bits: int) -> Coding:
    """One tensor at a number of bits."""
    if bits == RAW_BITS:
        return Raw(np.ascontiguousarray(values))
    q, low, scale = quantisers.minmax_quantise(values, bits)
    if scale == 0:
        return Constant(values.shape, float(low) + 0.0)
    return MinMax(q, bits, np.float32(low + np.float32(0)), scale)
