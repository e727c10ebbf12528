"""One decoded latent-inr segment as a function of time and place (spec clause 8.10)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from lincodec.core.resample import Area, whole
from lincodec.errors import ResourceError
from lincodec.model.devices import Portions
from lincodec.model.latent_inr.grid import EncodedRows, grid_of
from lincodec.model.latent_inr.network import COLOURS, Inr
from lincodec.model.latent_inr.rgb import ColorMap
from lincodec.model.latents import latent_at
from lincodec.model.resample import resample
from lincodec.registry import Role

#: Bytes of encoded positions that a model keeps for a picture size.
_KEPT_BYTES = 1 << 30


class InrSegment:
    """Latents and a network, ready to render.

    Args:
        network: its tensors lie on the device to use.
        latents: float32 [D, n], entry by frame.
        color: from RGB to the planes of the file.
        size: native (height, width) of luma.
        backend: of the hash grid; a name that ``hashgrid.choose`` returned.
    """

    def __init__(
        self,
        network: Inr,
        latents: Tensor,
        color: ColorMap,
        size: tuple[int, int],
        backend: str,
    ) -> None:
        self.network, self.latents, self.color, self.size = network, latents, color, size
        self.backend = backend
        self.tile = Portions.on(latents.device).traced
        self._kept: dict[tuple[Area, torch.dtype], EncodedRows] = {}

    def latent_at(self, times: Tensor) -> Tensor:
        """Latents float32 [D, m] at float64 [m] frames from the segment's first (Eq. 4)."""
        return latent_at(self.latents, times)

    def native(self, z: Tensor) -> list[Tensor]:
        """Planes at native size, float32 [m, h, w] per channel, centred 8-bit units."""
        return self._planes(z, whole(self.size, self.size))

    def pictures(self, times: Tensor, areas: Sequence[Area] | None = None) -> list[Tensor]:
        """Planes float32 [m, h, w] per channel at float64 times [m] in frames; None: native."""
        z = self.latent_at(times)
        return self.native(z) if areas is None else self.at_areas(z, areas)

    def at_areas(self, z: Tensor, areas: Sequence[Area]) -> list[Tensor]:
        """Planes at any size, whole or in part; areas of chroma follow from that of luma."""
        return self._planes(z, areas[0])

    def _planes(self, z: Tensor, area: Area) -> list[Tensor]:
        return self.color.to_planes(self.rgb(z, area))

    def rgb(self, z: Tensor, area: Area) -> Tensor:
        """Colours float32 [m, 3, height, width], 0 black and 1 white, not clipped.

        Raises:
            ResourceError: memory does not hold even one row of positions.
        """
        while True:
            try:
                return self._rgb(z.to(self.latents.device), area)
            except torch.OutOfMemoryError as error:
                rows, columns = (extent.count for extent in grid_of(self.network.arch, area))
                if self.tile <= columns:
                    raise ResourceError(
                        f"{self.latents.device}: out of memory with one row of {columns} "
                        "positions; try a smaller --res, or --device cpu"
                    ) from error
                self.tile = min(self.tile, rows * columns * z.shape[1]) // 2
                torch.cuda.empty_cache()

    def _rgb(self, z: Tensor, area: Area) -> Tensor:
        patch = self.network.arch.patch
        encoded = self._encoded(grid_of(self.network.arch, area))
        rows, columns = encoded.size
        count = z.shape[1]
        shape = (count, COLOURS, rows * patch, columns * patch)
        out = torch.empty(shape, dtype=z.dtype, device=z.device)
        together = max(1, min(count, self.tile // (rows * columns)))
        step = max(1, self.tile // (columns * together))
        for first in range(0, count, together):
            frames = slice(first, first + together)
            weights = self.network.weights(z[:, frames].T)
            for top in range(0, rows, step):
                bottom = min(top + step, rows)
                part = self._tile(encoded, weights, top, bottom)
                out[frames, :, top * patch : bottom * patch] = part
        if patch == 1:  # single positions have any sampling, patches the native one
            return out
        picture = out[:, :, : self.size[0], : self.size[1]]
        if area == whole(self.size, self.size):
            return picture
        found = resample(picture.clamp(0, 1).flatten(0, 1), area)
        return found.view(count, COLOURS, *found.shape[1:])

    def _tile(self, encoded: EncodedRows, weights: list[Tensor], top: int, bottom: int) -> Tensor:
        """Colours [frames, 3, samples, samples] of rows ``top`` to ``bottom`` - 1 of the grid."""
        arch, (rows, columns) = self.network.arch, encoded.size
        with self._precision():
            if arch.patch == 1:
                values = self.network.base(encoded(range(top, bottom)), weights)
                return values.view(len(values), bottom - top, columns, COLOURS).permute(0, 3, 1, 2)
            margin = arch.kernel // 2
            # beyond the edge, the first and last row of patches repeat
            wanted = [min(max(r, 0), rows - 1) for r in range(top - margin, bottom + margin)]
            features = self.network.base(encoded(wanted), weights)
            return self.network.patches(features.view(len(features), len(wanted), columns, -1))

    def _precision(self) -> AbstractContextManager[object]:
        """Half precision products with binary32 sums on CUDA; all binary32 elsewhere."""
        if self.latents.device.type != "cuda":
            return nullcontext()
        return torch.autocast("cuda", torch.float16)

    def _encoded(self, grid: Area) -> EncodedRows:
        """The encoded positions of a grid; those of the last one are kept."""
        arch, table = self.network.arch, self.network.tensors[Role.ENCODING, 0]
        key = (grid, table.dtype)
        if key not in self._kept:
            self._kept = {key: EncodedRows(arch, table, grid, self.backend, _KEPT_BYTES)}
        return self._kept[key]
