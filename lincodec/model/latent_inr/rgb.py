"""RGB of a network to the planes of a file and back, in torch (spec clause 8.10.6).

The same conventions as ``lincodec.video.color``: chroma is the box average of its luma
samples on the way down and repeated on the way up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lincodec.types import VideoInfo
from lincodec.video.color import assumed_matrix, levels

#: What 8-bit code value 0 is in centred units.
_CENTRE = 128.0


@dataclass(frozen=True)
class ColorMap:
    """Matrix, range and subsampling between RGB in 0..1 and planes in 8-bit code units."""

    kr: float
    kb: float
    luma_offset: float
    luma_span: float
    chroma_span: float
    shift: tuple[int, int] | None
    """log2 of the (horizontal, vertical) subsampling; None for grey."""

    @staticmethod
    def of(info: VideoInfo) -> ColorMap:
        """The map of a video; sizes of ``info`` decide an unspecified matrix."""
        unit = float(1 << (info.bit_depth - 8))
        y_offset, y_span, _, c_span = levels(info.bit_depth, full_range=info.color.full_range)
        kr, kb = assumed_matrix(info)
        return ColorMap(kr, kb, y_offset / unit, y_span / unit, c_span / unit, info.chroma_shift)

    def to_planes(self, rgb: Tensor) -> list[Tensor]:
        """RGB [m, 3, h, w], clipped to 0..1, to centred 8-bit units [m, h', w'] per channel."""
        red, green, blue = rgb.clamp(0, 1).unbind(1)
        luma = red * self.kr + green * (1 - self.kr - self.kb) + blue * self.kb
        planes = [luma * self.luma_span + (self.luma_offset - _CENTRE)]
        if self.shift is None:
            return planes
        for value, weight in ((blue, self.kb), (red, self.kr)):
            chroma = (value - luma) * (self.chroma_span / (2 * (1 - weight)))
            planes.append(_halved(chroma, self.shift))
        return planes

    def to_rgb(self, luma: Tensor, chroma: Sequence[Tensor]) -> Tensor:
        """8-bit code values of equal shape to RGB in 0..1, clipped; channels come last."""
        y = (luma - self.luma_offset) / self.luma_span
        if not chroma:
            return torch.stack([y, y, y], -1).clamp_(0, 1)
        cb, cr = ((c - _CENTRE) / self.chroma_span for c in chroma)
        red = y + cr * (2 * (1 - self.kr))
        blue = y + cb * (2 * (1 - self.kb))
        green = (y - self.kr * red - self.kb * blue) / (1 - self.kr - self.kb)
        return torch.stack([red, green, blue], -1).clamp_(0, 1)


def _halved(plane: Tensor, shift: tuple[int, int]) -> Tensor:
    """Box averages; beyond the edge the last row and column repeat."""
    sx, sy = shift
    if not sx and not sy:
        return plane
    across, down = 1 << sx, 1 << sy
    height, width = plane.shape[1:]
    pad = (0, -width % across, 0, -height % down)
    whole = functional.pad(plane[:, None], pad, mode="replicate")
    return functional.avg_pool2d(whole, (down, across))[:, 0]
