"""RGB and plane errors of rendered frames, on tensors (the conventions of video/color)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lincodec.model.closed import CENTRE


@dataclass(frozen=True)
class ColorModel:
    """What turns planes into RGB."""

    kr: float
    kb: float
    full_range: bool
    bit_depth: int

    @property
    def top(self) -> float:
        """Largest code value in 8-bit code units."""
        return float((1 << self.bit_depth) - 1) / (1 << (self.bit_depth - 8))


def quantise(planes: Sequence[Tensor], bit_depth: int) -> list[Tensor]:
    """Centred 8-bit units to integer codes of ``bit_depth`` (spec: output rounding).

    Returns:
        uint8 or int32 tensors of the same shapes: floor(v * 2^(depth-8) + 1/2), clamped.
    """
    scale = float(1 << (bit_depth - 8))
    top = (1 << bit_depth) - 1
    kind = torch.uint8 if bit_depth == 8 else torch.int32
    return [((plane + CENTRE) * scale + 0.5).floor_().clamp_(0, top).to(kind) for plane in planes]


def to_rgb(planes: Sequence[Tensor], color: ColorModel) -> Tensor:
    """Centred planes [m, h, w] in 8-bit code units to RGB [m, 3, h, w], 0..255, clipped."""
    span, chroma_span = (255.0, 255.0) if color.full_range else (219.0, 224.0)
    offset = 0.0 if color.full_range else 16.0
    if color.full_range and color.bit_depth > 8:
        span = chroma_span = color.top
    luma = (planes[0] + (CENTRE - offset)) * (255.0 / span)
    if len(planes) == 1:
        return luma[:, None].clamp(0, 255).expand(-1, 3, -1, -1)
    kr, kb = color.kr, color.kb
    kg = 1 - kr - kb
    cb, cr = (_enlarged(p, luma.shape[1:]) * (255.0 / chroma_span) for p in planes[1:])
    red, blue = luma + cr * (2 * (1 - kr)), luma + cb * (2 * (1 - kb))
    green = luma - cr * (2 * (1 - kr) * kr / kg) - cb * (2 * (1 - kb) * kb / kg)
    return torch.stack([red, green, blue], 1).clamp_(0, 255)


def _enlarged(plane: Tensor, size: Sequence[int]) -> Tensor:
    """Chroma repeated to luma size."""
    for dim in (1, 2):
        if plane.shape[dim] != size[dim - 1]:
            plane = plane.repeat_interleave(2, dim)
    return plane[:, : size[0], : size[1]]


def rgb_errors(source: Sequence[Tensor], coded: Sequence[Tensor], color: ColorModel) -> Tensor:
    """Mean squared RGB error of every frame in squared 8-bit code values, float32 [m]."""
    difference = to_rgb(source, color) - to_rgb(coded, color)
    return difference.square_().mean((1, 2, 3))


def plane_errors(source: Sequence[Tensor], coded: Sequence[Tensor]) -> Tensor:
    """Mean squared error of every plane and frame, float32 [channels, m]."""
    return torch.stack([(a - b).square().mean((1, 2)) for a, b in zip(source, coded, strict=True)])
