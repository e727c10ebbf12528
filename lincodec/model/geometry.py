"""Blocks of every plane of a picture (spec clause 8.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lincodec.model.basis import Axis
from lincodec.types import plane_shifts

#: Sample value of zero signal, in 8-bit code units.
CENTRE = 128.0


@dataclass(frozen=True)
class Geometry:
    """Axes of every channel of a picture under one block size."""

    channels: tuple[tuple[Axis, Axis], ...]
    """(vertical, horizontal) per channel."""

    @staticmethod
    def of(sizes: Sequence[tuple[int, int]], block: int, overlap: int) -> Geometry:
        """Axes for plane ``sizes`` (height, width); chroma blocks shrink with the plane.

        Args:
            sizes: (height, width) of each plane, luma first.
            block: luma block size in samples, a power of two.
            overlap: luma samples on each side of a border.
        """
        return Geometry(
            tuple(
                (Axis(h, block >> sy, overlap >> sy), Axis(w, block >> sx, overlap >> sx))
                for (h, w), (sy, sx) in zip(sizes, plane_shifts(sizes), strict=True)
            )
        )
