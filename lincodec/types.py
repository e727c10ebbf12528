"""Data that travels between stages: frozen dataclasses, units in the docstrings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: One decoded frame: planes (Y, U, V) or (Y,), each [h, w] uint8 (8-bit) or uint16 (9..16-bit).
Planes = tuple[NDArray[Any], ...]

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class ColorInfo:
    """Colour description by the code points of ITU-T H.273 (CICP); 2 means unspecified."""

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    full_range: bool = False


@dataclass(frozen=True)
class VideoInfo:
    """What a stream of frames is, as stored (before rotation and aspect correction)."""

    width: int
    """Luma samples per row."""
    height: int
    """Luma rows."""
    fps: Fraction
    """Nominal frames per second; exact."""
    n_frames: int | None = None
    """Number of frames, None while unknown (pipes)."""
    sar: Fraction = Fraction(1)
    """Sample aspect ratio, width over height of one sample."""
    rotation: int = 0
    """Degrees as PyAV's ``frame.rotation`` gives them, normalised to 0, 90, 180 or 270."""
    mirrored: bool = False
    """Whether left and right are exchanged for display, after the rotation."""
    bit_depth: int = 8
    """Bits per sample, 8..16."""
    chroma_shift: tuple[int, int] | None = (1, 1)
    """log2 of the horizontal and vertical chroma subsampling; None for grey."""
    color: ColorInfo = ColorInfo()

    @property
    def plane_sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of each plane, chroma sizes rounded up."""
        luma = (self.height, self.width)
        if self.chroma_shift is None:
            return (luma,)
        sx, sy = self.chroma_shift
        chroma = ((self.height + (1 << sy) - 1) >> sy, (self.width + (1 << sx) - 1) >> sx)
        return (luma, chroma, chroma)


def plane_shifts(sizes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """By how many bits rows and columns of each plane are fewer than those of the first.

    Args:
        sizes: (height, width) of each plane, luma first.
    """
    height, width = sizes[0]
    return [(int(h != height), int(w != width)) for h, w in sizes]


@dataclass(frozen=True)
class Frame:
    """One picture with its presentation time."""

    planes: Planes
    pts: int
    """Presentation time in units of the stream's time base."""


@dataclass(frozen=True)
class Times:
    """Presentation times of all frames of a video."""

    time_base: Fraction
    """Seconds per tick."""
    pts: tuple[int, ...]
    """One strictly increasing time per frame, in ticks; the first is normally 0."""
    last_duration: int
    """Ticks for which the last frame is shown."""


@dataclass(frozen=True)
class AudioPacket:
    """One coded audio packet, bytes exactly as in the source."""

    pts: int
    dts: int
    duration: int
    data: bytes
    is_keyframe: bool = True


@dataclass(frozen=True)
class AudioTrack:
    """A passed-through audio stream: codec parameters and packets."""

    codec: str
    """FFmpeg decoder name, e.g. ``aac``."""
    time_base: Fraction
    """Seconds per tick of packet times; times are relative to the first video frame."""
    sample_rate: int
    layout: str
    """FFmpeg channel layout name, e.g. ``5.1``."""
    bit_rate: int
    extradata: bytes
    packets: tuple[AudioPacket, ...]
