"""One decoded segment as a function of time and place (spec: linc model).

``frame(z) = Spectral(x, y; W z) + Network(x, y; h(z))`` at any output size.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from lincodec.core.resample import Area
from lincodec.model.basis import synthesise
from lincodec.model.geometry import Geometry
from lincodec.model.latents import latent_at
from lincodec.model.network import Network
from lincodec.model.resample import resample


class SegmentModel:
    """Latents, spectral weights and an optional network, ready to render.

    Args:
        geometry: axes of every channel.
        latents: float32 [D, n], component by frame, on the device to render on.
        weights: float32 [D, rows, columns, v, u] per channel; frequencies from v and u on are zero.
        network: the nonlinear part, or None; its tensors lie on the same device.
    """

    def __init__(
        self,
        geometry: Geometry,
        latents: Tensor,
        weights: Sequence[Tensor],
        network: Network | None = None,
    ) -> None:
        self.geometry = geometry
        self.latents = latents
        self.weights = [w.to(latents.device) for w in weights]
        self.network = network

    def latent_at(self, times: Tensor) -> Tensor:
        """Latents at fractional frame numbers, linear between neighbours (paper Eq. 4).

        Args:
            times: float64 [m] in 0..n-1; beyond the ends the end latent holds.

        Returns:
            float32 [D, m].
        """
        return latent_at(self.latents, times)

    def native(self, z: Tensor) -> list[Tensor]:
        """Planes at native size, float32 [m, h, w] per channel, centred 8-bit units."""
        planes = [
            synthesise(w, *axes, z.T)
            for w, axes in zip(self.weights, self.geometry.channels, strict=True)
        ]
        if self.network is None:
            return planes
        return [p + r for p, r in zip(planes, self.network.residual(planes, z), strict=True)]

    def pictures(self, times: Tensor, areas: Sequence[Area] | None = None) -> list[Tensor]:
        """Planes float32 [m, h, w] per channel at float64 times [m] in frames; None: native."""
        z = self.latent_at(times)
        return self.native(z) if areas is None else self.at_areas(z, areas)

    def at_areas(self, z: Tensor, areas: Sequence[Area]) -> list[Tensor]:
        """Planes at any size, whole or in part, an area per channel (spec clause 8.4)."""
        return [resample(p, area) for p, area in zip(self.native(z), areas, strict=True)]
