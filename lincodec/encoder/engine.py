"""What every engine is given and must do."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from lincodec.bitstream.segment import SegmentCode
from lincodec.container import Arch
from lincodec.encoder.aim import Aim
from lincodec.encoder.budget import Budget
from lincodec.encoder.presets import Preset
from lincodec.encoder.rate_survey import RateSample
from lincodec.encoder.segments import Range
from lincodec.options import EncodeOptions
from lincodec.semantics.pull import Pull
from lincodec.system.cores import usable_cores
from lincodec.types import Frame, VideoInfo

if TYPE_CHECKING:
    from lincodec.decoder.load import Rendering


#: Software of an engine that needs nothing but the core.
CORE = "cpu core"


@dataclass(frozen=True)
class Setting:
    """What an encode is about, the same for every segment."""

    options: EncodeOptions
    preset: Preset
    info: VideoInfo
    frames: int | None
    """Frames of the video, None while unknown."""
    threads: int = field(default_factory=usable_cores)
    """That encode; the bytes are the same with any number."""
    deadline: float | None = None
    """``time.monotonic`` value at which the file should be finished."""


@dataclass(frozen=True)
class SegmentPlan:
    """A segment to fit, and what trials found out about it."""

    part: Range
    partitioned: bool | None = None
    """Whether it is better partitioned than drawn from latents; None: not found out."""


@dataclass(frozen=True)
class SegmentTask:
    """All that a fit of one segment depends on, beside the engine's own settings."""

    plan: SegmentPlan
    frames: Sequence[Frame]
    """The source's, as many as the plan has."""
    budget: Budget
    step: float
    """Luma step in 8-bit code values; with an aim, where its search begins."""
    aim: Aim | None = None
    """What it must come to."""
    pulls: tuple[Pull, ...] = ()
    """What its latents are drawn to; empty without alignment."""

    @property
    def part(self) -> Range:
        """Frames of the segment."""
        return self.plan.part


@dataclass(frozen=True)
class Fitted:
    """What came of a task."""

    code: SegmentCode
    """The segment, quantised as it will be written."""
    cut_short: bool = False
    """Whether time or the user ended the fit early."""


class Engine(ABC):
    """Fits segments of one architecture: ``cut`` plans them, ``fit`` turns a task into a result.

    Nothing that is fitted is kept from one task to the next, so tasks may be shared out.

    Attributes:
        arch: parameters of the file, fixed when the engine is made.
        timed: whether a fit gets better the longer it may run.
        room: latent entries that a fit can pull towards embeddings; 0 where heads do that.
        setting: the encode.
        measured_every: of so many frames one is rendered and measured.
        warnings: what the user should know about the options, a line each.
    """

    arch: Arch
    timed: bool = False
    room: int = 0
    setting: Setting
    measured_every: int = 1
    warnings: tuple[str, ...] = ()

    @abstractmethod
    def __init__(self, setting: Setting, frames: Sequence[Frame], arch: Arch | None = None) -> None:
        """
        Args:
            setting: the encode.
            frames: of the first part of the video; none are looked at with an ``arch``.
            arch: parameters that were fixed before; None: they follow from the frames.

        Raises:
            UsageError: the options do not suit the architecture.
        """

    @cached_property
    def rendering(self) -> Rendering:
        """Where array programs run; finding out loads torch."""
        options = self.setting.options
        load = importlib.import_module("lincodec.decoder.load")
        found: Rendering = load.Rendering.of(options.device, options.backend)
        return found

    @property
    def software(self) -> str:
        """Device class and software of what was used, as qLTY names them."""
        if "rendering" not in vars(self):
            return CORE
        devices = importlib.import_module("lincodec.model.devices")
        return str(devices.device_name(self.rendering.device))

    @staticmethod
    @abstractmethod
    def check(preset: Preset, options: EncodeOptions) -> None:
        """Refuse what cannot work before anything is opened.

        Raises:
            UsageError: the options do not suit the architecture.
            ResourceError: the device or backend is not there.
        """

    @staticmethod
    def counts_steps(preset: Preset, options: EncodeOptions) -> bool:
        """Whether a fit without a time limit is the same however fast the machine is."""
        return True

    @staticmethod
    def surveys(setting: Setting) -> bool:
        """Whether parts are surveyed before a rate target is shared out among them."""
        return False

    @staticmethod
    def sample(setting: Setting, frames: Sequence[Frame]) -> RateSample:
        """How the survey is made, from the frames of the first part."""
        raise NotImplementedError

    @staticmethod
    def survey(setting: Setting, sample: RateSample, frames: Sequence[Frame]) -> int:
        """Bits of a quick encode of a part."""
        raise NotImplementedError

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

    def cut(self, part: Range, frames: Sequence[Frame]) -> list[SegmentPlan]:
        """Segments for consecutive frames of one shot; by default one."""
        return [SegmentPlan(part)]

    def seconds(self, plan: SegmentPlan) -> float:
        """Wall seconds that the preset gives to the fit of a segment beyond its least."""
        return 0.0

    @abstractmethod
    def fit(self, task: SegmentTask) -> Fitted:
        """Fit one segment within its budget."""
