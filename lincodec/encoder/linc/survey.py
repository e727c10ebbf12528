"""The first pass of a rate target: the whole video by a quick partitioned encode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lincodec.encoder.aim import Aim, Figure, Trial, seek
from lincodec.encoder.linc.partitioned_fit import PartitionedFit
from lincodec.encoder.rate_survey import RateSurvey, mean_slope, sample_of
from lincodec.encoder.segments import Range
from lincodec.system.cores import usable_cores
from lincodec.types import Frame, Planes, VideoInfo

#: Frames of the sample that finds the step of the pass, and quick encodes of it at most.
_SAMPLE, _TRIES = 17, 4
#: About how many factors e of bits a factor e of the step saves.
_USUAL_SLOPE = 1.2


def survey_rates(
    parts: Iterable[tuple[Range, Sequence[Frame]]],
    info: VideoInfo,
    share: float,
    effort: str,
    step: float,
    report: Callable[[int], None],
) -> RateSurvey:
    """Bits of every part at the step where the first one takes about its share.

    Args:
        parts: the whole video, with the frames of each.
        info: the video.
        share: bits wanted of a frame.
        effort: of the encode that is to come.
        step: luma step to begin with.
        report: told how many frames were seen.
    """
    found: list[tuple[Range, int]] = []
    sample: _Sample | None = None
    for part, frames in parts:
        planes = [frame.planes for frame in frames]
        if sample is None:
            sample = _sampled(planes[sample_of(len(planes), _SAMPLE)], info, share, effort, step)
        fit = PartitionedFit(planes, info, effort, usable_cores())
        found.append((part, fit.bits(sample.step, quick=True)))
        report(part.first + part.count)
    assert sample is not None
    return RateSurvey(sample.step, tuple(found), sample.slope, sample.ratio, sample.bits)


@dataclass(frozen=True)
class _Sample:
    """What a few frames tell."""

    step: float
    bits: int
    slope: float
    ratio: float


def _sampled(
    planes: Sequence[Planes], info: VideoInfo, share: float, effort: str, step: float
) -> _Sample:
    """The step where some frames take their share, and how others compare with it."""
    fit = PartitionedFit(planes, info, effort, usable_cores())
    points: dict[float, int] = {}

    def trial(step: float) -> Trial:
        points[step] = fit.bits(step, quick=True)
        return Trial(points[step], 0.0)

    step = seek(Aim(Figure.BITS, share * len(planes)), step, trial, _TRIES)
    slope = mean_slope(list(points.items()), _USUAL_SLOPE)
    return _Sample(step, points[step], slope, fit.bits(step, quick=False) / points[step])
