"""The motion tensor of a segment: estimated, measured and put into the segment (spec clause 8.7).

A field lies on a grid and is seen from halfway between its two frames: what the picture shows
there was half a displacement back in the first and will be half ahead in the second. The core
searches coarse to fine: each pass warps both frames by the field so far and solves the linearised
match for a small correction, with neighbouring cells held together (Horn and Schunck 1981, on
cells instead of samples; robust weights after Black and Anandan 1996).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream.segment import Field, SegmentCode
from lincodec.core.flow import FlowSearch, halved, smoothed
from lincodec.entropy import field as fields
from lincodec.options import RATES, EncodeOptions
from lincodec.registry import Role
from lincodec.system.cores import usable_cores
from lincodec.types import Planes, VideoInfo

#: Cells along both axes of a picture of about this many luma samples are 16 samples wide.
_AREA = 480 * 480
_CELL = 16
#: Share of a partitioned segment's bytes that motion for frames in between may add.
_SHARE = 0.02
#: Luma samples of a frame that the search looks at, at most.
_SEARCH_AREA = 240_000
_LARGEST = 4096  # of an integer

Floats = NDArray[np.float32]


def grid_size(height: int, width: int) -> tuple[int, int]:
    """(rows, columns) of the motion grid of a picture."""
    cell = _CELL * 2 ** max(0, round(math.log2(math.sqrt(height * width / _AREA))))
    return -(-height // cell), -(-width // cell)


def motion_step(info: VideoInfo) -> float:
    """Luma samples that a displacement of one stands for: a sixteenth of a cell."""
    rows, columns = grid_size(info.height, info.width)
    return max(info.width / columns, info.height / rows) / _CELL


def motion_bound(info: VideoInfo, frames: int) -> int:
    """Elements of the motion tensor of a segment."""
    rows, columns = grid_size(info.height, info.width)
    return 2 * rows * columns * frames


def with_motion(code: SegmentCode, motion: Field) -> SegmentCode:
    """The segment with the motion up to each of its frames."""
    return replace(code, tensors={**code.tensors, (Role.MOTION, 0): motion})


def motion_bytes(motion: Field) -> int:
    """Bytes of its payload."""
    return len(fields.encode(motion.q))


def motion_pays(code: SegmentCode, size: int, options: EncodeOptions) -> bool:
    """Whether to store motion of ``size`` bytes.

    Beside partitioned frames only if asked to, or if it takes few bytes and none are counted.
    """
    if code.pictures is None or options.motion is not None:
        return True
    if any(getattr(options, name) is not None for name in RATES[1:]):
        return False
    return size <= _SHARE * len(code.pictures.stream)


def motion_field(frames: Sequence[Planes], info: VideoInfo, threads: int | None = None) -> Field:
    """Displacements from every frame to the next, int [len(frames) - 1, 2, rows, columns].

    They are the same with any number of ``threads``; None: one for every core.
    """
    cells, count = grid_size(info.height, info.width), len(frames) - 1
    with ThreadPoolExecutor(threads or usable_cores()) as pool:
        luma = list(pool.map(lambda planes: prepared(planes[0], info.bit_depth), frames))
        parts = -(-count // (threads or usable_cores()))

        def searched(first: int) -> list[Floats]:
            search = FlowSearch(luma[0].shape, cells)
            return [
                search.between(luma[at], luma[at + 1])
                for at in range(first, min(first + parts, count))
            ]

        found = [field for fields in pool.map(searched, range(0, count, parts)) for field in fields]
    rows, columns = luma[0].shape
    scale = np.array([info.width / columns, info.height / rows], np.float32)[:, None, None]
    step = float(np.float32(motion_step(info)))
    q = np.rint(np.stack(found) * scale / step).clip(-_LARGEST, _LARGEST).astype(np.int64)
    return Field(q, step)


def prepared(luma: NDArray[np.generic], bit_depth: int) -> Floats:
    """Luma in 8-bit code values, halved until it is small enough to search, and smoothed."""
    plane = luma.astype(np.float32)
    if bit_depth > 8:
        plane *= np.float32(2.0 ** (8 - bit_depth))
    while plane.size > _SEARCH_AREA:
        plane = halved(plane)
    return smoothed(plane)
