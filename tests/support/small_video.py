"""A small video with sound, made by code."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

#: Frames of the small video, and those a second.
FRAMES, RATE = 60, 20


def moving(frame: int) -> NDArray[np.uint8]:
    """A disc that goes from left to right over stripes; from the middle of the video on, turned."""
    rows, columns = np.mgrid[:64, :96]
    stripes = 90 + 40 * np.sin(columns / 3 + (frame >= FRAMES // 2) * rows / 2)
    disc = (columns - 10 - 1.2 * frame) ** 2 + (rows - 32) ** 2 < 150
    luma = np.where(disc, 200 - (frame >= FRAMES // 2) * 150, stripes)
    return np.stack([luma, np.where(disc, 40, luma), 255 - luma], axis=-1).astype(np.uint8)


def write_source(path: Path, codec: str = "aac") -> None:
    """H.264 and a tone of 440 Hz in a codec; the format is that of the suffix."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE, options={"crf": "8"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        sound = out.add_stream(codec, rate=48000, layout="stereo")
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(moving(number), format="rgb24")
            out.mux(video.encode(frame.reformat(format="yuv420p")))
        out.mux(video.encode(None))
        tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(48000 * FRAMES // RATE) / 48000)
        for start in range(0, tone.size, 1024):
            part = tone[None, start : start + 1024].astype(np.float32).repeat(2, axis=0)
            samples = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), "fltp", "stereo")
            samples.rate, samples.pts = 48000, start
            out.mux(sound.encode(samples))
        out.mux(sound.encode(None))
