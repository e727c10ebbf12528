"""An encode as a plan and results of parts, so that parts can be fitted by others than the encoder.

A part is a range of the first pass. Its result depends on the plan, its own frames and
its grant, and on nothing else: whoever fits it, and when, the bytes are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lincodec import __version__
from lincodec.container import Arch, SegmentHeader
from lincodec.encoder.engine import SegmentPlan
from lincodec.encoder.first_pass import Scan
from lincodec.encoder.measure import Figures
from lincodec.encoder.rate_control import Grant
from lincodec.encoder.rate_survey import RateSample, RateSurvey
from lincodec.encoder.segments import Range
from lincodec.options import EncodeOptions, StopRequest
from lincodec.types import FloatArray, Times, VideoInfo

Packed = tuple[SegmentHeader, bytes, bytes]


def coded_bytes(packed: Packed) -> int:
    """Bytes of a segment's table and payloads."""
    header, weights, latents = packed
    return len(header.pack()) + len(weights) + len(latents)


@dataclass(frozen=True)
class Plan:
    """All that the fits of an encode have in common."""

    source: str
    """Path of the video."""
    options: EncodeOptions
    """Settled for the preset."""
    info: VideoInfo
    """With the number of frames."""
    ranges: tuple[Range, ...]
    times: Times
    prints: tuple[int, ...]
    """CRC-32 of the planes of every frame: whoever reads them again proves it has the same."""
    arch: Arch
    threads: int = 1
    """That models run with which latents are aligned to."""
    version: str = __version__
    """Of linc, which must be that of whoever fits a part."""


@dataclass(frozen=True)
class Piece:
    """A finished segment."""

    plan: SegmentPlan
    packed: Packed
    figures: Figures

    @property
    def coded(self) -> int:
        """Bytes of its table and payloads."""
        return coded_bytes(self.packed)


@dataclass(frozen=True)
class PartResult:
    """What came of a part."""

    pieces: tuple[Piece, ...]
    software: str
    """Device class and software, as qLTY names them."""
    vectors: tuple[FloatArray, ...] = ()
    """What each model that is aligned to says of its frames, [n, d]."""
    cut_short: bool = False
    warnings: tuple[str, ...] = ()


class Executor(Protocol):
    """Has parts fitted, in any order and by anyone."""

    def begin(self, plan: Plan, told: Callable[[float], None], stop: StopRequest) -> None:
        """Take an encode.

        Args:
            plan: what its parts have in common.
            told: called with how many frames' worth of the tasks under way is done.
            stop: set when the user wants to finish with what there is.
        """

    def submit(self, index: int, task: Grant | RateSample) -> None:
        """Have a part fitted, or surveyed."""

    def wait(self) -> tuple[int, PartResult | int]:
        """The index of a part and what came of it: its fit, or its bits; as they come.

        Raises:
            LincError: it could not be done.
        """


class Kept(Protocol):
    """Parts that were finished, in this session or another."""

    def result(self, part: Range) -> PartResult | None:
        """All of a part; None when it is yet to be fitted."""

    def finish(self, part: Range, result: PartResult) -> None:
        """Keep a part."""


class Store(Kept, Protocol):
    """What several sessions share of one encode."""

    def scan(self) -> Scan | None:
        """The first pass; None when nobody has made it."""

    def keep_scan(self, scan: Scan) -> None:
        """Keep the first pass."""

    def survey(self) -> RateSurvey | None:
        """The survey of a rate target; None when nobody has made it."""

    def keep_survey(self, survey: RateSurvey) -> None:
        """Keep the survey."""
