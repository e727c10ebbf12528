"""Temporal bases under which few spectral weights are large.

The KLT packs the energy of the whole picture; what a quantiser leaves of it depends on how many
weights stand out of its dead zone. A basis is turned to lower that number (Sezer, Harmanci and
Guleryuz 2008, "Sparse orthonormal transforms for image compression"), and where parts of a picture
move unlike each other, two bases share its blocks, as several transforms do there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lincodec.model.basis import analyse
from lincodec.model.geometry import Geometry

#: Frames that are analysed together.
_FRAMES_AT_ONCE = 8
#: Weights of a frame that are looked at, and columns that a basis is turned for.
_SEEN, _KEPT = 400_000, 10_000
#: Turns of a basis: for each component, and at most.
_TURNS_EACH, _TURNS = 8, 100
#: Bound below which weights count as zero at the first turn, in steps; it falls to one.
_FIRST_BOUND = 4.0
#: Rounds in which blocks choose between two bases, and the turns of a basis in each.
_ROUNDS, _TURNS_A_ROUND = 4, 40
#: About what a weight that is not zero costs, in squared steps, and each further bit of it.
_PRESENT, _MORE = 0.6, 0.2
#: Two bases are used where they cost less than this share of one.
_WORTH = 0.97


def sampled_blocks(
    channels: Sequence[Tensor], geometry: Geometry, steps: Sequence[float]
) -> tuple[Tensor, float]:
    """Spectral weights of every frame, over their steps, in a random share of the blocks.

    Args:
        channels: float32 [n, h, w] each.
        geometry: their axes.
        steps: quantiser step of each channel.

    Returns:
        float32 [n, blocks, weights of a block over all channels], and the share.
    """
    rows, columns = geometry.channels[0]
    blocks = rows.blocks * columns.blocks
    share = min(1.0, _SEEN / sum(channel[0].numel() for channel in channels))
    count = math.ceil(share * blocks)
    pick = torch.randperm(blocks, generator=torch.Generator().manual_seed(0))[:count]
    pick = pick.to(channels[0].device)
    parts = []
    for channel, axes, step in zip(channels, geometry.channels, steps, strict=True):
        seen = [
            analyse(part, *axes).flatten(1, 2)[:, pick].flatten(2)
            for part in torch.split(channel, _FRAMES_AT_ONCE)
        ]
        parts.append(torch.cat(seen) / step)
    return torch.cat(parts, 2), count / blocks


def standing_out(blocks: Tensor) -> tuple[Tensor, float]:
    """Weights that stand out of the dead zone over time.

    Returns:
        float32 [n, at most ``_KEPT``], and how many there are for each one.
    """
    flat = blocks.flatten(1)
    places = torch.nonzero(flat.square().sum(0) > 1)[:, 0]
    if len(places) > _KEPT:
        generator = torch.Generator().manual_seed(0)
        drawn = torch.randperm(len(places), generator=generator)[:_KEPT]
        kept = places[drawn.to(places.device)]
        return flat[:, kept], len(places) / _KEPT
    return flat[:, places], 1.0


def sparse_basis(weights: Tensor, basis: Tensor, turns: int = _TURNS) -> tuple[Tensor, Tensor]:
    """Turns a temporal basis so that few weights stand out of the dead zone.

    Alternately weights below a falling bound are dropped and the basis gets the orthonormal best
    for those that are left.

    Args:
        weights: float32 [n, columns], in quantiser steps.
        basis: float64 [n, D] on the CPU, orthonormal columns to begin with.
        turns: how often, at most.

    Returns:
        float64 [n, D], columns by falling energy, and the energy of the weights in each [D], both
        on the CPU.
    """
    device = weights.device
    z = basis.float().to(device)
    for bound in torch.linspace(_FIRST_BOUND, 1, min(_TURNS_EACH * z.shape[1], turns)).tolist():
        mixed = z.T @ weights
        kept = torch.where(mixed.abs() > bound, mixed, 0)
        # a component with nothing left stays about where it is
        wanted = (weights @ kept.T + z).cpu()  # so small a one takes a GPU longer
        left, _, right = torch.linalg.svd(wanted, full_matrices=False)
        z = (left @ right).to(device)
    energy = (z.T @ weights).square().sum(1).cpu()
    z = z.cpu()
    order = energy.argsort(descending=True)
    z = z[:, order]
    return (z * torch.where(z.sum(0) < 0, -1.0, 1.0)).double(), energy[order].double()


def turned_basis(blocks: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
    """One basis for all blocks.

    Args:
        blocks: float32 [n, blocks, weights], in quantiser steps.
        basis: float64 [n, D], orthonormal, to begin with.

    Returns:
        float64 [n, D], and the energy of the weights in each component [D], like ``basis`` on the
        CPU.
    """
    columns, each = standing_out(blocks)
    turned, energy = sparse_basis(columns, basis)
    return turned, energy * each


def split_basis(blocks: Tensor, basis: Tensor) -> tuple[Tensor, Tensor] | None:
    """Two bases with a common first component, each for the blocks that it codes better.

    Args:
        blocks: float32 [n, blocks, weights], in quantiser steps.
        basis: float64 [n, D], the turned one.

    Returns:
        float64 [n, 2 D - 1], the common component, then those of either basis, and their energy,
        like ``basis`` on the CPU; None when one basis costs about as little.
    """
    common, flat = basis[:, :1].float().to(blocks.device), blocks.flatten(1)
    level = common.T @ flat
    left = (flat - common @ level).view_as(blocks)
    energy = left.square().sum(2)
    order = torch.arange(len(energy), dtype=torch.float32, device=blocks.device)
    moment = order @ energy / (energy.sum(0) + 1e-9)
    late = moment > moment.median()
    single = _block_costs(left, basis[:, 1:])
    found = [(basis[:, 1:], energy)] * 2
    costs = [single, single]
    for _ in range(_ROUNDS):
        for index, mine in enumerate((~late, late)):
            columns, each = standing_out(left[:, mine])
            turned, energy = sparse_basis(columns, found[index][0], _TURNS_A_ROUND)
            found[index] = turned, energy * each
            costs[index] = _block_costs(left, turned)
        late = costs[1] < costs[0]
    if torch.minimum(*costs).sum() > _WORTH * single.sum():
        return None
    parts = [(common.double().cpu(), level.square().sum(1).double().cpu()), *found]
    return torch.cat([z for z, _ in parts], 1), torch.cat([e for _, e in parts])


def _block_costs(blocks: Tensor, basis: Tensor) -> Tensor:
    """About what every block costs under a basis, [blocks]."""
    mixed = (basis.T.float().to(blocks.device) @ blocks.flatten(1)).view(-1, *blocks.shape[1:])
    return _costs(mixed).sum((0, 2))


def _costs(weights: Tensor) -> Tensor:
    """About what each weight costs once it is coded, in squared steps."""
    size = weights.abs()
    return torch.where(size > 1, _PRESENT + _MORE * torch.log2(1 + size), size.square())


def shared_out(
    first: Sequence[Tensor], second: Sequence[Tensor], steps: Sequence[float]
) -> list[Tensor]:
    """Gives every block its weights under the cheaper of two bases.

    Args:
        first, second: float32 [1 + D, rows, columns, Bv, Bu] per channel, the common component
            first.
        steps: quantiser step of each channel.

    Returns:
        float32 [1 + 2 D, rows, columns, Bv, Bu] per channel, zero in the other basis.
    """
    costs = [
        torch.stack([_costs(w / step).sum((0, 3, 4)) for w, step in zip(found, steps, strict=True)])
        for found in (first, second)
    ]
    other = (costs[1].sum(0) < costs[0].sum(0))[None, :, :, None, None]
    return [
        torch.cat([
            torch.where(other, b[:1], a[:1]), a[1:] * ~other, b[1:] * other,
        ])
        for a, b in zip(first, second, strict=True)
    ]  # fmt: skip
