"""Pictures between two frames along stored motion (spec clause 8.7).

A displacement field says how far things move from a frame to the next one, seen from halfway.
The picture at share s samples the first frame s times the displacement back and the second
one the rest ahead, and mixes them; where the two disagree more than the frames do without
motion, it falls back to mixing the frames as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from lincodec.core.resample import Area

#: Motion may leave this much of the difference between the frames before it is distrusted.
TRUST = 1.25
#: Difference, in 8-bit code values, over which trust goes from one to zero.
DOUBT = 8.0


def linear_weights(count: int, cells: int, part: tuple[float, float] = (0, 1)) -> Tensor:
    """Weights of ``cells`` grid values at ``count`` samples of an axis, float32 [count, cells].

    Cell j is centred at (j + 1/2) / cells of the axis; values lie linearly between the
    centres and are constant beyond the outer ones. The samples are those of a ``part`` of it.
    """
    start, share = part[0], part[1] - part[0]
    centres = (torch.arange(count, dtype=torch.float64) + 0.5) * (share * cells / count)
    at = (start * cells + centres - 0.5).clamp(0, cells - 1)
    left = at.floor().long().clamp(max=max(cells - 2, 0))
    weights = torch.zeros(count, cells, dtype=torch.float64)
    weights.scatter_(1, left[:, None], 1 - (at - left)[:, None])
    if cells > 1:
        weights.scatter_(1, left[:, None] + 1, (at - left)[:, None])
    return weights.float()


class Grid:
    """Values on the cells of a grid, spread over one plane size and gathered from it."""

    def __init__(
        self, cells: tuple[int, int], area: Area, device: torch.device | str = "cpu"
    ) -> None:
        """
        Args:
            cells: (rows, columns) of the grid, which covers the whole picture.
            area: of the plane.
            device: where the values lie.
        """
        self.rows, self.columns = (
            linear_weights(e.count, m, (e.start / e.size, e.stop / e.size)).to(device)
            for e, m in zip(area, cells, strict=True)
        )
        self._area = self.rows.sum(0)[:, None] * self.columns.sum(0)

    def spread(self, values: Tensor) -> Tensor:
        """[..., rows, columns] to [..., height, width]."""
        return self.rows @ values @ self.columns.T

    def gather(self, plane: Tensor) -> Tensor:
        """Weighted mean of [..., height, width] around every cell, [..., rows, columns]."""
        return (self.rows.T @ plane @ self.columns) / self._area.clamp(min=1e-6)


def shifted(plane: Tensor, displacement: Tensor, share: float) -> Tensor:
    """``plane`` sampled ``share`` times the displacement away, by cubic convolution.

    Args:
        plane: float32 [height, width].
        displacement: float32 [2, height, width], horizontal then vertical, in its samples.
    """
    height, width = plane.shape
    x = torch.arange(width, device=plane.device) + 0.5 + share * displacement[0]
    y = torch.arange(height, device=plane.device)[:, None] + 0.5 + share * displacement[1]
    places = torch.stack([x * (2 / width) - 1, y * (2 / height) - 1], -1)
    return grid_sample(
        plane[None, None], places[None], mode="bicubic", padding_mode="border", align_corners=False
    )[0, 0]


class Between:
    """All pictures between one frame and the next."""

    def __init__(
        self,
        first: Sequence[Tensor],
        second: Sequence[Tensor],
        displacement: Tensor | None,
        areas: Sequence[Area],
    ) -> None:
        """
        Args:
            first, second: float32 [h, w] per channel, centred 8-bit units.
            displacement: float32 [2, rows, columns] in luma samples of the native picture;
                None: nothing moves.
            areas: what they show, per channel.
        """
        self.first, self.second = first, second
        self.still = displacement is None or not bool(displacement.any())
        if self.still or displacement is None:
            return
        cells = (displacement.shape[1], displacement.shape[2])
        displacement = displacement.to(first[0].device)
        self.grids = [Grid(cells, area, p.device) for p, area in zip(first, areas, strict=True)]
        self.displacements = []
        luma = areas[0]
        for (rows, columns), grid in zip(areas, self.grids, strict=True):
            down = rows.size / rows.cell / luma[0].size
            across = columns.size / columns.cell / luma[1].size
            moved = torch.stack([displacement[0] * across, displacement[1] * down])
            self.displacements.append(grid.spread(moved))
        self.change = self.grids[0].gather((first[0] - second[0]).abs())

    def at(self, share: float) -> list[Tensor]:
        """Planes at ``share`` of the way from the first to the second, 0 < share < 1."""
        if self.still:
            return [torch.lerp(a, b, share) for a, b in zip(self.first, self.second, strict=True)]
        out, trust = [], None
        for index, (a, b) in enumerate(zip(self.first, self.second, strict=True)):
            grid, displacement = self.grids[index], self.displacements[index]
            back = shifted(a, displacement, -share)
            ahead = shifted(b, displacement, 1 - share)
            if trust is None:
                left = grid.gather((back - ahead).abs())
                trust = ((TRUST * self.change - left) / DOUBT + 0.5).clamp(0, 1)
            moved = torch.lerp(back, ahead, share)
            out.append(torch.lerp(torch.lerp(a, b, share), moved, grid.spread(trust)))
        return out
