"""Frames of a decoded segment at native size, by array programs (spec clause 8)."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lincodec.bitstream.segment import SegmentCode
from lincodec.container import Arch
from lincodec.decoder.load import ON_CPU, Rendering, segment_model
from lincodec.decoder.paint import batch_size
from lincodec.model.output import quantise, to_frames
from lincodec.types import Planes, VideoInfo


def native_frames(
    code: SegmentCode,
    arch: Arch,
    info: VideoInfo,
    rendering: Rendering = ON_CPU,
    every: int = 1,
) -> Iterator[Planes]:
    """Every ``every``-th frame of a segment, from the first.

    Args:
        code: of the segment.
        arch, info: of the file.
        rendering: device and backend.
        every: only so many-th frames are rendered, where rendering is slow.

    Raises:
        CorruptError: tensors are missing or of the wrong size.
    """
    model = segment_model(code, arch, info, rendering)
    batch = batch_size(info)
    once = 1 if rendering.device.type == "cpu" else batch  # one frame stays in the cache
    times = torch.arange(0, code.n_frames, every, dtype=torch.float64)
    for start in range(0, len(times), batch):
        with torch.inference_mode():
            planes = model.pictures(times[start : start + batch])
            for at in range(0, planes[0].shape[0], once):
                codes = quantise([plane[at : at + once] for plane in planes], info.bit_depth)
                yield from to_frames(codes)
