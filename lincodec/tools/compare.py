"""Comparing two videos frame by frame."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lincodec.decoder.info import info as read_info
from lincodec.errors import UsageError
from lincodec.options import Progress, ProgressCallback, Span
from lincodec.types import Planes, VideoInfo
from lincodec.video import metrics
from lincodec.video.color import change_chroma, change_depth, to_rgb
from lincodec.video.reader import FrameReader

if TYPE_CHECKING:
    from lincodec.decoder.reader import LincReader

    Reader = FrameReader | LincReader


#: Rates are the same up to this part: containers round them.
_SAME_RATE = 0.005


@dataclass(frozen=True)
class FrameScore:
    """Figures of one frame; PSNRs in dB, at most ``metrics.PSNR_CAP``."""

    psnr_rgb: float
    psnr_y: float
    psnr_yuv: float
    """(6 Y + U + V) / 8."""
    ms_ssim: float | None
    """Of the luma plane; None when not asked for."""
    mse_rgb: float
    """Squared 8-bit code values."""


@dataclass(frozen=True)
class CompareReport:
    """Means over frames; PSNRs in dB."""

    frames: int
    psnr_rgb: float
    """Mean of the per-frame figures."""
    psnr_rgb_of_mean: float
    """PSNR of the mean squared error of all frames."""
    psnr_y: float
    psnr_yuv: float
    ms_ssim: float | None
    bpp: float | None
    """Bits per luma sample of the distorted file less its audio; None for a part or a pipe."""
    per_frame: tuple[FrameScore, ...]
    warnings: tuple[str, ...] = ()


def compare(
    reference: str,
    distorted: str,
    span: Span = Span(),  # noqa: B008 (frozen)
    *,
    ms_ssim: bool = True,
    progress: ProgressCallback | None = None,
) -> CompareReport:
    """Compare two videos of equal size, frame by frame.

    Frames are paired in order; where the rates differ, each of the reference with the one that the
    other video shows nearest to its time, with a warning. Different depths and chroma
    subsamplings are brought to the reference's subsampling and the larger depth. Frames beyond
    the shorter video are not compared, with a warning; another orientation is told.

    Args:
        reference: Path of the original, or ``-`` for YUV4MPEG2 on standard input.
        distorted: Path of the other video, or of a .linc file, which is rendered.
        span: Part of both to compare.
        ms_ssim: Also compute MS-SSIM, the slowest figure.
        progress: Told the number of frames done.

    Raises:
        InputError: One of them cannot be read.
        UsageError: The sizes differ.
    """
    with _opened(reference, span) as first, _opened(distorted, span) as second:
        _check_sizes(first.info, second.info)
        warnings = _turned(first.info, second.info)
        pair = _pairs
        if _rates_differ(first.info, second.info):
            pair = _pairs_by_time
            rates = (f"{float(each.info.fps):.6g}" for each in (first, second))
            warnings.append(
                "the rates differ: {} frames a second in the reference, {} in the other; frames "
                "are compared by their times".format(*rates)
            )
        pairs = pair(first, second, warnings)
        job = _Comparison(first.info, second.info, with_ms_ssim=ms_ssim)
        expected = _expected(first)
        scores = list(_in_parallel(job, pairs, _reporter(progress, expected)))
        warnings += [*first.warnings, *second.warnings]
        rate = None
        if span == Span() and distorted != "-":
            rate = _bits_per_sample(distorted, second, len(scores))
    sums = metrics.PsnrSum(errors=[score.mse_rgb for score in scores])
    quality = [score.ms_ssim for score in scores if score.ms_ssim is not None]
    return CompareReport(
        frames=len(scores),
        psnr_rgb=sums.mean,
        psnr_rgb_of_mean=sums.of_mean,
        psnr_y=_mean([score.psnr_y for score in scores]),
        psnr_yuv=_mean([score.psnr_yuv for score in scores]),
        ms_ssim=_mean(quality) if quality else None,
        bpp=rate,
        per_frame=tuple(scores),
        warnings=tuple(dict.fromkeys(warnings)),
    )


class _Comparison:
    """Scores one pair of frames; safe to call from several threads."""

    def __init__(self, first: VideoInfo, second: VideoInfo, *, with_ms_ssim: bool) -> None:
        self._first = first
        self._second = second
        self._depth = max(first.bit_depth, second.bit_depth)
        # MS-SSIM needs one whole window.
        self._ms_ssim = with_ms_ssim and min(first.width, first.height) >= 11

    def __call__(self, pair: tuple[Planes, Planes]) -> FrameScore:
        a, b = pair
        mse_rgb = metrics.mse(to_rgb(a, self._first), to_rgb(b, self._second))
        a = self._common(a, self._first)
        b = self._common(b, self._second)
        planes = metrics.psnr_planes(metrics.plane_errors(a, b), self._depth)
        peak = float((1 << self._depth) - 1)
        return FrameScore(
            psnr_rgb=metrics.psnr(mse_rgb),
            psnr_y=planes[0],
            psnr_yuv=metrics.psnr_yuv(planes),
            ms_ssim=metrics.ms_ssim(a[0], b[0], peak) if self._ms_ssim else None,
            mse_rgb=mse_rgb,
        )

    def _common(self, planes: Planes, info: VideoInfo) -> Planes:
        planes = change_chroma(planes, info.chroma_shift, self._first.chroma_shift, info.bit_depth)
        return change_depth(planes, info.bit_depth, self._depth, full_range=info.color.full_range)


def _pairs(first: Reader, second: Reader, warnings: list[str]) -> Iterator[tuple[Planes, Planes]]:
    """Frames of both in order; notes when one ends before the other."""
    ours, theirs = iter(first), iter(second)
    count = 0
    while True:
        a, b = next(ours, None), next(theirs, None)
        if a is None or b is None:
            break
        count += 1
        yield a.planes, b.planes
    if (a is None) != (b is None):
        longer = "distorted" if a is None else "reference"
        warnings.append(f"the {longer} video has more than the {count} frames compared")


def _pairs_by_time(
    first: Reader, second: Reader, warnings: list[str]
) -> Iterator[tuple[Planes, Planes]]:
    """Every frame of ``first`` with that of ``second`` whose time is nearest."""
    theirs = iter(second)
    shown, coming = next(theirs, None), next(theirs, None)
    count = beyond = 0
    for frame in first:
        time = frame.pts * first.time_base
        while coming is not None and shown is not None:
            if abs(coming.pts * second.time_base - time) > abs(shown.pts * second.time_base - time):
                break
            shown, coming = coming, next(theirs, None)
        if shown is None:
            return
        late = time - shown.pts * second.time_base
        if coming is None and late >= 1 / second.info.fps:
            beyond += 1
            continue
        count += 1
        yield frame.planes, shown.planes
    if beyond:
        warnings.append(f"the reference video has more than the {count} frames compared")
    elif coming is not None and next(theirs, None) is not None:
        warnings.append(f"the distorted video goes on after the {count} frames compared")


def _rates_differ(first: VideoInfo, second: VideoInfo) -> bool:
    return abs(first.fps / second.fps - 1) > _SAME_RATE


def _turned(first: VideoInfo, second: VideoInfo) -> list[str]:
    """What is to be said of how the pictures stand."""
    if (first.rotation, first.mirrored) == (second.rotation, second.mirrored):
        return []
    one, other = (
        f"turned by {info.rotation} degrees{' and mirrored' if info.mirrored else ''}"
        for info in (first, second)
    )
    text = f"the orientations differ: the reference is {one} for display, the other {other}; "
    return [f"{text}pictures are compared as they are stored"]


def _in_parallel(
    job: _Comparison,
    pairs: Iterator[tuple[Planes, Planes]],
    report: Callable[[int], None],
) -> Iterator[FrameScore]:
    """Scores in order, computed by a few threads with a bounded number of frames in flight."""
    workers = min(8, os.cpu_count() or 1)
    done = 0
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[FrameScore]] = deque()
        for pair in pairs:
            waiting.append(pool.submit(job, pair))
            if len(waiting) > workers:
                yield waiting.popleft().result()
                done += 1
                report(done)
        while waiting:
            yield waiting.popleft().result()
            done += 1
            report(done)


def _reporter(progress: ProgressCallback | None, expected: int | None) -> Callable[[int], None]:
    """A function that passes the number of frames done on to ``progress``."""

    def report(done: int) -> None:
        if progress is not None:
            fraction = min(1.0, done / expected) if expected else 0.0
            progress(Progress("compare", fraction, frames=done))

    return report


def _check_sizes(first: VideoInfo, second: VideoInfo) -> None:
    if (first.width, first.height) != (second.width, second.height):
        raise UsageError(
            f"sizes differ: reference {first.width}x{first.height}, "
            f"distorted {second.width}x{second.height}; decode to the reference's size first"
        )


def _opened(source: str, span: Span) -> Reader:
    """A reader of a video or .linc file."""
    if source.lower().endswith(".linc"):
        from lincodec.decoder.reader import LincReader

        return LincReader(source, span=span)
    return FrameReader(source, span=span)


def _expected(reader: Reader) -> int | None:
    """Frames the reader will probably give."""
    if isinstance(reader, FrameReader):
        return reader.header.estimated_frames
    return reader.estimated_frames


def _bits_per_sample(path: str, reader: Reader, frames: int) -> float:
    """Bits per luma sample of the file ``path`` less its audio packets."""
    if not isinstance(reader, FrameReader):
        return float(read_info(path)["bpp"])
    audio = reader.audio()
    spoken = sum(len(packet.data) for packet in audio.packets) if audio is not None else 0
    size = os.path.getsize(path) - spoken
    return metrics.bpp(size, reader.info.width, reader.info.height, frames)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
