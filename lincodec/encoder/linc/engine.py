"""The engine of architecture linc: closed form, rate control, layout trials and network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from lincodec.container import LincArch
from lincodec.decoder.load import Rendering
from lincodec.encoder.engine import Engine, Fitted, SegmentPlan, SegmentTask, Setting
from lincodec.encoder.linc import themes
from lincodec.encoder.linc.border_weights import weigh_ends
from lincodec.encoder.linc.joint_fit import JointFit
from lincodec.encoder.linc.mode_decision import Layout
from lincodec.encoder.linc.partitioned_fit import PartitionedFit
from lincodec.encoder.linc.segment_fit import SegmentFit
from lincodec.encoder.presets import Preset
from lincodec.encoder.rate_control import RateControl, StepFit
from lincodec.encoder.segments import Range
from lincodec.errors import UsageError
from lincodec.model.devices import device_of
from lincodec.options import EncodeOptions
from lincodec.registry import MAX_PICTURES
from lincodec.system.cores import usable_cores
from lincodec.types import Frame, VideoInfo

#: Samples of all planes that one segment may hold, so that memory stays bounded.
SEGMENT_SAMPLES = 70_000_000
#: Wall seconds for a megasample of luma, on a slow machine: of the closed form with its trials, and
#: of a partitioned segment by its effort.
_CLOSED_SECONDS = 0.4
_PARTITIONED_SECONDS = {"instant": 0.1, "fast": 0.3, "medium": 1.2, "slow": 4.0}


class LincEngine(Engine):
    """Fits architecture 2 (spec clause 6.2.2)."""

    arch: LincArch

    def __init__(self, setting: Setting, part: Range, frames: Sequence[Frame]) -> None:
        options, info = setting.options, setting.info
        self.setting = setting
        self.preset = wished(setting.preset, options)
        self.timed = self.preset.network
        self.control = RateControl(options, self.preset, info, setting.frames)
        self.rendering = Rendering.of(options.device, options.backend)
        self.threads = usable_cores()
        self.layout = Layout(
            info, self.control.step, self.preset.effort,
            trials=self.preset.trials, refined=self.preset.refined, device=self.rendering.device,
            threads=self.threads,
        )  # fmt: skip
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
        device_of(options.device)

    @staticmethod
    def longest(setting: Setting) -> int:
        """Most frames of a segment; they are held as binary32 planes."""
        samples = sum(h * w for h, w in setting.info.plane_sizes)
        wanted = setting.options.segment or setting.preset.segment
        return max(1, min(wanted, SEGMENT_SAMPLES // samples))

    def _arch(self, block: int, overlap: int) -> LincArch:
        """Architecture parameters; ``block`` is log2 of the luma block side, overlap in samples."""
        longest = self.longest(self.setting)
        components = max(longest, themes.ROWS)
        if not self.preset.network:
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
        longest = self.longest(self.setting)
        return max(longest, themes.ROWS) * (blocks * side * side * 3 + longest) + (1 << 20)

    def cut(self, part: Range, frames: Sequence[Frame]) -> list[SegmentPlan]:
        """The segments that code best."""
        return self.layout.cut(part, frames, self.arch)

    def cut_seconds(self, frames: int) -> float:
        """Wall seconds, on a slow machine, of finding how so many frames are best cut."""
        seconds = _CLOSED_SECONDS * _megasamples(self.setting.info, frames)
        if self.preset.effort:
            seconds += _PARTITIONED_SECONDS["fast"] * _megasamples(self.layout.info, frames)
        return seconds

    def seconds(self, plan: SegmentPlan) -> float:
        """Wall seconds of network fitting."""
        if not self.timed or plan.partitioned:
            return 0.0
        megasamples = _megasamples(self.setting.info, plan.part.count)
        return self.preset.fit_floor + self.preset.fit_seconds * megasamples

    def fit(self, task: SegmentTask) -> Fitted:
        """Fit one segment at the step its target asks for."""
        code = self.control.choose(self._fit_of(task), task.part, task.budget, task.reserved)
        return Fitted(code, cut_short=self.timed and task.budget.over)

    def _fit_of(self, task: SegmentTask) -> StepFit:
        """The fit of the kind that codes the segment best, as far as there is time to know."""
        planes, info = [frame.planes for frame in task.frames], self.setting.info
        effort, refined, device = self._effort(task), self.preset.refined, self.rendering.device
        if effort:
            return PartitionedFit(planes, info, effort, self.threads)
        closed = SegmentFit(planes, info, self.arch, refined=refined, device=device)
        if refined and not task.budget.hurried:
            weigh_ends(closed, self.control.step, task.part.continues)
        return JointFit(closed, self.setting.options.seed) if self.arch.net_layers else closed

    def _effort(self, task: SegmentTask) -> str | None:
        """How hard to search for a partitioned segment; None: it is better not partitioned."""
        wish, count, budget = self.preset.effort, task.part.count, task.budget
        if wish is None or budget.over or count > MAX_PICTURES:
            return None
        if budget.deadline is not None:
            left = budget.deadline - time.monotonic()
            megasamples = _megasamples(self.setting.info, count)
            if left < _PARTITIONED_SECONDS[wish] * megasamples:
                return "fast" if left > _PARTITIONED_SECONDS["fast"] * megasamples else None
        better = task.plan.partitioned
        if better is None:
            better = budget.hurried or self.layout.partitioned(task.frames, self.arch)
        return wish if better else None

    def account(self, part: Range, coded: int) -> None:
        """Keep the account of a size target."""
        self.control.account(part, coded)


def _megasamples(info: VideoInfo, frames: int) -> float:
    """Luma samples of so many frames in millions."""
    return info.width * info.height * frames / 1e6


def wished(preset: Preset, options: EncodeOptions) -> Preset:
    """The preset with what the options force on or off."""
    if options.network is not None and options.network != preset.network:
        if options.network:
            preset = replace(preset, fit_floor=20, fit_seconds=0.6)
        else:
            preset = replace(preset, fit_floor=0)
    if options.kind == "spectral":
        preset = replace(preset, effort=None)
    elif options.kind == "partitioned":
        preset = replace(preset, effort=preset.effort or "fast", trials=False)
    trials = preset.trials if options.trials is None else options.trials
    refined = preset.refined if options.refined is None else options.refined
    return replace(preset, trials=trials, refined=refined)
