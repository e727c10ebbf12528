"""Frames as pictures of their own: upright RGB with square samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lincodec.types import Planes, VideoInfo
from lincodec.video.color import to_rgb
from lincodec.video.orientation import square_size, upright

#: PyAV's name of RGB samples by their type.
_FORMATS = {np.dtype(np.uint8): "rgb24", np.dtype(np.uint16): "rgb48le"}


def rgb_frame(picture: NDArray[Any]) -> VideoFrame:
    """RGB [height, width, 3], uint8 or uint16, as a frame."""
    data = np.ascontiguousarray(picture)
    return VideoFrame.from_ndarray(data, format=_FORMATS[data.dtype])


def square_rgb(planes: Planes, info: VideoInfo, *, deep: bool = False) -> NDArray[Any]:
    """A frame as it is to be shown, RGB [height, width, 3] in uint8, ``deep``: uint16."""
    top, dtype = (65535, np.uint16) if deep else (255, np.uint8)
    rgb = np.rint(to_rgb(planes, info) * np.float32(top / 255)).astype(dtype)
    width, height = square_size((info.width, info.height), info.sar)
    if (width, height) != (info.width, info.height):
        scaled = rgb_frame(rgb).reformat(width, height, interpolation="BICUBIC", threads=1)
        rgb = scaled.to_ndarray()
    return upright(rgb, info)
