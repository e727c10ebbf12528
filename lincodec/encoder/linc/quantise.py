"""The closed form of a segment as it will be written: latents on their lattice, integer weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from lincodec.bitstream import quantisers
from lincodec.bitstream.segment import Lattice, Spectral
from lincodec.encoder.linc.klt import CHROMA_RATIO, dead_zone
from lincodec.encoder.linc.tiles import weight_tiles
from lincodec.entropy.coefficients import Coefficients
from lincodec.entropy.tables import CLASS_BOUNDS
from lincodec.model.basis import Axis

#: Weights below one step less this are zero where nothing looks at what they cost.
_OFFSET = 0.3
#: Steps below which a weight is zero for sure.
_SURE = 0.99 * (1 - _OFFSET)
#: Squared steps that a bit has to save where integers are dropped afterwards.
_PRICE = 0.12
#: About the bits of one integer among many zeros, less the logarithm of how many, and of a zero.
_BITS, _ZERO = 2.5, 0.02


@dataclass(frozen=True)
class Coded:
    """Latents and spectral weights as they will be written."""

    latents: Lattice
    """[D, n]."""
    spectral: Spectral


def on_lattice(latents: Tensor, exponents: np.ndarray) -> Lattice:
    """Latents [D, n] at the nearest multiples of 2^exponent."""
    q = quantisers.lattice_quantise(latents.float().numpy(), 1.0, exponents)
    return Lattice(q, 1.0, exponents)


@dataclass(frozen=True)
class Rounded:
    """Integers for the spectral weights of a channel."""

    q: Coefficients
    scaled: np.ndarray
    """float32: weights over the step of those that are not zero."""

    @staticmethod
    def of(q: np.ndarray, scaled: np.ndarray) -> Rounded:
        """Integers and weights over the step, [K, rows, columns, Bv, Bu] both."""
        found = Coefficients.of(q)
        return Rounded(found, scaled.ravel()[found.where])

    def kept(self, components: np.ndarray) -> Coefficients:
        """Integers of some components; those of the others are zero.

        Args:
            components: bool [K].
        """
        size = math.prod(self.q.shape[1:])
        component, place = np.divmod(self.q.where, size)
        where = (np.cumsum(components) - 1)[component] * size + place
        shape = (int(components.sum()), *self.q.shape[1:])
        return Coefficients(shape, where, self.q.values)


def rounded(
    frames: Tensor, depth: int, unmixing: Tensor, axes: tuple[Axis, Axis], step: float
) -> Rounded:
    """Weights of eigen-frames rounded with a dead zone alone, whatever a bit costs.

    DC of eigen-frame 0 is rounded to nearest.

    Args:
        frames: of a channel, [n, height, width], centred float32 or codes of ``depth`` bits.
        depth: bits of codes.
        unmixing: float32 [D, n], what makes eigen-frames of frames.
        axes: (vertical, horizontal).
        step: of the channel.
    """
    rows, columns = axes
    area = rows.block * columns.block
    places, weights, integers = [], [], []
    for y, x, tile in weight_tiles(frames, depth, unmixing, axes):
        seen = np.abs(tile.numpy()) > _SURE * step
        seen[0, :, :, 0, 0] = True
        found = np.flatnonzero(seen)
        over = tile.flatten()[torch.from_numpy(found)].div_(step)
        whole = dead_zone(over, 1.0, _OFFSET).numpy()
        scaled = over.numpy()
        block, place = np.divmod(found, area)
        k, row, column = np.unravel_index(block, seen.shape[:3])
        mean = (k == 0) & (place == 0)
        whole[mean] = np.rint(scaled[mean])
        block = (k * rows.blocks + y.first + row) * columns.blocks + x.first + column
        some = whole != 0
        places.append((block * area + place)[some])
        weights.append(scaled[some])
        integers.append(whole[some])
    where = np.concatenate(places)
    order = np.argsort(where, kind="stable")
    shape = len(unmixing), rows.blocks, columns.blocks, rows.block, columns.block
    q = Coefficients(shape, where[order], np.concatenate(integers)[order])
    return Rounded(q, np.concatenate(weights)[order])


def thinned(channel: Rounded) -> Rounded:
    """Without the high frequencies of blocks whose few integers are worth less than they cost.

    A class codes all places below its bound, so that a lone integer far out makes many zeros.
    What the places between two bounds cost is guessed from how many are not zero.
    """
    q, scaled = channel.q, channel.scaled
    block, place = q.places
    depth = np.add.outer(np.arange(q.shape[3]), np.arange(q.shape[4])).ravel()
    rings = np.searchsorted(CLASS_BOUNDS, depth, side="right") - 1
    ring = rings[place]
    size = len(CLASS_BOUNDS) - 1
    count, gain = (
        np.bincount(block * size + ring, weights, q.blocks * size).reshape(-1, size)
        for weights in (None, scaled**2 - (scaled - q.values) ** 2)
    )
    places = np.bincount(rings, minlength=size)
    bits = count * (_BITS + np.log2(np.maximum(places, 1) / np.maximum(count, 1)))
    worth = np.cumsum(gain - _PRICE * (bits + _ZERO * places), 1)
    best = np.where(worth.max(1) > 0, np.argmax(worth, 1), -1)
    keep = ring <= best[block]
    keep |= (block < q.blocks // q.shape[0]) & (place == 0)  # the DC is coded elsewhere
    return Rounded(replace(q, where=q.where[keep], values=q.values[keep]), scaled[keep])


def trimmed(latents: Lattice, chosen: Sequence[Rounded], step: float) -> Coded:
    """Drops components without weights and measures the centroids.

    Args:
        latents: of all components.
        chosen: weights of every channel.
        step: luma step.
    """
    used = np.zeros(len(latents.q), bool)
    used[0] = True
    for channel in chosen:
        used[channel.q.where // math.prod(channel.q.shape[1:])] = True
    return Coded(
        Lattice(latents.q[used], latents.step, latents.exponents[used]),
        Spectral(
            tuple(channel.kept(used) for channel in chosen),
            step, float(np.float32(CHROMA_RATIO)), np.stack([_centroids(c) for c in chosen]),
        ),
    )  # fmt: skip


def _centroids(channel: Rounded) -> np.ndarray:
    """Mean of |x| - |q| over |q| = 1, 2 and more in 1/128 steps, int8 [3]."""
    out = np.zeros(3, np.int8)
    magnitude = np.abs(channel.q.values)
    rest = np.abs(channel.scaled) - magnitude
    for index in range(3):
        pick = magnitude == index + 1 if index < 2 else magnitude > 2
        if pick.any():
            out[index] = np.clip(round(128 * float(rest[pick].mean())), -127, 127)
    return out
