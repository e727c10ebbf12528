"""What part of the picture is rendered, and with how many samples (spec clause 8.4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lincodec.core.resample import Area, Extent
from lincodec.crop import Crop
from lincodec.types import VideoInfo

if TYPE_CHECKING:
    from torch import Tensor

#: Output samples around a moved one that its value depends on.
_TAPS = 3


def areas_of(info: VideoInfo, output: VideoInfo, crop: Crop | None = None) -> list[Area]:
    """Rows and columns of every plane of ``output``, which shows a crop of ``info``."""
    part = replace(info, width=crop.width, height=crop.height) if crop else info
    left, top = (crop.x, crop.y) if crop else (0, 0)
    sx, sy = info.chroma_shift or (0, 0)
    areas = []
    for index, (native, shown, out) in enumerate(
        zip(info.plane_sizes, part.plane_sizes, output.plane_sizes, strict=True)
    ):
        x, y = (left >> sx, top >> sy) if index else (left, top)
        rows = Extent(native[0], y, y + shown[0], out[0])
        areas.append((rows, Extent(native[1], x, x + shown[1], out[1])))
    return areas


def motion_reach(fields: Sequence[Tensor], luma: Area) -> float:
    """Native luma samples around a part of a picture that motion in it depends on (clause 8.7).

    Args:
        fields: displacements that are followed, float32 [2, rows, columns], in luma samples.
        luma: the part.
    """
    reach = 0.0
    for field in fields:
        for extent, cells, part in zip(luma, field.shape[1:], reversed(field), strict=True):
            # a sample has trust from the cells around it, which look as far again
            away = 2 * extent.size / cells + float(part.abs().max()) + _TAPS * extent.cell
            reach = max(reach, away)
    return reach


class Surroundings:
    """Areas with some of what is around them, and the way back.

    Attributes:
        areas: the wider ones; as far as the picture goes, in whole output samples.
        inner: rows and columns of them that the given areas take.
    """

    def __init__(self, areas: Sequence[Area], reach: float) -> None:
        """
        Args:
            areas: of every plane.
            reach: luma samples wanted on every side.
        """
        rows = _widened([area[0] for area in areas], reach)
        columns = _widened([area[1] for area in areas], reach)
        self.areas = [(r[0], c[0]) for r, c in zip(rows, columns, strict=True)]
        self.inner = [(r[1], c[1]) for r, c in zip(rows, columns, strict=True)]

    def cut(self, planes: Sequence[Tensor]) -> list[Tensor]:
        """The given areas out of planes [h, w] of the wider ones."""
        return [plane[inner] for plane, inner in zip(planes, self.inner, strict=True)]


def _widened(extents: Sequence[Extent], reach: float) -> list[tuple[Extent, slice]]:
    """One axis of all planes, moved apart by the same number of chroma samples."""
    unit = round(extents[0].size / extents[-1].size)  # luma samples of a chroma sample
    units = [unit if plane == 0 else 1 for plane in range(len(extents))]
    wanted = math.ceil(reach / (extents[0].cell * unit))
    room = [(e.start, e.size - e.stop, e.cell * u) for e, u in zip(extents, units, strict=True)]
    before = min(wanted, *(math.floor(start / step + 1e-9) for start, _, step in room))
    after = min(wanted, *(math.floor(rest / step + 1e-9) for _, rest, step in room))
    out = []
    for extent, u in zip(extents, units, strict=True):
        start = max(0.0, extent.start - before * u * extent.cell)
        stop = min(float(extent.size), extent.stop + after * u * extent.cell)
        wide = Extent(extent.size, start, stop, extent.count + (before + after) * u)
        out.append((wide, slice(before * u, before * u + extent.count)))
    return out
