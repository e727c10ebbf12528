"""Other codecs as whole processes, with PyAV alone.

python -m benchmarks.codec.transcode encode SOURCE OUT CODEC PRESET CRF FRAMES
python -m benchmarks.codec.transcode decode SOURCE
"""

from __future__ import annotations

import os
import sys
from itertools import islice

os.environ.setdefault("SVT_LOG", "1")

import av
from av.video.stream import VideoStream


def encode(source: str, out: str, codec: str, preset: str, crf: str, frames: int) -> None:
    """The first frames of a file into another one, as planar 4:2:0 of 8 bits."""
    options = {"preset": preset, "crf": crf}
    if codec == "libx265":
        options["x265-params"] = "log-level=error"
    with av.open(source) as given, av.open(out, "w") as made:
        video = given.streams.video[0]
        video.thread_type = "AUTO"
        stream = made.add_stream(codec, rate=video.average_rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p"
        stream.codec_context.thread_type = "AUTO"
        for frame in islice(given.decode(video), frames):
            frame.pts = None
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))


def decode(source: str) -> int:
    """Decode a file to nowhere; returns its frames."""
    with av.open(source) as container:
        container.streams.video[0].thread_type = "AUTO"
        return sum(1 for _ in container.decode(video=0))


def main() -> None:
    """As the command line says."""
    what, *rest = sys.argv[1:]
    if what == "encode":
        source, out, codec, preset, crf, frames = rest
        encode(source, out, codec, preset, crf, int(frames))
    else:
        print(decode(*rest))


if __name__ == "__main__":
    main()
