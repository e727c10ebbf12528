"""Clips of the paper's experiments at a scale, and what interpolation is measured against."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.common.anchors import Clip, clip_path
from lincodec.options import Span
from lincodec.types import Planes, Times, VideoInfo
from lincodec.video import metrics
from lincodec.video.color import from_rgb, to_rgb
from lincodec.video.reader import FrameReader

Pictures = list[NDArray[Any]]


def small_clip(name: str, frames: int, size: tuple[int, int] | None, folder: Path) -> Clip:
    """The first frames of a clip, averaged down to (width, height) as 4:4:4, as a y4m file.

    Args:
        name: a clip of ``anchors.clip_path`` or a path.
        frames: how many.
        size: must divide the clip's size; None: the clip as it is, from its own file.
        folder: where to write.
    """
    path = clip_path(name)
    with FrameReader(path, span=Span(frames=frames)) as reader:
        info = replace(reader.info, n_frames=None)
        planes = [frame.planes for frame in reader]
    info = replace(info, n_frames=len(planes))
    if size is None:
        return in_memory(name, planes, info, path)
    width, height = size
    small = replace(info, width=width, height=height, chroma_shift=(0, 0), sar=Fraction(1))
    planes = [from_rgb(_averaged(np.asarray(to_rgb(p, info)), size), small) for p in planes]
    return written(name, planes, small, folder)


def _averaged(rgb: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    width, height = size
    down, across = rgb.shape[0] // height, rgb.shape[1] // width
    return rgb.reshape(height, down, width, across, 3).mean((1, 3))


def in_memory(name: str, planes: list[Planes], info: VideoInfo, path: str) -> Clip:
    """A clip whose frames are at a constant rate."""
    times = Times(1 / info.fps, tuple(range(len(planes))), 1)
    return Clip(name, path, Span(frames=len(planes)), info, times, planes)


def written(name: str, planes: list[Planes], info: VideoInfo, folder: Path) -> Clip:
    """A clip in a y4m file of its own."""
    handle = tempfile.NamedTemporaryFile(suffix=".y4m", dir=folder, delete=False)  # noqa: SIM115
    kind = {(1, 1): "420", (1, 0): "422", (0, 0): "444", None: "mono"}[info.chroma_shift]
    fps = info.fps
    with handle as file:
        head = f"YUV4MPEG2 W{info.width} H{info.height} F{fps.numerator}:{fps.denominator} C{kind}"
        file.write(f"{head} Ip A1:1\n".encode())
        for picture in planes:
            file.write(b"FRAME\n" + b"".join(plane.tobytes() for plane in picture))
    return in_memory(name, planes, info, handle.name)


def every(clip: Clip, stride: int, folder: Path) -> Clip:
    """Every ``stride``-th frame, from the first on, at that share of the frame rate."""
    info = replace(clip.info, fps=clip.info.fps / stride, n_frames=None)
    return written(clip.name, clip.frames[::stride], info, folder)


@dataclass(frozen=True)
class HeldOut:
    """The frames between keys at a stride, and how well stand-ins match them."""

    clip: Clip
    stride: int

    @property
    def keys(self) -> range:
        """Numbers of the key frames."""
        return range(0, len(self.clip.frames), self.stride)

    @property
    def numbers(self) -> list[int]:
        """Numbers of the frames between two keys."""
        return [t for t in range(self.keys[-1]) if t % self.stride]

    def rgb(self, t: int) -> NDArray[Any]:
        """Colours of a true frame."""
        return np.asarray(to_rgb(self.clip.frames[t], self.clip.info))

    def psnr(self, pictures: Iterator[NDArray[Any]] | Sequence[NDArray[Any]]) -> float:
        """Mean RGB PSNR of a picture for each held-out frame, in order."""
        found = [
            metrics.psnr(metrics.mse(self.rgb(t), picture))
            for t, picture in zip(self.numbers, pictures, strict=True)
        ]
        return sum(found) / len(found)

    def copies(self) -> Iterator[NDArray[Any]]:
        """The nearest key frame, the earlier one if both are as near."""
        for t in self.numbers:
            before = t // self.stride * self.stride
            yield self.rgb(before if 2 * (t - before) <= self.stride else before + self.stride)

    def fades(self) -> Iterator[NDArray[Any]]:
        """The linear blend of the two true key frames."""
        for t in self.numbers:
            before = t // self.stride * self.stride
            beta = (t - before) / self.stride
            yield (1 - beta) * self.rgb(before) + beta * self.rgb(before + self.stride)

    def minterpolated(self) -> Iterator[NDArray[Any]]:
        """ffmpeg's minterpolate (mci, bidir) of the true key frames."""
        shown = _minterpolate([self.rgb(t) for t in self.keys], self.stride)
        for t in self.numbers:
            yield shown[t]


def _minterpolate(keys: Pictures, stride: int) -> dict[int, NDArray[Any]]:
    """Output frames by number; the filter looks ahead, so the last key is shown a few times."""
    height, width = keys[0].shape[:2]
    enlarge = max(1, -(-128 // min(height, width)))  # its blocks of 16 need room
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=width * enlarge, height=height * enlarge, format="yuv444p", time_base=Fraction(1, 25)
    )
    work = graph.add("minterpolate", f"fps={25 * stride}:mi_mode=mci:me_mode=bidir:scd=none")
    sink = graph.add("buffersink")
    source.link_to(work)
    work.link_to(sink)
    graph.configure()
    info = VideoInfo(width * enlarge, height * enlarge, Fraction(25), chroma_shift=(0, 0))
    out: dict[int, NDArray[Any]] = {}
    for index, rgb in enumerate([*keys, *[keys[-1]] * 3]):
        large = rgb.repeat(enlarge, 0).repeat(enlarge, 1)
        planes = np.stack(from_rgb(large, info))
        frame = av.VideoFrame.from_ndarray(planes, format="yuv444p")
        frame.pts, frame.time_base = index, Fraction(1, 25)
        graph.push(frame)
        _drain(graph, info, enlarge, stride, out)
    graph.push(None)
    _drain(graph, info, enlarge, stride, out)
    return out


def _drain(
    graph: Any, info: VideoInfo, enlarge: int, stride: int, out: dict[int, NDArray[Any]]
) -> None:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        number = round(frame.pts * frame.time_base * 25 * stride)
        planes = tuple(frame.to_ndarray())
        rgb = np.asarray(to_rgb(planes, info))
        out[number] = _averaged(rgb, (info.width // enlarge, info.height // enlarge))
