"""Choosing the quantiser of every segment so that a rate or quality target is met."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from lincodec.encoder.aim import HIGH, LOW, Aim, Figure
from lincodec.encoder.presets import Preset, step_of
from lincodec.encoder.rate_survey import RateSurvey
from lincodec.encoder.segments import Range
from lincodec.errors import TargetError
from lincodec.options import EncodeOptions, EncodeReport
from lincodec.types import VideoInfo

#: Bytes of a file beside its segments: HEAD, ARCH, dGST, qLTY, mETa, DONE and their frames.
FILE_BYTES = 350
#: Bytes of a segment beside its table and payloads: three section frames, its row in iNDX, its
#: figure in qLTY.
_SEGMENT_BYTES = 68
#: A segment that is expected to take this share of what is left must come to its share: those
#: after it could not make up for it.
_LARGE = 0.35
#: Share of the bits that the first wave takes.
_FIRST_WAVE = 0.1

#: How far above a rate target a file may end up, and bytes that do not count.
_OFF, _OFF_BYTES = 0.03, 512


def wanted_bytes(
    options: EncodeOptions, frames: int, size: tuple[int, int], fps: Fraction
) -> float | None:
    """Bytes of a file less its audio that a rate target asks for, None without one.

    Args:
        options: of the encode.
        frames: of the video.
        size: (width, height) in luma samples.
        fps: frames a second.
    """
    if options.size is not None:
        return options.size
    if options.bitrate is not None:
        return options.bitrate / 8 * frames / float(fps)
    if options.bpp is not None:
        return options.bpp / 8 * frames * size[0] * size[1]
    return None


def usual_step(options: EncodeOptions, preset: Preset) -> float:
    """Luma step in 8-bit code values that quality or preset ask for."""
    return step_of(preset.quality if options.quality is None else options.quality)


@dataclass(frozen=True)
class Grant:
    """What the fit of a part of the video knows of the rest of the encode."""

    step: float
    """Luma step in 8-bit code values; with an aim, where its search begins."""
    aim: Aim | None = None
    """What every segment is to come to; bits are those of the whole part."""


class PartAccount:
    """Hands the segments of one part what the part was granted."""

    def __init__(self, grant: Grant, part: Range) -> None:
        self.grant, self.part = grant, part
        self.spent = 0.0

    def aim(self, segment: Range) -> Aim | None:
        """What a segment must come to; bits are those of its table and payloads."""
        aim, part = self.grant.aim, self.part
        if aim is None or aim.figure is not Figure.BITS:
            return aim
        left = part.first + part.count - segment.first
        wanted = max(
            (aim.value - self.spent) * segment.count / left,
            0.2 * aim.value * segment.count / part.count,
        )
        return replace(aim, value=wanted).less(8 * _SEGMENT_BYTES)

    def account(self, coded: int) -> None:
        """Note the bytes that a segment took."""
        self.spent += 8 * (coded + _SEGMENT_BYTES)


class RateControl:
    """Grants every part of a video its step; keeps the account of bits for a rate target.

    With a survey parts share one step, which is found anew where a wave of them begins: from what
    the waves before it took, and from nothing else, so that the parts of a wave can be fitted in
    any order and by anyone. Waves get shorter towards the end; the last parts are told their
    bits. On a pipe, every part gets the same bits a frame.
    """

    def __init__(
        self, options: EncodeOptions, preset: Preset, info: VideoInfo,
        ranges: Sequence[Range] | None, survey: RateSurvey | None = None,
    ) -> None:  # fmt: skip
        """
        Args:
            options, preset: of the encode.
            info: the video.
            ranges: its parts; None: it is a pipe.
            survey: of those parts.
        """
        self.options, self.survey, self.ranges = options, survey, ranges
        self.step = usual_step(options, preset)
        frames = sum(part.count for part in ranges) if ranges else None
        wanted = wanted_bytes(options, frames or 1, (info.width, info.height), info.fps)
        if wanted is not None and frames:
            wanted = max(wanted - FILE_BYTES, 1)
        self.per_frame = None if wanted is None else 8 * wanted / (frames or 1)
        rated = self.per_frame is not None and ranges is not None
        self._weights = _weights(ranges or (), survey) if rated else []
        self._waves = _waves(self._weights)
        self._steps: dict[int, float] = {}  # of the waves that begin at a part
        self._taken = [0.0]  # bits of so many leading parts, as coded
        self._due = 0.0  # bits that they were due by their frames

    @property
    def spent(self) -> float:
        """Bits of all parts so far."""
        return self._taken[-1]

    def needs(self, index: int) -> int:
        """Leading parts that must be accounted for before the grant of one is known."""
        if self.per_frame is None:
            return 0
        return self._begun(index) if self._waves else index

    def grant(self, index: int, part: Range) -> Grant:
        """What the ``index``-th part gets; ``needs`` says when this can be asked."""
        if self.options.psnr is not None:
            return Grant(self.step, Aim(Figure.PSNR, self.options.psnr))
        if self.options.ms_ssim is not None:
            return Grant(self.step, Aim(Figure.MS_SSIM, self.options.ms_ssim))
        if self.per_frame is None:
            return Grant(self.step)
        if self.ranges is None:
            share = self.per_frame * part.count
            wanted = max(self._due + share - self.spent, 0.2 * share)
            return Grant(self.step, Aim(Figure.BITS, wanted))
        return self._shared(index)

    def account(self, part: Range, coded: int, segments: int = 1) -> None:
        """Note what the next part took: bytes of the tables and payloads of its segments."""
        self._taken.append(self.spent + 8 * (coded + _SEGMENT_BYTES * segments))
        self._due += (self.per_frame or 0.0) * part.count

    def _begun(self, index: int) -> int:
        """The first part of the wave of a part."""
        return max(start for start in self._waves if start <= index)

    def _shared(self, index: int) -> Grant:
        """Step and bits of a part by what was left when its wave began."""
        begun = self._begun(index)
        mine, rest = self._weights[index], sum(self._weights[begun:])
        least = 0.2 * self._total * mine / sum(self._weights)
        aim = Aim(Figure.BITS, max(self._left(begun) * mine / max(rest, 1.0), least))
        if self.survey is None:
            return Grant(self.step, aim)
        step = self._step_of_wave(begun)
        return Grant(step, replace(aim, near=True) if mine >= _LARGE * rest else None)

    @property
    def _total(self) -> float:
        """Bits of all parts that the target asks for."""
        assert self.per_frame is not None
        return self.per_frame * sum(part.count for part in self.ranges or ())

    def _left(self, begun: int) -> float:
        """Bits that were left of them where a wave began."""
        return max(self._total - self._taken[begun], 1.0)

    def _step_of_wave(self, begun: int) -> float:
        """The step at which all parts from a wave on take what is left."""
        survey = self.survey
        assert survey is not None
        if begun not in self._steps:
            first = survey.parts[begun][0].first
            left = max(self._left(begun) - 8 * _SEGMENT_BYTES * survey.pieces(first), 1.0)
            bits = survey.bits(first, survey.frames, survey.step) * self._ratio(begun)
            self._steps[begun] = min(max(survey.step_for(bits, left), LOW), HIGH)
        return self._steps[begun]

    def _ratio(self, begun: int) -> float:
        """Bits of the final encode over those of the survey, by all that was known of it."""
        survey = self.survey
        assert survey is not None
        bounds = [start for start in self._waves if start <= begun]
        frames = [survey.parts[start][0].first for start in bounds]
        expected = sum(
            survey.bits(*span, self._step_of_wave(start))
            for start, span in zip(bounds, itertools.pairwise(frames), strict=False)
        )
        taken = self._taken[begun]
        return (survey.ratio * survey.sampled + taken) / (survey.sampled + expected)


def _weights(ranges: Sequence[Range], survey: RateSurvey | None) -> list[float]:
    """What parts take of one another's bits."""
    if survey:
        return [float(bits) for _, bits in survey.parts]
    return [float(part.count) for part in ranges]


def _waves(weights: Sequence[float]) -> list[int]:
    """The parts that waves begin with.

    The first wave tells how the survey compares; each other takes half of what is left; the last
    one has parts that are large beside what is left, so they come to their bits.
    """
    last = len(weights) - 1
    while last > 0 and min(weights[last - 1 :]) >= _LARGE * sum(weights[last - 1 :]):
        last -= 1
    starts, before, total = [0] if weights else [], 0.0, sum(weights)
    limit = _FIRST_WAVE * total
    for index, weight in enumerate(weights[: max(last, 0)]):
        if index and before >= limit:
            starts.append(index)
            limit = before + (total - before) / 2
        before += weight
    return [*starts, last] if last > 0 else starts


def check_target(options: EncodeOptions, report: EncodeReport) -> None:
    """See whether a finished file is what was asked for.

    Raises:
        TargetError: it is not; the file stays.
    """
    if options.psnr is not None and report.psnr < options.psnr - 0.005:
        raise TargetError(
            f"{report.output}: {report.psnr:.2f} dB, wanted {options.psnr:g}; "
            "kept, try a slower preset"
        )
    if options.ms_ssim is not None and (report.ms_ssim or 0) < options.ms_ssim - 5e-5:
        raise TargetError(
            f"{report.output}: MS-SSIM {report.ms_ssim:.4f} in its worst segment, "
            f"wanted {options.ms_ssim:g}; kept, try a slower preset"
        )
    size = report.width, report.height
    wanted = wanted_bytes(options, report.frames, size, report.fps)
    coded = report.bytes["total"] - report.bytes["audio"]
    if wanted is not None and coded > (1 + _OFF) * wanted + _OFF_BYTES:
        raise TargetError(
            f"{report.output}: {coded} bytes less the audio, wanted {wanted:.0f}; kept, "
            "a smaller picture or fewer frames would take less"
        )
