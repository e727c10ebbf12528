"""The part of decoded pictures that a container says is to be shown."""

from __future__ import annotations

from dataclasses import replace

from lincodec.types import Planes, VideoInfo
from lincodec.video.facts import Crop

#: (left, top) in luma samples, where chroma samples begin too.
Corner = tuple[int, int]


def cropped_info(whole: VideoInfo, crop: Crop | None) -> tuple[VideoInfo, Corner]:
    """The video that is shown, and where its pictures begin in the decoded ones.

    The corner is moved up and to the left to where a chroma sample begins. What would leave
    nothing is no crop.
    """
    if crop is None:
        return whole, (0, 0)
    right, bottom = whole.width - crop.right, whole.height - crop.bottom
    sx, sy = whole.chroma_shift or (0, 0)
    left, top = crop.left >> sx << sx, crop.top >> sy << sy
    if not (0 <= left < right <= whole.width and 0 <= top < bottom <= whole.height):
        return whole, (0, 0)
    return replace(whole, width=right - left, height=bottom - top), (left, top)


def cropped(planes: Planes, whole: VideoInfo, shown: VideoInfo, corner: Corner) -> Planes:
    """Planes of ``whole`` cut to those of ``shown``; the same ones where nothing is cut off."""
    if (whole.width, whole.height) == (shown.width, shown.height):
        return planes
    cut = []
    for plane, (height, width), chroma in zip(planes, shown.plane_sizes, (0, 1, 1), strict=False):
        sx, sy = (whole.chroma_shift or (0, 0)) if chroma else (0, 0)
        x, y = corner[0] >> sx, corner[1] >> sy
        cut.append(plane[y : y + height, x : x + width].copy())
    return tuple(cut)
