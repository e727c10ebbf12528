"""A rectangle of a picture, in its own samples."""

from __future__ import annotations

from dataclasses import dataclass

from lincodec.errors import UsageError
from lincodec.types import VideoInfo


@dataclass(frozen=True)
class Crop:
    """The part of a picture to show, in luma samples as stored, before rotation."""

    width: int
    height: int
    x: int
    """Samples to the left of it."""
    y: int
    """Rows above it."""

    def __str__(self) -> str:
        return f"{self.width}x{self.height}+{self.x}+{self.y}"

    def check(self, info: VideoInfo) -> None:
        """Make sure that it lies in a picture and cuts no chroma sample apart.

        Raises:
            UsageError: it does not; names the nearest one that does.
        """
        whole = f"{info.width}x{info.height}"
        if self.x + self.width > info.width or self.y + self.height > info.height:
            raise UsageError(f"--crop {self} reaches beyond the picture of {whole}")
        sx, sy = info.chroma_shift or (0, 0)
        x, width = _aligned(self.x, self.width, info.width, 1 << sx)
        y, height = _aligned(self.y, self.height, info.height, 1 << sy)
        nearest = Crop(width, height, x, y)
        if nearest != self:
            raise UsageError(
                f"--crop {self} cuts chroma samples of {1 << sx}x{1 << sy} apart; use {nearest}"
            )

    def windows(self, info: VideoInfo) -> list[tuple[slice, slice]]:
        """Rows and columns of every plane that it shows, of a picture that it fits."""
        sx, sy = info.chroma_shift or (0, 0)
        out = []
        for plane, (height, width) in enumerate(info.plane_sizes):
            down, across = (sy, sx) if plane else (0, 0)
            bottom = min(height, -(-(self.y + self.height) >> down))
            right = min(width, -(-(self.x + self.width) >> across))
            out.append((slice(self.y >> down, bottom), slice(self.x >> across, right)))
        return out


def _aligned(start: int, length: int, whole: int, unit: int) -> tuple[int, int]:
    """The smallest (start, length) in whole units, or up to the edge, that holds another one."""
    first = start - start % unit
    stop = min(start + length + -(start + length) % unit, whole)
    return first, stop - first
