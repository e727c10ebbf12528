"""The frames of a segment on a device, as RGB wherever a fit looks (spec clause 8.10.6)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lincodec.model.latent_inr.rgb import ColorMap
from lincodec.types import Planes, VideoInfo


class SourceFrames:
    """Planes stay as integers on the device; only what is asked for becomes RGB.

    Args:
        frames: planes of every frame.
        info: depth, subsampling, matrix and range.
        device: where to keep them.
    """

    def __init__(self, frames: Sequence[Planes], info: VideoInfo, device: torch.device) -> None:
        self.color = ColorMap.of(info)
        self.count, self.width, self.device = len(frames), info.width, device
        self.scale = 2.0 ** (8 - info.bit_depth)
        kind = np.uint8 if info.bit_depth == 8 else np.int32
        self.planes = [
            torch.from_numpy(np.stack([f[c] for f in frames]).astype(kind)).to(device).flatten(1)
            for c in range(len(frames[0]))
        ]
        self.chroma_width = info.plane_sizes[-1][1]

    def rgb(self, frames: Tensor, samples: Tensor) -> Tensor:
        """Colours float32 [B, N, 3] in 0..1.

        Args:
            frames: int64 [B].
            samples: int64 [N], row * width + column.
        """
        frames, samples = frames.to(self.device), samples.to(self.device)
        luma = self._values(0, frames, samples)
        if len(self.planes) == 1 or self.color.shift is None:
            return self.color.to_rgb(luma, [])
        sx, sy = self.color.shift
        row = torch.div(samples, self.width, rounding_mode="floor")
        at = (row >> sy) * self.chroma_width + (samples - row * self.width >> sx)
        chroma = [self._values(c, frames, at) for c in (1, 2)]
        return self.color.to_rgb(luma, chroma)

    def _values(self, channel: int, frames: Tensor, at: Tensor) -> Tensor:
        """8-bit code values float32 [B, N] of one plane."""
        return self.planes[channel][frames[:, None], at[None]].float() * self.scale
