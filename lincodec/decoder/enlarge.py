"""Native pictures made larger by a model, and from there to the size of the output."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lincodec.core.resample import Resampler, whole
from lincodec.decoder.upscale import Upscaler
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import from_rgb, levels, to_rgb

#: Bits of the codes that a model's samples are kept as.
_FINE = 16


class Enlarger:
    """Enlarges pictures of one size to another."""

    def __init__(self, upscaler: Upscaler, native: VideoInfo, output: VideoInfo) -> None:
        """
        Args:
            upscaler: the model.
            native: what the pictures are; its matrix is named.
            output: gives the size.
        """
        self._upscaler = upscaler
        luma, *chroma = native.plane_sizes
        large = (luma[0] * upscaler.scale, luma[1] * upscaler.scale)
        depth, sizes = native.bit_depth, output.plane_sizes
        self._luma_only = upscaler.channels == 1
        planes = 1 if self._luma_only else len(sizes)
        self._last = Resampler([whole(large, size) for size in sizes[:planes]], depth, _FINE)
        #: Of chroma: to the size of native luma, or past the model to that of the output.
        self._chroma: Resampler | None = None
        ends = sizes[1:] if self._luma_only else [luma] * len(chroma)
        if chroma:
            areas = [whole(size, end) for size, end in zip(chroma, ends, strict=True)]
            self._chroma = Resampler(areas, depth)
        shift = None if native.chroma_shift is None else (0, 0)
        self._full = replace(native, chroma_shift=shift)
        self._fine = replace(self._full, height=large[0], width=large[1], bit_depth=_FINE)

    def shown(self, planes: Planes, threads: Executor) -> Planes:
        """The codes of a picture at the size of the output.

        Args:
            planes: its native codes.
            threads: that resample.

        Raises:
            UsageError: the model fails.
        """
        chroma: Planes = ()
        if self._chroma is not None:
            chroma = self._chroma.planes(planes[1:], threads)
        if self._luma_only:
            return (*self._last.planes((self._luma(planes[0]),), threads), *chroma)
        return self._last.planes(self._colours((planes[0], *chroma)), threads)

    def _luma(self, plane: NDArray[np.generic]) -> NDArray[np.uint16]:
        """Luma by a model of luma, in fine codes."""
        full = self._full.color.full_range
        offset, span, _, _ = levels(self._full.bit_depth, full_range=full)
        samples = np.clip((plane.astype(np.float32) - offset) / np.float32(span), 0, 1)
        large = np.empty(self._fine.plane_sizes[0], np.uint16)
        offset, span, _, _ = levels(_FINE, full_range=full)
        for rows, columns, part in self._upscaler.parts(samples[None]):
            large[rows, columns] = np.rint(part[0] * np.float32(span) + np.float32(offset))
        return large

    def _colours(self, planes: Planes) -> Planes:
        """Planes of one size by a model of R, G and B, in fine codes."""
        rgb = np.moveaxis(to_rgb(planes, self._full), 2, 0) / np.float32(255)
        large = tuple(np.empty(size, np.uint16) for size in self._fine.plane_sizes)
        for rows, columns, part in self._upscaler.parts(rgb):
            found = from_rgb(np.moveaxis(part, 0, 2) * np.float32(255), self._fine)
            for plane, tile in zip(large, found, strict=True):
                plane[rows, columns] = tile
        return large
