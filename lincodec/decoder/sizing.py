"""From native pictures to what is shown of them: a part, at the size of the output."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from lincodec.core.resample import Resampler
from lincodec.crop import Crop
from lincodec.decoder.areas import areas_of
from lincodec.decoder.enlarge import Enlarger
from lincodec.decoder.upscale import Upscaler
from lincodec.errors import CorruptError
from lincodec.system.cores import usable_cores
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import default_matrix

_UNSPECIFIED = 2  # matrix coefficients (H.273)
#: More threads than this wait for memory.
_MOST_THREADS = 16


class Sizing:
    """Crops and resamples; it may hold threads: close it.

    Attributes:
        resampler: to the size of the output; None: that is native, or a model enlarges.
        enlarger: the model at work; None: there is none.
        is_smaller: whether the output has fewer samples than what it shows, so that memory is
            saved by resampling early.
    """

    def __init__(
        self,
        info: VideoInfo,
        output: VideoInfo,
        crop: Crop | None,
        upscaler: Upscaler | None = None,
    ) -> None:
        """
        Args:
            info: of the native pictures.
            output: gives the size.
            crop: the part to show; None: all.
            upscaler: a model, for an output that is larger than that.
        """
        part = crop or info
        self._depth = info.bit_depth
        self._windows = crop.windows(info) if crop else None
        self.resampler: Resampler | None = None
        self.enlarger: Enlarger | None = None
        if upscaler and (output.width > part.width or output.height > part.height):
            self.enlarger = Enlarger(upscaler, cut(info, part), output)
        elif (output.width, output.height) != (part.width, part.height):
            self.resampler = Resampler(areas_of(info, output, crop), info.bit_depth)
        self.is_smaller = output.width * output.height < part.width * part.height
        self.is_smaller &= self.resampler is not None
        self._threads: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """End the threads."""
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None

    def shown(self, pictures: Planes) -> Planes:
        """Codes of the output.

        Args:
            pictures: native planes: codes, or float32 in centred 8-bit code values.

        Raises:
            CorruptError: a sample is not a finite number.
        """
        if self.resampler is not None:
            return self.resampler.planes(pictures, self._pool())
        if self._windows is not None:
            pictures = tuple(
                np.ascontiguousarray(plane[window])
                for plane, window in zip(pictures, self._windows, strict=True)
            )
        return self.enlarged(codes_of(pictures, self._depth))

    def enlarged(self, pictures: Planes) -> Planes:
        """Codes of the output, of those of what it shows at native size."""
        if self.enlarger is None:
            return pictures
        return self.enlarger.shown(pictures, self._pool())

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(min(usable_cores(), _MOST_THREADS))
        return self._threads


def cut(info: VideoInfo, part: Crop | VideoInfo) -> VideoInfo:
    """What a part of a video's picture is; its matrix is that of the whole, by name."""
    matrix = info.color.matrix
    if matrix == _UNSPECIFIED:
        matrix = default_matrix(info.width, info.height)
    color = replace(info.color, matrix=matrix)
    return replace(info, width=part.width, height=part.height, color=color)


def codes_of(planes: Planes, depth: int) -> Planes:
    """Codes as they are, or those of float32 in centred 8-bit code values (spec clause 8.6).

    Raises:
        CorruptError: a sample is not a finite number.
    """
    if planes[0].dtype.kind != "f":
        return planes
    if not all(np.isfinite(plane.sum()) for plane in planes):
        raise CorruptError("samples are not finite numbers")
    scale, top = np.float32(1 << (depth - 8)), np.float32((1 << depth) - 1)
    kind = np.uint8 if depth == 8 else np.uint16
    return tuple(
        np.clip(np.floor((plane + np.float32(128)) * scale + np.float32(0.5)), 0, top).astype(kind)
        for plane in planes
    )
