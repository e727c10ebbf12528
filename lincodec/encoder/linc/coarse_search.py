"""Displacements of blocks at a glance: the best of all within a block's side, seen coarsely.

A smooth estimate misses what moves fast or differs from all around it; this one looks at
every displacement of planes so small that a block has few samples.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from lincodec.encoder.optical_flow import halved
from lincodec.model.compensation import Blocks, Link

#: Samples of a block's side in the small planes.
_SIDE = 8
#: Displacements along each axis are so many of their samples at most.
_REACH = 8


def coarse(target: Tensor, planes: Tensor, links: Sequence[Link], blocks: Blocks) -> list[Tensor]:
    """Displacements of least absolute difference, in units of ``blocks``.

    Args:
        target: float32 [len(links), h, w], the frames to predict.
        planes: float32 [n, h, w], what they are predicted from.
        links: which of ``planes`` each uses.
        blocks: of these planes.

    Returns:
        int64 [len(links), rows, columns, 2], (x, y) into the first frame and into the second.
    """
    scale = blocks.unit[0]
    for _ in range((blocks.cell[0] // _SIDE).bit_length() - 1):
        target, planes, scale = halved(target), halved(planes), 2 * scale
    found = [_best(target, planes[[k.first for k in links]], blocks.grid) * scale]
    if all(k.first == k.second for k in links):
        return [*found, found[0].clone()]
    return [*found, _best(target, planes[[k.second for k in links]], blocks.grid) * scale]


def _best(target: Tensor, seen: Tensor, grid: tuple[int, int]) -> Tensor:
    """Displacements from ``target`` into ``seen``, both [n, h, w], int64 [n, *grid, 2]."""
    height, width = target.shape[1:]
    around = functional.pad(seen[:, None], [_REACH] * 4, mode="replicate")[:, 0]
    room = (0, grid[1] * _SIDE - width, 0, grid[0] * _SIDE - height)
    least = target.new_full((target.shape[0], *grid), torch.inf)
    best = torch.zeros(least.shape, dtype=torch.long, device=target.device)
    reach = range(-_REACH, _REACH + 1)
    tried = sorted(itertools.product(reach, reach), key=lambda d: d[0] ** 2 + d[1] ** 2)
    for index, (x, y) in enumerate(tried):
        top, left = _REACH + y, _REACH + x
        error = (around[:, top : top + height, left : left + width] - target).abs()
        cost = functional.avg_pool2d(functional.pad(error, room)[:, None], _SIDE)
        around_it = functional.avg_pool2d(cost, 3, 1, 1, count_include_pad=False)
        cost = (cost + around_it)[:, 0]  # blocks that agree with those around are likelier right
        better = cost < least
        least = torch.where(better, cost, least)
        best = torch.where(better, index, best)  # without waiting for the device
    return torch.tensor(tried, device=target.device)[best]
