"""The renderable model of a decoded segment, whatever its architecture (spec clause 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from lincodec.bitstream.segment import Key, SegmentCode, Spectral
from lincodec.container import Arch, LatentInrArch, LincArch
from lincodec.core.resample import Area
from lincodec.decoder.latents import latents_of, motion_of
from lincodec.decoder.pictures import decoder_of
from lincodec.errors import CorruptError
from lincodec.limits import Limits
from lincodec.model import hashgrid
from lincodec.model.devices import device_of
from lincodec.model.geometry import Geometry
from lincodec.model.latent_inr.network import Inr, tensor_sizes
from lincodec.model.latent_inr.rgb import ColorMap
from lincodec.model.latent_inr.segment import InrSegment
from lincodec.model.network import Network, network_shape
from lincodec.model.pictures import PictureSegment
from lincodec.model.segment import SegmentModel
from lincodec.registry import Role
from lincodec.types import VideoInfo


class RenderModel(Protocol):
    """A segment as a function of time and place."""

    latents: Tensor
    """float32 [D, n], entry by frame."""

    def pictures(self, times: Tensor, areas: Sequence[Area] | None = None) -> list[Tensor]:
        """Pictures at float64 times [m] in frames from the segment's first.

        Args:
            times: of the pictures; between two frames their latents are mixed (paper Eq. 4).
            areas: any size, whole or in part, per channel; None: native.

        Returns:
            float32 [m, h, w] per channel, centred 8-bit units.
        """


@dataclass(frozen=True)
class Rendering:
    """Where and with what segments are rendered."""

    device: torch.device
    backend: str
    """Of the hash grid, a name that ``hashgrid.choose`` returned."""

    @staticmethod
    def of(device: str = "auto", backend: str = "auto") -> Rendering:
        """Names as the command line takes them.

        Raises:
            UsageError: there is no such backend.
            ResourceError: device or backend cannot be used here.
        """
        found = device_of(device)
        return Rendering(found, hashgrid.choose(backend, found))


#: On the CPU: what every machine has.
ON_CPU = Rendering(torch.device("cpu"), hashgrid.choose("auto", torch.device("cpu")))


def segment_model(
    code: SegmentCode,
    arch: Arch,
    info: VideoInfo,
    rendering: Rendering = ON_CPU,
    limits: Limits | None = None,
    *,
    enhance: bool = True,
) -> RenderModel:
    """The renderable model of a decoded segment.

    Args:
        code: the segment.
        arch, info: of the file.
        rendering: device and backend.
        limits: on pictures that are held.
        enhance: whether the network of exact pictures is shown on top of them.

    Raises:
        CorruptError: tensors are missing or of the wrong size.
        LimitError: more exact pictures are needed at once than ``limits`` allow.
    """
    if isinstance(arch, LincArch):
        motion_of(code)  # damage is told of even where nothing uses it
        latents = torch.from_numpy(latents_of(code, arch)).to(rendering.device)
        residual = read_network(code, arch, info)
        if residual is not None:
            residual = residual.to(rendering.device)
        if code.pictures is not None:
            decoder = decoder_of(code.pictures, info, limits)
            return PictureSegment(decoder, latents, info.bit_depth, residual if enhance else None)
        geometry = Geometry.of(info.plane_sizes, 1 << arch.block, arch.overlap)
        return SegmentModel(geometry, latents, placed(code.spectral, rendering.device), residual)
    network, latents = read_inr(code, arch)
    there = Inr(arch, {key: t.to(rendering.device) for key, t in network.tensors.items()})
    return InrSegment(
        there, latents.to(rendering.device), ColorMap.of(info),
        (info.height, info.width), rendering.backend,
    )  # fmt: skip


def placed(spectral: Spectral, device: torch.device) -> list[Tensor]:
    """Weights of every channel on a device; only those that are not zero travel there."""
    if device.type == "cpu":
        return [torch.from_numpy(values) for values in spectral.values]
    out = []
    for channel in spectral.placed():
        weights = torch.zeros(channel.shape, device=device)
        where, values = (torch.from_numpy(a).to(device) for a in (channel.where, channel.values))
        weights.view(-1)[where] = values
        out.append(weights)
    return out


def read_network(code: SegmentCode, arch: LincArch, info: VideoInfo) -> Network | None:
    """The network of a decoded segment, None when it has none.

    Raises:
        CorruptError: some of its tensors are missing or of the wrong size.
    """
    if arch.net_layers == 0:
        return None
    shape = network_shape(arch, info)
    sizes = shape.tensor_sizes
    present = [key for key in sizes if key in code.tensors]
    if not present:
        return None
    tensors = {}
    for key, size in sizes.items():
        values = code.values(*key)
        if values.shape != size:
            role, layer = key
            raise CorruptError(
                f"segment at frame {code.first_frame}: {role.name.lower()} {layer} has sizes "
                f"{values.shape}; expected {size}"
            )
        tensors[key] = torch.from_numpy(values)
    return Network(shape, tensors)


def read_inr(code: SegmentCode, arch: LatentInrArch) -> tuple[Inr, Tensor]:
    """Network and latents [D, n] of a decoded segment.

    Raises:
        CorruptError: a tensor is missing or of the wrong size.
    """
    tensors = {}
    for key, size in tensor_sizes(arch).items():
        tensors[key] = _checked(code, key, size)
    latents = _checked(code, (Role.LATENT, 0), (arch.latent_dim, code.n_frames))
    return Inr(arch, tensors), latents


def _checked(code: SegmentCode, key: Key, size: tuple[int, ...]) -> Tensor:
    values = code.values(*key)
    if values.shape != size:
        role, layer = key
        raise CorruptError(
            f"segment at frame {code.first_frame}: {role.name.lower()} {layer} has sizes "
            f"{values.shape}; expected {size}"
        )
    return torch.from_numpy(values)
