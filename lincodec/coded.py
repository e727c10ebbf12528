"""The closed form of a segment as it will be written: latents on their lattice, integer weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lincodec import quant
from lincodec.bitstream import Lattice, Spectral
from lincodec.entropy.coefficients import Coefficients
from lincodec.model.closed import CHROMA_RATIO, dead_zone

#: Weights below one step less this are zero where nothing looks at what they cost.
_OFFSET = 0.3


@dataclass(frozen=True)
class Coded:
    """Latents and spectral weights as they will be written."""

    latents: Lattice
    """[D, n]."""
    spectral: Spectral


def on_lattice(latents: Tensor, exponents: np.ndarray) -> Lattice:
    """Latents [D, n] at the nearest multiples of 2^exponent."""
    q = quant.lattice_quantise(latents.float().numpy(), 1.0, exponents)
    return Lattice(q, 1.0, exponents)


def rounded(scaled: list[np.ndarray], _: float) -> list[np.ndarray]:
    """Integers for weights over their steps by a dead zone alone, whatever a bit costs.

    Args:
        scaled: float32 [K, rows, columns, Bv, Bu] per channel.

    Returns:
        int32 arrays of the same shapes. DC of eigen-frame 0 is rounded to nearest.
    """
    chosen = []
    for weights in scaled:
        q = np.empty(weights.shape, np.int32)
        for out, x in zip(q, weights, strict=True):  # what lies between stays in the cache
            out[...] = dead_zone(torch.from_numpy(x), 1.0, _OFFSET).numpy()
        q[0, :, :, 0, 0] = np.rint(weights[0, :, :, 0, 0])
        chosen.append(q)
    return chosen


def trimmed(
    latents: Lattice, chosen: list[np.ndarray], scaled: list[np.ndarray], step: float
) -> Coded:
    """Drops trailing components without weights and measures the centroids."""
    used = np.zeros(latents.q.shape[0], bool)
    for values in chosen:
        used |= values.any(axis=(1, 2, 3, 4))
    used[0] = True
    count = int(used.sum())
    # mostly the last are without, and then nothing is copied
    keep = slice(count) if used[:count].all() else np.flatnonzero(used)
    centroids = np.stack([_centroids(q, x) for q, x in zip(chosen, scaled, strict=True)])
    return Coded(
        Lattice(latents.q[keep], latents.step, latents.exponents[keep]),
        Spectral(
            tuple(Coefficients.of(q[keep]) for q in chosen),
            step, float(np.float32(CHROMA_RATIO)), centroids,
        ),
    )  # fmt: skip


def _centroids(q: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Mean of |x| - |q| over |q| = 1, 2 and more in 1/128 steps, int8 [3]."""
    out = np.zeros(3, np.int8)
    where = np.flatnonzero(q != 0)  # of booleans it is much faster
    magnitude = np.abs(q.ravel()[where])
    rest = np.abs(x.ravel()[where]) - magnitude
    for index in range(3):
        pick = magnitude == index + 1 if index < 2 else magnitude > 2
        if pick.any():
            out[index] = np.clip(round(128 * float(rest[pick].mean())), -127, 127)
    return out
