"""What every engine is given and must do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lincodec.bitstream.segment import SegmentCode
from lincodec.container import Arch
from lincodec.decoder.load import ON_CPU, Rendering
from lincodec.encoder.budget import Budget
from lincodec.encoder.presets import Preset
from lincodec.encoder.segments import Range
from lincodec.options import EncodeOptions
from lincodec.semantics.pull import Pull
from lincodec.types import Frame, VideoInfo


@dataclass(frozen=True)
class Setting:
    """What an encode is about, the same for every segment."""

    options: EncodeOptions
    preset: Preset
    info: VideoInfo
    frames: int | None
    """Frames of the video, None while unknown."""


class Engine(ABC):
    """Fits segments of one architecture.

    Attributes:
        arch: parameters of the file, fixed when the engine is made.
        timed: whether a fit gets better the longer it may run.
        room: latent entries that a fit can pull towards embeddings; 0 where heads do that.
        pulls: for the next fit; empty without alignment.
        rendering: where segments are rendered to be measured.
        cut_short: whether ``max_time`` ended a fit.
        measured_every: of so many frames one is rendered and measured.
        warnings: what the user should know about the options, a line each.
        reserved: bytes of the next segment that others add to it, such as its motion.
    """

    arch: Arch
    timed: bool = False
    room: int = 0
    pulls: tuple[Pull, ...] = ()
    rendering: Rendering = ON_CPU
    measured_every: int = 1
    cut_short: bool = False
    warnings: tuple[str, ...] = ()
    reserved: int = 0

    @abstractmethod
    def __init__(self, setting: Setting, part: Range, frames: Sequence[Frame]) -> None:
        """
        Args:
            setting: the encode.
            part: the first part of the video,
            frames: and its frames.

        Raises:
            UsageError: the options do not suit the architecture.
        """

    @staticmethod
    @abstractmethod
    def check(preset: Preset, options: EncodeOptions) -> None:
        """Refuse what cannot work before anything is opened.

        Raises:
            UsageError: the options do not suit the architecture.
            ResourceError: the device or backend is not there.
        """

    @staticmethod
    @abstractmethod
    def longest(setting: Setting) -> int:
        """Most frames of a segment that the preset, the user and memory allow."""

    @property
    @abstractmethod
    def bound(self) -> int:
        """Most tensor elements that any segment takes (max_params of HEAD)."""

    def cut_seconds(self, frames: int) -> float:
        """Wall seconds, on a slow machine, of finding how so many frames are best cut."""
        return 0.0

    def cut(self, part: Range, frames: Sequence[Frame]) -> list[Range]:
        """Segments for consecutive frames of one shot; by default one."""
        return [part]

    def seconds(self, part: Range) -> float:
        """Wall seconds that the preset gives to the fit of a segment beyond its least."""
        return 0.0

    @abstractmethod
    def fit(self, part: Range, frames: Sequence[Frame], budget: Budget) -> SegmentCode:
        """Fit one segment within its budget."""

    def account(self, part: Range, coded: int) -> None:  # noqa: B027 (most need no account)
        """Note the bytes that a segment took in the end."""
