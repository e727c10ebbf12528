"""Small pictures as JPEG."""

from __future__ import annotations

import io

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray


def jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """RGB samples [height, width, 3] as JPEG; sides that are odd lose a sample."""
    height, width = (max(2, side // 2 * 2) for side in rgb.shape[:2])
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb[:height, :width]), format="rgb24")
    buffer = io.BytesIO()
    with av.open(buffer, mode="w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1, options={"q:v": "4"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuvj420p"
        picture = frame.reformat(format="yuvj420p", dst_color_range=2, threads=1)
        for packet in [*stream.encode(picture), *stream.encode(None)]:
            container.mux(packet)
    return buffer.getvalue()
