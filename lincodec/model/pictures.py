"""A segment of exact pictures, enhanced by a network or not, as a function of time and place
(spec clauses 8.5 and 8.12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from lincodec.core.resample import Area
from lincodec.model.network import Network
from lincodec.model.output import centred
from lincodec.model.resample import resample
from lincodec.types import Planes


class Decoder(Protocol):
    """Gives the frames of a segment."""

    def frames(self, displays: Sequence[int]) -> Iterator[Planes]:
        """Frames at ascending places in display order."""


class PictureSegment:
    """Decoded frames, with the residual of a network that latents drive where there is one;
    between two of them there is a mix of both."""

    def __init__(
        self, decoder: Decoder, latents: Tensor, bit_depth: int, network: Network | None = None
    ) -> None:
        """
        Args:
            decoder: of the frames.
            latents: float32 [D, n] on the device to render on.
            bit_depth: of the frames.
            network: of the residual; its tensors lie on the same device.
        """
        self.latents, self.network = latents, network
        self._decoder, self._depth = decoder, bit_depth
        self._kept: dict[int, list[Tensor]] = {}

    def pictures(self, times: Tensor, areas: Sequence[Area] | None = None) -> list[Tensor]:
        """Planes float32 [m, h, w] per channel at float64 times [m] in frames, ascending.

        ``areas`` None: native size.
        """
        last = self.latents.shape[1] - 1
        left = times.floor().long().clamp(0, last)
        share = (times - left).clamp(0, 1)
        right = (left + (share > 0)).clamp(max=last)
        kept = self._decoded(sorted({*left.tolist(), *right.tolist()}))
        out = []
        for channel in range(len(kept[int(left[0])])):
            a, b = (torch.stack([kept[i][channel] for i in at.tolist()]) for at in (left, right))
            if bool(share.any()):
                a = torch.lerp(a, b, share.to(a)[:, None, None])
            out.append(a if areas is None else resample(a, areas[channel]))
        return out

    def _decoded(self, displays: Sequence[int]) -> dict[int, list[Tensor]]:
        """Planes [h, w] of frames, which are kept until the next call."""
        missing = [at for at in displays if at not in self._kept]
        device, kind = self.latents.device, self.latents.dtype
        fresh = {
            at: self._enhanced([p.to(kind) for p in centred(planes, self._depth, device)], at)
            for at, planes in zip(missing, self._decoder.frames(missing), strict=True)
        }
        self._kept = {at: planes for at, planes in self._kept.items() if at in displays} | fresh
        return self._kept

    def _enhanced(self, planes: list[Tensor], at: int) -> list[Tensor]:
        """Planes [h, w] of a frame plus the residual."""
        if self.network is None:
            return planes
        z = self.latents[:, at : at + 1]
        residual = self.network.residual([plane[None] for plane in planes], z)
        return [plane + more[0] for plane, more in zip(planes, residual, strict=True)]
