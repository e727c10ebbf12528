"""How far an encode is, what it tells about it, and how long each fit may take."""

from __future__ import annotations

import time

from lincodec.encoder.budget import Budget
from lincodec.encoder.engine import Engine, SegmentPlan
from lincodec.encoder.measure import Tally
from lincodec.encoder.segments import Range
from lincodec.options import EncodeOptions, Progress, ProgressCallback, StopRequest
from lincodec.types import VideoInfo

_SCAN_SHARE = 0.03
_SURVEY_SHARE = 0.15
_VERIFY_SHARE = 0.01


class Pace:
    """The clock of one encode."""

    def __init__(
        self, options: EncodeOptions, progress: ProgressCallback, stop: StopRequest, started: float
    ) -> None:
        """
        Args:
            options: ``max_time`` counts from ``started``.
            progress: told about every step; its fraction never goes down.
            stop: set by the user to finish with what there is.
            started: ``time.monotonic`` of the start of the job.
        """
        self.options, self.progress, self.stop, self.started = options, progress, stop, started
        self.done_frames = 0
        self.total_frames: int | None = None
        """Frames of the video, None while unknown."""
        self.tally = Tally()
        """What was measured so far."""
        self._before = _SCAN_SHARE
        self._segment = 1

    @property
    def spent(self) -> float:
        """Wall seconds since the start."""
        return time.monotonic() - self.started

    @property
    def deadline(self) -> float | None:
        """``time.monotonic`` value at which the file should be finished."""
        limit = self.options.max_time
        return None if limit is None else self.started + limit

    def scanned(self, share: float, frames: int) -> None:
        """Report the first pass."""
        self.progress(Progress("scan", _SCAN_SHARE * share, frames=frames))

    def surveyed(self, frames: int) -> None:
        """Report the further pass that a rate target takes."""
        done = frames / (self.total_frames or frames)
        self._before = _SCAN_SHARE + _SURVEY_SHARE * done
        self.progress(Progress("survey", self._before, frames=frames))

    def verifying(self, fraction: float) -> None:
        """Report the check of the finished file."""
        share = 1 - _VERIFY_SHARE * (1 - fraction)
        self.progress(Progress("verify", share, frames=self.done_frames))

    def _remaining(self, part: Range) -> int:
        """Frames not fitted yet, as far as known."""
        return (self.total_frames or part.first + part.count) - self.done_frames

    def hurried(self, part: Range, engine: Engine) -> bool:
        """Whether ``max_time`` leaves no time to try layouts, nor for smooth ends."""
        if self.options.max_time is None:
            return False
        per_frame = engine.cut_seconds(1)
        if self.done_frames:
            per_frame = max(per_frame, 0.5 * self.spent / self.done_frames)
        return per_frame * self._remaining(part) > self.options.max_time - self.spent

    def budget(self, plan: SegmentPlan, engine: Engine) -> Budget:
        """Time for one segment's fit: the preset's, or its share of ``max_time``."""
        part, seconds, deadline = plan.part, engine.seconds(plan), None
        if self.options.max_time is not None:
            left = max(self.options.max_time - self.spent, 0.0)
            share = left * 0.95 * part.count / max(self._remaining(part), part.count)
            deadline = time.monotonic() + share
            if engine.timed:
                seconds = share

        def report(fraction: float, psnr_now: float | None) -> None:
            self.tell(engine.setting.info, fraction * part.count, psnr_now)

        return Budget(seconds, deadline, self.stop, self.hurried(part, engine), report)

    def finished(self, part: Range, coded: int, info: VideoInfo) -> None:
        """Report a segment of so many bytes."""
        self.tally.coded_bytes += coded
        self.done_frames += part.count
        self.tell(info)
        self._segment += 1

    def tell(self, info: VideoInfo, running: float = 0.0, psnr_now: float | None = None) -> None:
        """Report progress: ``running`` frames' worth of fits is done beside finished segments."""
        total = self.total_frames or max(self.done_frames + running, 1)
        done = (self.done_frames + running) / total
        share = self._before + (1 - self._before - _VERIFY_SHARE) * min(done, 1.0)
        if self.total_frames is None:
            share = self._before
        samples = info.width * info.height * self.done_frames
        self.progress(
            Progress(
                "fit",
                share,
                segment=self._segment,
                psnr=psnr_now or self.tally.rgb.mean or None,
                bpp=8 * self.tally.coded_bytes / samples if samples else None,
                frames=self.done_frames,
            )
        )
