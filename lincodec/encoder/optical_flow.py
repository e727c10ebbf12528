"""Estimating motion between neighbouring frames, coarse to fine, for the motion tensor.

A field lies on a grid and is seen from halfway between its two frames: what the picture shows
there was half a displacement back in the first and will be half ahead in the second. Each
pass warps both frames by the field so far and solves the linearised match for a small
correction, with neighbouring cells held together (Horn and Schunck 1981, on cells instead
of samples; robust weights after Black and Anandan 1996).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lincodec.bitstream.segment import Field
from lincodec.encoder.motion import grid_size, motion_step
from lincodec.model.between import Grid, linear_weights
from lincodec.model.devices import CPU, Portions
from lincodec.model.resample import whole
from lincodec.types import Planes, VideoInfo

#: Luma samples of a frame that the search looks at, at most.
_SEARCH_AREA = 240_000
_SMALLEST = 12  # rows or columns of the coarsest level
_LEAST_CELL = 4.0  # samples of a level
_SMOOTHNESS = 1.6  # price of a bend, against code values of mismatch
_BEND = 4.0  # samples over which a bend gets no cheaper
_NOISE = 4.0  # code values of mismatch that say nothing
_SWEEPS = 20
_LARGEST_CORRECTION = 2.0


def motion_field(frames: Sequence[Planes], info: VideoInfo, device: torch.device = CPU) -> Field:
    """Displacements from every frame to the next, int [len(frames) - 1, 2, rows, columns].

    The step is a sixteenth of a cell. They are searched on ``device``.
    """
    cells = grid_size(info.height, info.width)
    luma = [prepared(planes[0], info.bit_depth, device) for planes in frames]
    step = float(np.float32(motion_step(info)))
    pairs = list(itertools.pairwise(range(len(frames))))
    field = displacements(luma, pairs, info, cells)
    q = torch.round(field / step).clamp(-4096, 4096).long()
    return Field(q.cpu().numpy(), step)


def displacements(
    luma: Sequence[Tensor], pairs: Sequence[tuple[int, int]], info: VideoInfo,
    cells: tuple[int, int],
) -> Tensor:  # fmt: skip
    """Displacements between pairs of frames, float32 [len(pairs), 2, rows, columns].

    Args:
        luma: frames as ``prepared`` gives them, on the device to search on.
        pairs: numbers of the frames.
        info: the video they come from.
        cells: (rows, columns) of the grid.

    Returns:
        Luma samples of the video, horizontal then vertical, seen from halfway.
    """
    scale = torch.tensor([info.width / luma[0].shape[1], info.height / luma[0].shape[0]])
    scale = scale.to(luma[0].device)
    batch = max(1, Portions.on(scale.device).searched // luma[0].numel())
    parts = []
    with torch.inference_mode():
        for start in range(0, len(pairs), batch):
            group = pairs[start : start + batch]
            first, second = (torch.stack([luma[pair[k]] for pair in group]) for k in (0, 1))
            parts.append(_estimate(first, second, cells) * scale[:, None, None])
    return torch.cat(parts)


def prepared(luma: np.ndarray, bit_depth: int, device: torch.device = CPU) -> Tensor:
    """Luma in 8-bit code values, halved until it is small enough to search, and smoothed."""
    plane = torch.from_numpy(luma.astype(np.float32)).to(device) * 2.0 ** (8 - bit_depth)
    while plane.numel() > _SEARCH_AREA:
        plane = halved(plane[None])[0]
    return _smoothed(plane[None])[0]


def halved(planes: Tensor) -> Tensor:
    """[n, h, w] by means of 2 x 2 samples, edges repeated."""
    below, right = planes.shape[1] % 2, planes.shape[2] % 2
    padded = functional.pad(planes[:, None], (0, right, 0, below), mode="replicate")
    return functional.avg_pool2d(padded, 2)[:, 0]


def _smoothed(planes: Tensor) -> Tensor:
    """[n, h, w] by the binomial filter 1 2 1 along both axes."""
    for dim in (1, 2):
        edge = planes.narrow(dim, 0, 1), planes.narrow(dim, planes.shape[dim] - 1, 1)
        long = torch.cat([edge[0], planes, edge[1]], dim)
        size = planes.shape[dim]
        planes = (long.narrow(dim, 0, size) + long.narrow(dim, 2, size)) / 4 + planes / 2
    return planes


def _estimate(first: Tensor, second: Tensor, cells: tuple[int, int]) -> Tensor:
    """Displacements in samples of the planes, float32 [n, 2, rows, columns].

    Args:
        first, second: float32 [n, h, w].
        cells: (rows, columns) of the result.
    """
    levels = [(first, second)]
    while min(levels[-1][0].shape[1:]) >= 2 * _SMALLEST:
        levels.append((halved(levels[-1][0]), halved(levels[-1][1])))
    field = first.new_zeros(first.shape[0], 2, 1, 1)
    for depth in range(len(levels) - 1, -1, -1):
        a, b = levels[depth]
        size = (a.shape[1], a.shape[2])
        grid = _level_cells(cells, size)
        field = _regridded(field, grid)
        if depth < len(levels) - 1:
            coarse = levels[depth + 1][0].shape[1:]
            factor = torch.tensor([size[1] / coarse[1], size[0] / coarse[0]]).to(field.device)
            field = field * factor[:, None, None]
        for _ in range(4 if depth else 3):
            field = _corrected(field, a, b, Grid(grid, whole(size, size), a.device))
    return field


def _level_cells(cells: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The grid of a level: that of the result, unless its cells would be too small there."""
    rows, columns = (max(1, int(side / _LEAST_CELL)) for side in size)
    return min(cells[0], rows), min(cells[1], columns)


def _regridded(field: Tensor, cells: tuple[int, int]) -> Tensor:
    """The field at the centres of another grid."""
    down, across = (
        linear_weights(n, m).to(field.device) for n, m in zip(cells, field.shape[2:], strict=True)
    )
    return down @ field @ across.T


def _pair(field: Tensor, a: Tensor, b: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Both frames as the field sees them from halfway."""
    n, height, width = a.shape
    half = grid.spread(field) / 2
    x = torch.arange(width, device=a.device) + 0.5
    y = torch.arange(height, device=a.device)[:, None] + 0.5
    out = []
    for plane, sign in ((a, -1), (b, 1)):
        places = torch.stack(
            [
                (x + sign * half[:, 0]) * (2 / width) - 1,
                (y + sign * half[:, 1]) * (2 / height) - 1,
            ],
            -1,
        )
        seen = functional.grid_sample(
            plane[:, None], places, padding_mode="border", align_corners=False
        )
        out.append(seen.view(n, height, width))
    return out[0], out[1]


def _corrected(field: Tensor, a: Tensor, b: Tensor, grid: Grid) -> Tensor:
    """One pass: the field plus the correction that the linearised match asks for."""
    back, ahead = _pair(field, a, b, grid)
    error, mean = ahead - back, (ahead + back) / 2
    padded = functional.pad(mean[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    dx = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
    dy = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
    weight = torch.rsqrt(error * error + _NOISE**2)
    dxw, dyw = dx * weight, dy * weight
    xx, xy, yy = grid.gather(dx * dxw), grid.gather(dx * dyw), grid.gather(dy * dyw)
    xe, ye = grid.gather(error * dxw), grid.gather(error * dyw)
    step = torch.zeros_like(field)
    for _ in range(_SWEEPS):
        total, pull = _neighbours(field + step)
        hold = _SMOOTHNESS * total
        right = torch.stack([xe, ye], 1) * -1 + _SMOOTHNESS * (pull - total[:, None] * field)
        top, bottom = xx + hold, yy + hold
        determinant = (top * bottom - xy * xy).clamp(min=1e-9)
        step = torch.stack(
            [
                (bottom * right[:, 0] - xy * right[:, 1]) / determinant,
                (top * right[:, 1] - xy * right[:, 0]) / determinant,
            ],
            1,
        )
    return field + step.clamp(-_LARGEST_CORRECTION, _LARGEST_CORRECTION)


def _neighbours(field: Tensor) -> tuple[Tensor, Tensor]:
    """Robust weights of the four neighbours of each cell: their sum, and the weighted field."""
    padded = functional.pad(field, (1, 1, 1, 1), mode="replicate")
    total, pull = torch.zeros_like(field[:, 0]), torch.zeros_like(field)
    for rows, columns in (
        (slice(1, -1), slice(0, -2)),
        (slice(1, -1), slice(2, None)),
        (slice(0, -2), slice(1, -1)),
        (slice(2, None), slice(1, -1)),
    ):
        other = padded[:, :, rows, columns]
        bend = ((other - field) ** 2).sum(1)
        weight = torch.rsqrt(bend + _BEND**2)
        total += weight
        pull += weight[:, None] * other
    return total, pull
