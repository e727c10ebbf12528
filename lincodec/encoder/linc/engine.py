"""The engine of architecture linc: closed form, rate control, layout trials and network."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from dataclasses import replace

from lincodec.container import Arch, LincArch
from lincodec.encoder.aim import StepFit
from lincodec.encoder.engine import Engine, Fitted, SegmentPlan, SegmentTask, Setting
from lincodec.encoder.linc import themes
from lincodec.encoder.linc.closed_form import (
    closed_form,
    with_enhancement,
    with_network,
    with_weighted_ends,
)
from lincodec.encoder.linc.effort_pace import EffortPace
from lincodec.encoder.linc.mode_decision import Layout
from lincodec.encoder.linc.partitioned_fit import EFFORTS, TRIAL_EFFORT, PartitionedFit
from lincodec.encoder.linc.survey import quick_bits, sample_rates
from lincodec.encoder.presets import Preset, step_of
from lincodec.encoder.rate_control import usual_step, wanted_bytes
from lincodec.encoder.rate_survey import RateSample
from lincodec.encoder.segments import Range, plan
from lincodec.errors import UsageError
from lincodec.options import EncodeOptions
from lincodec.registry import MAX_PICTURES
from lincodec.types import Frame, VideoInfo

#: Bytes of source frames that one segment may hold, so that memory stays bounded.
SEGMENT_BYTES = 250_000_000
#: Samples of all planes, and frames, of a segment that is drawn from latents: its frames are held
#: as binary32 planes.
SEGMENT_SAMPLES, DRAWN_FRAMES = 70_000_000, 96
#: Devices that need no looking for.
_ANYWHERE = ("auto", "cpu")
#: Wall seconds for a megasample of luma, on a slow machine: of the closed form with its trials, and
#: of a partitioned segment by its effort.
_CLOSED_SECONDS = 0.4
_PARTITIONED_SECONDS = {"instant": 0.1, "fast": 0.3, "medium": 1.2, "slow": 4.0}
#: The same of proving and measuring what was written.
_MEASURED_SECONDS = 0.04
#: Frames that tell how fast a machine is, and how far beyond a time limit that may say to be.
_PROBE, _TOLERANCE = 6, 1.1


class LincEngine(Engine):
    """Fits architecture 2 (spec clause 6.2.2)."""

    arch: LincArch

    def __init__(self, setting: Setting, frames: Sequence[Frame], arch: Arch | None = None) -> None:
        options, info = setting.options, setting.info
        self.setting = setting
        self.preset = wished(setting.preset, options)
        self.timed = self.preset.network or options.enhance
        self.threads = setting.threads
        self.pace = EffortPace(_PARTITIONED_SECONDS, self.threads)
        self._keep_time(frames)
        self.layout = Layout(
            info, usual_step(options, self.preset), self.preset.effort,
            trials=self.preset.trials, refined=self.preset.refined, device=options.device,
            threads=self.threads,
        )  # fmt: skip
        if isinstance(arch, LincArch):
            self.arch = arch
        else:
            self.arch = self._arch(*self.layout.windows(frames))

    @staticmethod
    def check(preset: Preset, options: EncodeOptions) -> None:
        """There is no hash grid and no other setting."""
        if options.backend != "auto":
            raise UsageError(f"--backend: preset {preset.name} has no hash grid to choose for")
        if options.model:
            raise UsageError(f"--model: preset {preset.name} has no settings for it")
        if options.kind not in (None, "partitioned", "spectral"):
            raise UsageError(f"--kind {options.kind}: expected partitioned or spectral")
        if options.enhance and (options.size or options.bitrate or options.bpp):
            raise UsageError(
                "--enhance: whether a network pays is known after a segment is coded, so it cannot "
                "keep to --size, --bitrate or --bpp; expected --quality, --psnr or --ms-ssim"
            )
        if options.device not in _ANYWHERE:
            importlib.import_module("lincodec.model.devices").device_of(options.device)

    @staticmethod
    def surveys(setting: Setting) -> bool:
        """Whether there is a rate target and segments may be partitioned."""
        preset = wished(setting.preset, setting.options)
        return None not in (_wanted(setting), setting.frames, preset.effort)

    @staticmethod
    def sample(setting: Setting, frames: Sequence[Frame]) -> RateSample:
        """The step at which the video takes about its share, from the first part."""
        preset = wished(setting.preset, setting.options)
        share = 8 * (_wanted(setting) or 0) / (setting.frames or 1)
        return sample_rates(
            [frame.planes for frame in frames], setting.info, share, preset.effort or TRIAL_EFFORT,
            step_of(preset.quality), setting.threads,
        )  # fmt: skip

    @staticmethod
    def survey(setting: Setting, sample: RateSample, frames: Sequence[Frame]) -> int:
        """Bits of a quick partitioned encode of a part."""
        planes = [frame.planes for frame in frames]
        effort = wished(setting.preset, setting.options).effort or TRIAL_EFFORT
        return quick_bits(planes, setting.info, effort, sample.step, setting.threads)

    @staticmethod
    def longest(setting: Setting) -> int:
        """Most frames of a segment."""
        if wished(setting.preset, setting.options).effort is None:
            return _longest_drawn(setting)
        frame = _samples(setting.info) * (1 if setting.info.bit_depth == 8 else 2)
        wanted = setting.options.segment or setting.preset.segment
        return max(1, min(wanted, SEGMENT_BYTES // frame))

    def _arch(self, block: int, overlap: int) -> LincArch:
        """Architecture parameters; ``block`` is log2 of the luma block side, overlap in samples."""
        longest = _longest_drawn(self.setting)
        components = max(longest, themes.ROWS)
        if not self.timed:
            return LincArch(block, overlap, components)
        return LincArch(
            block, overlap, components,
            net_layers=self.preset.network_layers, net_stride=2,
            net_channels=self.preset.network_channels,
            net_latents=min(longest, 4), net_hidden=4,
        )  # fmt: skip

    @property
    def bound(self) -> int:
        """Tensor elements of the longest segment, with room for the network."""
        info, side = self.setting.info, 1 << self.arch.block
        blocks = -(-info.height // side) * -(-info.width // side)
        longest, drawn = self.longest(self.setting), _longest_drawn(self.setting)
        latents = max(drawn, themes.ROWS) * longest
        return drawn * blocks * side * side * 3 + latents + (1 << 20)

    def cut(self, part: Range, frames: Sequence[Frame]) -> list[SegmentPlan]:
        """The segments that code best."""
        plans = self.layout.cut(part, frames, self.arch)
        return [piece for found in plans for piece in self._short_enough(found)]

    def _short_enough(self, found: SegmentPlan) -> list[SegmentPlan]:
        """A planned segment; cut evenly where it would be too long to be drawn from latents."""
        if found.partitioned:
            return [found]
        part = found.part
        pieces = plan(part.count, [], _longest_drawn(self.setting))
        return [
            SegmentPlan(
                Range(part.first + each.first, each.count, each.continues or part.continues),
                found.partitioned,
            )
            for each in pieces
        ]

    def cut_seconds(self, frames: int) -> float:
        """Wall seconds, on a slow machine, of finding how so many frames are best cut."""
        seconds = _CLOSED_SECONDS * _megasamples(self.setting.info, frames)
        if self.preset.effort:
            seconds += self.pace.seconds(TRIAL_EFFORT) * _megasamples(self.layout.info, frames)
        return seconds

    def seconds(self, plan: SegmentPlan) -> float:
        """Wall seconds of network fitting."""
        enhance = self.setting.options.enhance
        if not self.timed or (plan.partitioned and not enhance):
            return 0.0
        megasamples = _megasamples(self.setting.info, plan.part.count)
        preset = _networked(self.preset)
        return preset.fit_floor + preset.fit_seconds * megasamples

    def fit(self, task: SegmentTask) -> Fitted:
        """Fit one segment at the step its target asks for."""
        deadline, options = task.budget.deadline, self.setting.options
        if deadline is not None and self.preset.effort:
            after = self._measuring(_megasamples(self.setting.info, task.part.count))
            task = replace(task, budget=replace(task.budget, deadline=deadline - after))
        fit = self._fit_of(task)
        code = fit.run(task.part, task.step, task.budget, task.aim)
        if options.enhance and code.pictures is not None:
            planes = [frame.planes for frame in task.frames]
            code = with_enhancement(
                code, planes, self.setting.info, self.arch, task.budget,
                seed=options.seed, device=options.device,
            )  # fmt: skip
        return Fitted(code, cut_short=self.timed and task.budget.over)

    def _fit_of(self, task: SegmentTask) -> StepFit:
        """The fit of the kind that codes the segment best, as far as there is time to know."""
        planes, info = [frame.planes for frame in task.frames], self.setting.info
        effort, refined, options = self._effort(task), self.preset.refined, self.setting.options
        if effort:
            return PartitionedFit(planes, info, effort, self.threads, task.pulls, self.pace)
        closed = closed_form(planes, info, self.arch, refined=refined, device=options.device)
        if refined and not task.budget.hurried:
            closed = with_weighted_ends(closed, task.step, task.part.continues)
        return with_network(closed, options.seed) if self.preset.network else closed

    def _effort(self, task: SegmentTask) -> str | None:
        """How hard to search for a partitioned segment; None: it is better not partitioned."""
        wish, count, budget = self.preset.effort, task.part.count, task.budget
        if wish is None or count > MAX_PICTURES:
            return None
        if budget.over or budget.hurried:  # a pace can be kept with these alone
            return wish
        better = task.plan.partitioned
        if better is None:
            better = count > _longest_drawn(self.setting) or self.layout.partitioned(
                task.frames, self.arch
            )
        return wish if better else None

    def _keep_time(self, frames: Sequence[Frame]) -> None:
        """Find out how fast this machine is, and refuse a time limit that cannot be kept.

        Raises:
            UsageError: the quickest encode takes longer.
        """
        setting = self.setting
        limit = setting.options.max_time
        if setting.deadline is None or limit is None or self.preset.effort is None:
            return
        planes = [frame.planes for frame in frames[:_PROBE]]
        quickest = next(iter(EFFORTS))
        probe = PartitionedFit(planes, setting.info, quickest, self.threads, pace=self.pace)
        probe.bits(usual_step(setting.options, self.preset), quick=False)
        if setting.frames is None:
            return
        megasamples = _megasamples(setting.info, setting.frames)
        need = self.pace.seconds(quickest) * megasamples + self._measuring(megasamples)
        left = setting.deadline - time.monotonic()
        if need > _TOLERANCE * left:
            info = setting.info
            raise UsageError(
                f"--max-time: {setting.frames} frames of {info.width}x{info.height} take about "
                f"{need + limit - left:.1f} s here at the quickest, expected "
                f"{limit:.1f} s; give more, fewer frames (--frames), or a "
                "smaller picture"
            )

    def _measuring(self, megasamples: float) -> float:
        """Wall seconds of proving and measuring what was written, beside the next segment."""
        quickest, expected = next(iter(_PARTITIONED_SECONDS.items()))
        return _MEASURED_SECONDS * megasamples * self.pace.seconds(quickest) / expected


def _wanted(setting: Setting) -> float | None:
    """Bytes that a rate target asks for."""
    info = setting.info
    return wanted_bytes(setting.options, setting.frames or 1, (info.width, info.height), info.fps)


def _samples(info: VideoInfo) -> int:
    """Samples of all planes of a frame."""
    return sum(height * width for height, width in info.plane_sizes)


def _longest_drawn(setting: Setting) -> int:
    """Most frames of a segment that is drawn from latents."""
    wanted = setting.options.segment or min(setting.preset.segment, DRAWN_FRAMES)
    return max(1, min(wanted, SEGMENT_SAMPLES // _samples(setting.info)))


def _megasamples(info: VideoInfo, frames: int) -> float:
    """Luma samples of so many frames in millions."""
    return info.width * info.height * frames / 1e6


def _networked(preset: Preset) -> Preset:
    """The preset with time for networks."""
    return preset if preset.network else replace(preset, fit_floor=20, fit_seconds=0.6)


def wished(preset: Preset, options: EncodeOptions) -> Preset:
    """The preset with what the options force on or off."""
    if options.network is not None and options.network != preset.network:
        preset = _networked(preset) if options.network else replace(preset, fit_floor=0)
    if options.kind == "spectral":
        preset = replace(preset, effort=None)
    elif options.kind == "partitioned":
        preset = replace(preset, effort=preset.effort or "fast", trials=False)
    trials = preset.trials if options.trials is None else options.trials
    refined = preset.refined if options.refined is None else options.refined
    return replace(preset, trials=trials, refined=refined)
