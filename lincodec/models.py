"""The renderable model of a decoded segment, whatever its architecture (spec clause 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from lincodec.bitstream import SegmentCode
from lincodec.container import Arch, LincArch
from lincodec.errors import UnsupportedError
from lincodec.model.closed import Geometry
from lincodec.model.segment import SegmentModel
from lincodec.networks import read_network
from lincodec.registry import Role
from lincodec.types import VideoInfo


class RenderModel(Protocol):
    """A segment as a function of time and place."""

    latents: Tensor
    """float32 [D, n], entry by frame."""

    def latent_at(self, times: Tensor) -> Tensor:
        """Latents float32 [D, m] at float64 [m] frames from the segment's first (Eq. 4)."""

    def native(self, z: Tensor) -> list[Tensor]:
        """Planes at native size, float32 [m, h, w] per channel, centred 8-bit units."""

    def at_size(self, z: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """Planes at any (height, width) per channel."""


def segment_model(code: SegmentCode, arch: Arch, info: VideoInfo) -> RenderModel:
    """The renderable model of a decoded segment.

    Raises:
        CorruptError: tensors are missing or of the wrong size.
        UnsupportedError: the architecture has no renderer here.
    """
    if not isinstance(arch, LincArch):
        raise UnsupportedError("this version renders architecture linc only")
    geometry = Geometry.of(info.plane_sizes, 1 << arch.block, arch.overlap)
    latents = torch.from_numpy(code.values(Role.LATENT))
    weights = [torch.from_numpy(values) for values in code.spectral.values]
    return SegmentModel(geometry, latents, weights, read_network(code, arch, info))
