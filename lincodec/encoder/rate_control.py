"""Choosing the quantiser of every segment so that a rate or quality target is met."""

from __future__ import annotations

from fractions import Fraction

from lincodec.bitstream.segment import SegmentCode
from lincodec.encoder.aim import HIGH, LOW, Aim, Figure, StepFit
from lincodec.encoder.budget import Budget
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


class RateControl:
    """Hands every segment its step; keeps the account of bits for a rate target.

    With a survey all segments share one step, which follows what is left after each of them;
    without one, on a pipe, every segment gets the same bits a frame.
    """

    def __init__(
        self, options: EncodeOptions, preset: Preset, info: VideoInfo, frames: int | None,
        survey: RateSurvey | None = None,
    ) -> None:  # fmt: skip
        self.options, self.survey = options, survey
        default = preset.quality if options.quality is None else options.quality
        self.step = step_of(default)
        wanted = wanted_bytes(options, frames or 1, (info.width, info.height), info.fps)
        if wanted is not None and frames:
            wanted = max(wanted - FILE_BYTES, 1)
        self.per_frame = None if wanted is None else 8 * wanted / (frames or 1)
        self.spent = self.due = 0.0
        self._expected = self._taken = 0.0  # bits of finished segments, as surveyed and as coded

    def choose(self, fit: StepFit, part: Range, budget: Budget, reserved: int = 0) -> SegmentCode:
        """Fit one segment at the step its target asks for, ``reserved`` bytes kept back."""
        aim = self._aim(part, reserved)
        return fit.run(part, self.step, budget, aim)

    def account(self, part: Range, coded: int) -> None:
        """Note what a segment's table and payloads really took, in bytes."""
        taken = 8 * (coded + _SEGMENT_BYTES)
        if self.survey:
            self.step = self._common(part)
            self._expected += self.survey.bits(part.first, part.first + part.count, self.step)
            self._taken += taken
        self.spent += taken
        if self.per_frame is not None:
            self.due += self.per_frame * part.count

    def _aim(self, part: Range, reserved: int) -> Aim | None:
        """What a segment must come to; sets the step to begin with."""
        if self.options.psnr is not None:
            return Aim(Figure.PSNR, self.options.psnr)
        if self.options.ms_ssim is not None:
            return Aim(Figure.MS_SSIM, self.options.ms_ssim)
        if self.per_frame is None:
            return None
        fixed = 8 * (reserved + _SEGMENT_BYTES)
        share = self.per_frame * part.count
        if self.survey is None:
            wanted = max(self.due + share - self.spent, 0.2 * share)
            return Aim(Figure.BITS, max(wanted - fixed, 1.0))
        self.step = self._common(part)
        end = part.first + part.count
        mine = self.survey.bits(part.first, end, self.step)
        all_left = self.survey.bits(part.first, self.survey.frames, self.step)
        if mine < _LARGE * all_left:
            return None
        wanted = max(self._left() * mine / max(all_left, 1.0), 0.2 * mine)
        return Aim(Figure.BITS, max(wanted - fixed, 1.0), near=True)

    def _common(self, part: Range) -> float:
        """The step at which ``part`` and all after it take what is left."""
        survey = self.survey
        assert survey is not None
        left = self._left() - 8 * _SEGMENT_BYTES * survey.pieces(part.first)
        bits = survey.bits(part.first, survey.frames, survey.step)
        return min(max(survey.step_for(bits * self._ratio(), left), LOW), HIGH)

    def _left(self) -> float:
        """Bits that are left for segments not coded yet."""
        assert self.survey is not None
        assert self.per_frame is not None
        return max(self.per_frame * self.survey.frames - self.spent, 1.0)

    def _ratio(self) -> float:
        """Bits of the final encode over those of the survey, by all that is known of it."""
        assert self.survey is not None
        sampled = self.survey.sampled
        return (self.survey.ratio * sampled + self._taken) / (sampled + self._expected)


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
