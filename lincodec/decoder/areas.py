"""What part of the picture is rendered, and with how many samples (spec clause 8.4)."""

from __future__ import annotations

from dataclasses import replace

from lincodec.core.resample import Area, Extent
from lincodec.crop import Crop
from lincodec.types import VideoInfo


def areas_of(info: VideoInfo, output: VideoInfo, crop: Crop | None = None) -> list[Area]:
    """Rows and columns of every plane of ``output``, which shows a crop of ``info``."""
    part = replace(info, width=crop.width, height=crop.height) if crop else info
    left, top = (crop.x, crop.y) if crop else (0, 0)
    sx, sy = info.chroma_shift or (0, 0)
    areas = []
    for index, (native, shown, out) in enumerate(
        zip(info.plane_sizes, part.plane_sizes, output.plane_sizes, strict=True)
    ):
        x, y = (left >> sx, top >> sy) if index else (left, top)
        rows = Extent(native[0], y, y + shown[0], out[0])
        areas.append((rows, Extent(native[1], x, x + shown[1], out[1])))
    return areas
