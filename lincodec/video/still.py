"""One picture as PNG."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def png(rgb: NDArray[np.uint8]) -> bytes:
    """RGB samples [height, width, 3] as an 8-bit PNG."""
    height, width = rgb.shape[:2]
    context = av.CodecContext.create("png", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "rgb24"
    context.time_base = Fraction(1)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def write_png(path: Path, rgb: NDArray[np.uint8]) -> None:
    """Write RGB samples [height, width, 3] as an 8-bit PNG."""
    path.write_bytes(png(rgb))
