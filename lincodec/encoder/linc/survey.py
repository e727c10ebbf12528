"""The first pass of a rate target: the whole video by a quick partitioned encode, part by part."""

from __future__ import annotations

from collections.abc import Sequence

from lincodec.encoder.aim import Aim, Figure, Trial, seek
from lincodec.encoder.linc.partitioned_fit import PartitionedFit
from lincodec.encoder.rate_survey import RateSample, mean_slope, sample_of
from lincodec.types import Planes, VideoInfo

#: Frames of the sample that finds the step of the pass, and quick encodes of it at most.
_SAMPLE, _TRIES = 17, 4
#: About how many factors e of bits a factor e of the step saves.
_USUAL_SLOPE = 1.2


def sample_rates(
    planes: Sequence[Planes], info: VideoInfo, share: float, effort: str, step: float, threads: int
) -> RateSample:
    """The step where the middle of a part takes its share, and how other encodes compare with it.

    Args:
        planes: of the frames of the part.
        info: the video.
        share: bits wanted of a frame.
        effort: of the encode that is to come.
        step: luma step to begin with.
        threads: that encode.
    """
    planes = planes[sample_of(len(planes), _SAMPLE)]
    fit = PartitionedFit(planes, info, effort, threads)
    points: dict[float, int] = {}

    def trial(step: float) -> Trial:
        points[step] = fit.bits(step, quick=True)
        return Trial(points[step], 0.0)

    step = seek(Aim(Figure.BITS, share * len(planes)), step, trial, _TRIES)
    slope = mean_slope(list(points.items()), _USUAL_SLOPE)
    ratio = fit.bits(step, quick=False) / points[step]
    return RateSample(step, points[step], slope, ratio)


def quick_bits(
    planes: Sequence[Planes], info: VideoInfo, effort: str, step: float, threads: int
) -> int:
    """Bits of a part by a quick encode; arguments as those of ``sample_rates``."""
    return PartitionedFit(planes, info, effort, threads).bits(step, quick=True)
