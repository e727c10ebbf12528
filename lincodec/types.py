"""Data that travels between stages: frozen dataclasses, units in the docstrings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeVar

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


TrackT = TypeVar("TrackT", bound=AudioTrack)


def delayed(track: TrackT, seconds: Fraction) -> TrackT:
    """The same track that much later."""
    ticks = round(seconds / track.time_base)
    later = (replace(p, pts=p.pts + ticks, dts=p.dts + ticks) for p in track.packets)
    return replace(track, packets=tuple(later))


@dataclass(frozen=True)
class Track(AudioTrack):
    """A further passed-through stream, sound or subtitles, with what is said of it."""

    kind: str = "audio"
    """audio or subtitle; subtitles have no sample rate (0) and no layout."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Such as ``language`` and ``title``."""
    dispositions: tuple[str, ...] = ()
    """FFmpeg's names, such as ``default``, ``forced``, ``hearing_impaired``."""


@dataclass(frozen=True)
class Chapter:
    """A part of the video with a name."""

    start: Fraction
    """Seconds from the first frame; may be negative."""
    end: Fraction
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Display:
    """What a display needs to know of the pictures beyond HEAD; None: nothing is said."""

    mastering: tuple[float, ...] | None = None
    """CIE x and y of red, green, blue and white, then least and largest luminance in cd/m2."""
    light: tuple[int, int] | None = None
    """Maximum content and frame-average light level in cd/m2."""
    spherical: tuple[int, ...] | None = None
    """Projection (0 equirectangular, 1 cube map, 2 tile of an equirectangular one); yaw, pitch,
    roll in 1/65536 of a degree; bounds left, top, right, bottom in 2^-32; padding of a cube map."""
    stereo: tuple[int, int] | None = None
    """Arrangement (1 side by side, 2 top and bottom, ... as FFmpeg counts); 1: views swapped."""


@dataclass(frozen=True)
class Beside:
    """What a video file holds beside its pictures and its first audio track."""

    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the file: title, date, location, camera, ... by FFmpeg's names."""
    video: Mapping[str, str] = field(default_factory=dict)
    """Tags of the video stream."""
    audio: Mapping[str, str] = field(default_factory=dict)
    """Tags of the first audio track."""
    dispositions: tuple[str, ...] = ()
    """Of the first audio track."""
    chapters: tuple[Chapter, ...] = ()
    attachments: tuple[str, ...] = ()
    """Names of attached files, which are not kept."""
    display: Display = field(default_factory=Display)
    tracks: tuple[Track, ...] = ()
    """Further audio tracks and subtitles, in the order of the file."""
