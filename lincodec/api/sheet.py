"""A contact sheet of a video as HTML, for notebooks."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Callable

import numpy as np

from lincodec.api.frames import RANGES, Pixels
from lincodec.api.metadata import VideoMetadata
from lincodec.decoder.stills import tiled
from lincodec.video.still import png

Size = tuple[int, int]

_COLUMNS, _PICTURES = 4, 8
#: Longest side of a picture.
_SIDE = 160


def sheet(path: str, about: VideoMetadata, pictures: Callable[[list[int], Size], Pixels]) -> str:
    """Pictures at even distances under a line of text.

    Args:
        path: of the video.
        about: what it is.
        pictures: samples [n, height, width, 3] of frames by number and (width, height).
    """
    scale = min(1.0, _SIDE / max(about.width, about.height))
    size = max(1, round(about.width * scale)), max(1, round(about.height * scale))
    count = min(_PICTURES, about.num_frames)
    frames = [about.num_frames * (2 * k + 1) // (2 * count) for k in range(count)]
    found = pictures(frames, size)
    scaled = np.rint(found * (255 / RANGES[found.dtype.name])).astype(np.uint8)
    data = base64.b64encode(png(tiled(list(scaled), min(count, _COLUMNS)))).decode("ascii")
    name = html.escape(os.path.basename(path))
    text = (
        f"{about.width}×{about.height}, {about.num_frames} frames, "
        f"{about.average_fps:.5g} fps, {about.duration_seconds:.1f} s, "
        f"{about.num_segments} segments"
    )
    return (
        f"<div><div><b>{name}</b> {text}</div>"
        f'<img alt="frames of {name}" src="data:image/png;base64,{data}"></div>'
    )
