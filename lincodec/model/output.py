"""Rendered planes to integer codes and back."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, int32, uint8

from lincodec.model.geometry import CENTRE
from lincodec.types import Planes


def quantise(planes: Sequence[Tensor], bit_depth: int) -> list[Tensor]:
    """Centred 8-bit units to integer codes of ``bit_depth`` (spec: output rounding).

    Returns:
        uint8 or int32 tensors of the same shapes: floor(v * 2^(depth-8) + 1/2), clamped.
    """
    scale = float(1 << (bit_depth - 8))
    top = (1 << bit_depth) - 1
    kind = uint8 if bit_depth == 8 else int32
    # conversion truncates, which floors what the clamp has made non-negative
    scaled = planes if bit_depth == 8 else [plane * scale for plane in planes]
    return [plane.add(CENTRE * scale + 0.5).clamp_(0, top + 0.5).to(kind) for plane in scaled]


def to_frames(codes: Sequence[Tensor]) -> list[Planes]:
    """Codes [m, h, w] per channel, on any device, to m frames of uint8 or uint16 planes."""
    arrays = [plane.cpu().numpy() for plane in codes]
    arrays = [a if a.itemsize == 1 else a.astype("uint16") for a in arrays]
    return [tuple(a[index] for a in arrays) for index in range(arrays[0].shape[0])]


def centred(planes: Planes, bit_depth: int, device: torch.device) -> list[Tensor]:
    """Integer planes [h, w] of a frame as float32 on a device, in centred 8-bit units, exactly."""
    scale = 1 / (1 << (bit_depth - 8))
    arrays = [plane if plane.itemsize == 1 else plane.astype("int32") for plane in planes]
    return [torch.from_numpy(a).to(device).float().mul_(scale).sub_(CENTRE) for a in arrays]
