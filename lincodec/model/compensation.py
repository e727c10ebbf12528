"""Predicting frames of a segment from others along block motion (spec clause 8.11).

All frames but the first are predicted: anchors from the anchor before, the frames between
them from decoded frames on both sides, coarse to fine. Each block of a frame is a displaced
block of one of the two or the mean of one of each; the windows of neighbouring blocks overlap
and add up to one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from lincodec.model.devices import Portions
from lincodec.types import plane_shifts

#: Frames of a segment at most, so that each is soon reached.
LONGEST = 1024
#: Frames from one anchor to the next, about.
ANCHORS = 16
#: Lobes of the interpolation kernel: it takes so many samples on each side of a place.
LOBES = 3
#: Matrix products that are started together, at most.
_PRODUCTS = 65_535
#: Samples of a line that one matrix product gives.
_GROUP = 16
#: A window reaches this share of a block beyond each of its sides.
_OVERLAP = 8


@dataclass(frozen=True)
class Link:
    """A predicted frame and the two it is predicted from, counted from the segment's first."""

    frame: int
    first: int
    second: int


def levels(n: int) -> list[list[Link]]:
    """Predicted frames in coding order; those of one level depend on earlier levels alone.

    The first frame is not predicted. Anchors about ``ANCHORS`` frames apart, the last frame among
    them, are predicted from the anchor before, one after the other; the frames between two
    anchors from the nearest ones on both sides, halving the distance with every level.

    Args:
        n: frames of the segment, two or more.
    """
    count = max(1, (2 * (n - 1) + ANCHORS) // (2 * ANCHORS))
    at = [i * (n - 1) // count for i in range(count + 1)]
    out = [[Link(b, a, a)] for a, b in itertools.pairwise(at)]
    spans = list(itertools.pairwise(at))
    while spans := [span for span in spans if span[1] - span[0] > 1]:
        level = [Link((a + b) // 2, a, b) for a, b in spans]
        out.append(level)
        spans = [half for k in level for half in ((k.first, k.frame), (k.frame, k.second))]
    return out


def cell_size(size: tuple[int, int], grid: tuple[int, int]) -> int | None:
    """Side of a block in luma samples: the least power of two from 8 that gives the grid.

    Args:
        size: (height, width) of the luma plane.
        grid: (rows, columns) of blocks; None is returned when no side gives them.
    """
    sides = (1 << k for k in range(3, 15))
    fits = (c for c in sides if grid == (-(-size[0] // c), -(-size[1] // c)))
    return next(fits, None)


@lru_cache(maxsize=64)
def _matrices(side: int, unit: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A matrix for each fraction, [unit, side + 2 LOBES - 1, side], of binary32 numbers.

    Column i interpolates at i + fraction / unit from samples -(LOBES - 1)... by a Lanczos kernel
    whose weights add up to one.
    """
    fraction = torch.arange(unit, dtype=torch.float64)[:, None] / unit
    x = torch.arange(2 * LOBES, dtype=torch.float64) - (LOBES - 1) - fraction
    kernel = torch.sinc(x) * torch.sinc(x / LOBES)
    kernel = kernel / kernel.sum(1, keepdim=True)
    out = torch.zeros(unit, side + 2 * LOBES - 1, side, dtype=torch.float64)
    at = torch.arange(side)
    for tap in range(2 * LOBES):
        out[:, at + tap, at] = kernel[:, tap, None]
    return out.float().to(device, dtype)


def _interpolated(lines: Tensor, fraction: Tensor, unit: int) -> Tensor:
    """Lines of blocks shifted by a fraction of a sample.

    Args:
        lines: float32 [m, count, side + 2 LOBES - 1].
        fraction: int64 [m], in parts of 1 / unit.

    Returns:
        float32 [m, count, side].
    """
    side = lines.shape[2] - 2 * LOBES + 1
    group = math.gcd(side, _GROUP)  # short products: a long one is mostly zeros
    matrices = _matrices(group, unit, lines.dtype, lines.device)[fraction]
    pieces = lines.unfold(2, group + 2 * LOBES - 1, group).flatten(1, 2)
    return (pieces @ matrices).view(*lines.shape[:2], side)


def _windows(count: int, cell: int, overlap: int) -> Tensor:
    """Windows along one axis, float32 [count, cell + 2 overlap]: ramps at inner borders."""
    window = torch.ones(count, cell + 2 * overlap, dtype=torch.float64)
    if overlap:
        ramp = (torch.arange(2 * overlap, dtype=torch.float64) + 0.5) / (2 * overlap)
        window[:, : 2 * overlap] = ramp
        window[:, -2 * overlap :] = ramp.flip(0)
        window[0, :overlap], window[0, overlap : 2 * overlap] = 0, 1
        window[-1, -overlap:], window[-1, -2 * overlap : -overlap] = 0, 1
    return window.float()


class Blocks:
    """Displaced blocks of planes of one size."""

    def __init__(self, size: tuple[int, int], cell: tuple[int, int], unit: tuple[int, int]) -> None:
        """
        Args:
            size: (height, width) of the plane.
            cell: (height, width) of a block in its samples.
            unit: displacements along (y, x) are in so many parts of its samples.
        """
        self.size, self.cell, self.unit = size, cell, unit
        self.overlap = (cell[0] // _OVERLAP, cell[1] // _OVERLAP)
        self.grid = (-(-size[0] // cell[0]), -(-size[1] // cell[1]))
        self.windows = [_windows(*each) for each in zip(self.grid, cell, self.overlap, strict=True)]

    @staticmethod
    def of(sizes: Sequence[tuple[int, int]], cell: int, unit: int) -> list[Blocks]:
        """The blocks of every channel.

        Args:
            sizes: (height, width) of each plane, luma first.
            cell: side of a block in luma samples.
            unit: displacements are in so many parts of a luma sample.
        """
        out = []
        for (h, w), (sy, sx) in zip(sizes, plane_shifts(sizes), strict=True):
            # a lone block of a narrow plane may be much larger than what there is to cover
            side = [min(cell >> s, _GROUP * -(-n // _GROUP)) for n, s in ((h, sy), (w, sx))]
            out.append(Blocks((h, w), (side[0], side[1]), (unit << sy, unit << sx)))
        return out

    def cut(
        self, planes: Tensor, which: Tensor, place: Tensor, moves: Tensor, *, windowed: bool
    ) -> Tensor:
        """Displaced blocks.

        Args:
            planes: float32 [n, height, width].
            which: int64 [m], the plane of each block.
            place: int64 [m], row of the block times columns plus column.
            moves: int64 [m, 2], displacement (x, y) in units.
            windowed: with the overlap, weighted by the windows; else the block alone.

        Returns:
            float32 [m, block height (+ 2 overlap), block width (+ 2 overlap)].
        """
        over = self.overlap if windowed else (0, 0)
        sides = [c + 2 * o for c, o in zip(self.cell, over, strict=True)]
        out = planes.new_empty(place.shape[0], *sides)
        samples = (sides[0] + 2 * LOBES - 1) * (sides[1] + 2 * LOBES - 1)
        most = Portions.on(planes.device).moved
        chunk = min(max(1, most // samples), _PRODUCTS)
        for start in range(0, place.shape[0], chunk):
            part = slice(start, start + chunk)
            self._cut(planes, which[part], place[part], moves[part], over, out[part])
        return out

    def _cut(
        self, planes: Tensor, which: Tensor, place: Tensor, moves: Tensor,
        over: tuple[int, int], out: Tensor,
    ) -> None:  # fmt: skip
        """Some of the blocks of ``cut`` into ``out``."""
        index, fractions = [], []
        at = place // self.grid[1], place % self.grid[1]
        for axis in (0, 1):
            move, unit = moves[:, 1 - axis], self.unit[axis]
            whole = torch.div(move, unit, rounding_mode="floor")
            fractions.append(move - whole * unit)
            start = at[axis] * self.cell[axis] - over[axis] + whole - (LOBES - 1)
            reach = torch.arange(out.shape[1 + axis] + 2 * LOBES - 1, device=planes.device)
            index.append((start[:, None] + reach).clamp(0, self.size[axis] - 1).int())
        base = (which.int()[:, None] * self.size[0] + index[0]) * self.size[1]
        flat = base[:, :, None] + index[1][:, None, :]
        blocks = planes.reshape(-1).index_select(0, flat.view(-1)).view(flat.shape)
        blocks = _interpolated(blocks.transpose(1, 2), fractions[0], self.unit[0]).transpose(1, 2)
        out.copy_(_interpolated(blocks, fractions[1], self.unit[1]))
        if over != (0, 0):
            out *= self.windows[0].to(planes)[at[0]][:, :, None]
            out *= self.windows[1].to(planes)[at[1]][:, None, :]

    def joined(self, blocks: Tensor) -> Tensor:
        """Windowed blocks of whole frames added up, float32 [n, height, width]."""
        (rows, columns), (ch, cw), (oh, ow) = self.grid, self.cell, self.overlap
        n = blocks.shape[0] // (rows * columns)
        grid = blocks.view(n, rows, columns, *blocks.shape[1:])
        height, width = (rows + 2) * ch, (columns + 2) * cw
        canvas = blocks.new_zeros(n, height, width)
        for i in (0, 1):  # every second block: these do not overlap each other
            for j in (0, 1):
                part = grid[:, i::2, j::2]
                offset = ((i + 1) * ch - oh) * width + (j + 1) * cw - ow
                strides = (height * width, 2 * ch * width, 2 * cw, width, 1)
                canvas.as_strided(part.shape, strides, offset).add_(part)
        return canvas[:, ch : ch + self.size[0], cw : cw + self.size[1]]


def predicted(blocks: Blocks, planes: Tensor, links: Sequence[Link], moves: Tensor) -> Tensor:
    """Predictions of one channel of frames, float32 [len(links), height, width].

    Args:
        blocks: of the channel.
        planes: float32 [n, height, width], the segment's frames.
        links: frames to predict.
        moves: int64 [len(links), 5, rows, columns], displacements (x, y) into the first
            frame and (x, y) into the second, in units, and the sides that blocks come from:
            -1 the first frame, 1 the second, 0 both.
    """
    count = blocks.grid[0] * blocks.grid[1]
    place = torch.arange(count, device=planes.device).repeat(len(links))
    flat = moves.to(planes.device).permute(0, 2, 3, 1).reshape(-1, 5)
    ends = [[k.first for k in links], [k.second for k in links]]
    sides = [c + 2 * o for c, o in zip(blocks.cell, blocks.overlap, strict=True)]
    total = planes.new_zeros(place.shape[0], *sides)
    for side, frames in enumerate(ends):
        share = (1 + (2 * side - 1) * flat[:, 4]) / 2
        pick = share.nonzero()[:, 0]
        which = torch.tensor(frames, device=planes.device).repeat_interleave(count)[pick]
        part = flat[pick, 2 * side : 2 * side + 2]
        shown = blocks.cut(planes, which, place[pick], part, windowed=True)
        total[pick] += shown * share[pick, None, None]  # no block twice: nothing to sort
    return blocks.joined(total)
