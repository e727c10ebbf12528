"""A picture file as samples."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray

from lincodec.video.source import reason

#: Samples of a picture at most, which a small file may claim.
_MOST = 1 << 26


def read_picture(data: bytes) -> NDArray[np.uint8]:
    """RGB samples [height, width, 3] of a JPEG, PNG, WebP, GIF, BMP or AVIF; of a film the first.

    Raises:
        ValueError: it is no picture, or too large.
    """
    try:
        with av.open(io.BytesIO(data), "r") as container:
            stream = container.streams.video[0]
            if stream.width * stream.height > _MOST:
                raise ValueError(f"{stream.width}x{stream.height} are too many samples")
            for frame in container.decode(stream):
                return frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    except (av.error.FFmpegError, IndexError, OSError) as error:
        raise ValueError(reason(error) if isinstance(error, OSError) else "no picture") from error
    raise ValueError("it has no picture")
