"""A contact sheet of a video as HTML, for notebooks."""

from __future__ import annotations

import base64
import html
import os
from typing import TYPE_CHECKING

import numpy as np

from lincodec.decoder.stills import tiled
from lincodec.video.still import png

if TYPE_CHECKING:
    from lincodec.api.video import Video

_COLUMNS, _PICTURES = 4, 8
#: Longest side of a picture.
_SIDE = 160


def sheet(video: Video) -> str:
    """Pictures at even distances under a line of text."""
    about = video.metadata
    scale = min(1.0, _SIDE / max(about.width, about.height))
    size = max(1, round(about.width * scale)), max(1, round(about.height * scale))
    count = min(_PICTURES, len(video))
    frames = [len(video) * (2 * k + 1) // (2 * count) for k in range(count)]
    pictures = video.frames_at(frames, size=size).data
    top = 1.0 if video.dtype.kind == "f" else float(np.iinfo(video.dtype).max)
    small = [np.rint(picture * (255 / top)).astype(np.uint8) for picture in pictures]
    data = base64.b64encode(png(tiled(small, min(count, _COLUMNS)))).decode("ascii")
    name = html.escape(os.path.basename(video.path))
    text = (
        f"{about.width}×{about.height}, {about.num_frames} frames, "
        f"{about.average_fps:.5g} fps, {about.duration_seconds:.1f} s, "
        f"{about.num_segments} segments"
    )
    return (
        f"<div><div><b>{name}</b> {text}</div>"
        f'<img alt="frames of {name}" src="data:image/png;base64,{data}"></div>'
    )
