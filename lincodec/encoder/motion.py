"""The motion tensor of a segment: its size, and how it gets into the segment (spec clause 8.7)."""

from __future__ import annotations

import math
from dataclasses import replace

from lincodec.bitstream.segment import Field, SegmentCode
from lincodec.entropy import field as fields
from lincodec.options import RATES, EncodeOptions
from lincodec.registry import Role
from lincodec.types import VideoInfo

#: Cells along both axes of a picture of about this many luma samples are 16 samples wide.
_AREA = 480 * 480
_CELL = 16
#: Share of a partitioned segment's bytes that motion for frames in between may add.
_SHARE = 0.02


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
