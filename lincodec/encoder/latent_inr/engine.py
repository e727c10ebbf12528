"""The engine of architecture latent-inr: the paper's network, fitted by Adam."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lincodec.container import Arch, LatentInrArch
from lincodec.decoder.load import Rendering
from lincodec.encoder.engine import Engine, Fitted, SegmentPlan, SegmentTask, Setting
from lincodec.encoder.latent_inr.fit import InrFit, LatentLoss
from lincodec.encoder.latent_inr.pull import alignment_loss
from lincodec.encoder.latent_inr.settings import InrSettings
from lincodec.encoder.latent_inr.tensors import architecture
from lincodec.encoder.presets import Preset
from lincodec.encoder.segments import Range
from lincodec.errors import UsageError
from lincodec.model.latent_inr.network import layer_sizes, tensor_sizes
from lincodec.options import EncodeOptions
from lincodec.semantics.pull import Pull
from lincodec.types import Frame

#: Samples of all planes that one segment may hold; they are held as integers.
SEGMENT_SAMPLES = 2_000_000_000
#: Multiplications and additions a second of a slow core, for the warning about slow fits.
_CPU_RATE = 8e10
#: Share of ``max_time`` that measuring may take.
_MEASURE_SHARE = 0.25
#: Passes over all samples before which a fit cannot be good.
_PASSES = 20


class LatentInrEngine(Engine):
    """Fits architecture 1 (spec clause 6.2.1); its latents are pulled in the fit (Eq. 6)."""

    arch: LatentInrArch
    timed = True

    def __init__(self, setting: Setting, frames: Sequence[Frame], arch: Arch | None = None) -> None:
        options, info = setting.options, setting.info
        self.setting = setting
        self.settings = settings_of(setting.preset, options)
        if isinstance(arch, LatentInrArch):
            self.arch = arch
        else:
            self.arch = architecture(self.settings, (info.height, info.width))
        self.warnings = self._slow()
        self._frame_s = self._seconds_a_frame()
        self._pace_measuring()
        self.room = self.arch.latent_dim

    @staticmethod
    def check(preset: Preset, options: EncodeOptions) -> None:
        """Refuse options that mean nothing here, and settings that are no network."""
        for name in ("quality", "size", "bitrate", "bpp"):
            if getattr(options, name) is not None:
                raise UsageError(
                    f"--{name}: the size of preset {preset.name} is that of its network; "
                    "choose it with --model rank=N, or use a preset of architecture linc"
                )
        if options.network is not None:
            raise UsageError(f"--network: preset {preset.name} is nothing but a network")
        if options.ms_ssim is not None:
            raise UsageError(f"--ms-ssim: preset {preset.name} can aim at --psnr")
        if options.kind is not None:
            raise UsageError(f"--kind: preset {preset.name} has a kind of its own")
        settings = settings_of(preset, options)
        settings.bits()
        architecture(settings, (16, 16))
        Rendering.of(options.device, options.backend)

    @staticmethod
    def counts_steps(preset: Preset, options: EncodeOptions) -> bool:
        """Only where it is told how many."""
        return settings_of(preset, options).steps > 0

    @staticmethod
    def longest(setting: Setting) -> int:
        """Most frames of a segment; they are held as integers."""
        samples = sum(h * w for h, w in setting.info.plane_sizes)
        wanted = setting.options.segment or setting.preset.segment
        return max(1, min(wanted, SEGMENT_SAMPLES // samples))

    @property
    def bound(self) -> int:
        """Parameters of the network and latents of the longest segment."""
        sizes = sum(math.prod(size) for size in tensor_sizes(self.arch).values())
        return sizes + self.longest(self.setting) * self.arch.latent_dim

    def seconds(self, plan: SegmentPlan) -> float:
        """Wall seconds of the fit."""
        info, preset = self.setting.info, self.setting.preset
        megasamples = info.width * info.height * plan.part.count / 1e6
        return preset.fit_floor + preset.fit_seconds * megasamples

    def fit(self, task: SegmentTask) -> Fitted:
        """Fit one segment until its time is over or the wanted PSNR is reached."""
        budget = task.budget
        fit = InrFit(
            [frame.planes for frame in task.frames], self.setting.info, self.arch, self.settings,
            device=self.rendering.device, backend=self.rendering.backend,
            seed=self.setting.options.seed, latent_loss=_pulling(task.pulls, self.rendering.device),
        )  # fmt: skip
        measured = -(-task.part.count // self.measured_every)
        wanted, reserve = self.setting.options.psnr, measured * self._frame_s
        done = fit.run(budget, wanted, reserve)
        late = budget.over or (not done and budget.deadline is not None)
        return Fitted(fit.code(task.part), cut_short=late)

    def _seconds_a_frame(self) -> float:
        """About what rendering a frame takes, 0 on a GPU."""
        if self.rendering.device.type != "cpu":
            return 0.0
        info = self.setting.info
        sites = info.width * info.height / self.arch.patch**2
        work = 2 * sites * sum(rows * columns for rows, columns in layer_sizes(self.arch))
        return work / (_CPU_RATE * torch.get_num_threads())

    def _pace_measuring(self) -> None:
        """Measure so few frames that ``max_time`` is kept; at least one of a segment."""
        limit, count = self.setting.options.max_time, self.setting.frames
        if limit is None or not count:
            return
        affordable = max(1, int(_MEASURE_SHARE * limit / max(self._frame_s, 1e-6)))
        self.measured_every = -(-count // affordable)
        if self.measured_every > 1:
            self.warnings += (f"PSNR is measured on one of {self.measured_every} frames",)

    def _slow(self) -> tuple[str, ...]:
        """A warning when the time given is short for this device."""
        info, options = self.setting.info, self.setting.options
        if self.rendering.device.type != "cpu" or not self.setting.frames:
            return ()
        plan = SegmentPlan(Range(0, self.setting.frames, False))
        given = self.seconds(plan) if options.max_time is None else options.max_time
        sites = info.width * info.height * self.setting.frames / self.arch.patch**2
        work = 6 * sites * sum(rows * columns for rows, columns in layer_sizes(self.arch))
        needed = _PASSES * work / _CPU_RATE
        if self.settings.steps or needed <= given:
            return ()
        text = (
            f"preset {self.setting.preset.name} needs about {needed / 60:.0f} minutes on this CPU "
            f"for a fair fit and gets {given / 60:.1f}; use --device cuda, --max-time, "
            "--model patch=8 or smaller frames"
        )
        return (text,)


def _pulling(pulls: Sequence[Pull], device: torch.device) -> LatentLoss | None:
    """The terms of Eq. 6 that draw parts of the latents to embeddings."""
    drawn = [
        (pull.first, torch.from_numpy(pull.targets).float().to(device), pull.weight)
        for pull in pulls
        if pull.first is not None
    ]

    def loss(z: Tensor, frames: Tensor) -> Tensor:
        total = torch.zeros((), device=z.device)
        for first, target, weight in drawn:
            part = z[:, first : first + target.shape[1]]
            total = total + alignment_loss(part, target[frames], weight)
        return total

    return loss if drawn else None


def settings_of(preset: Preset, options: EncodeOptions) -> InrSettings:
    """The preset's settings with those of ``--model``.

    Raises:
        UsageError: an unknown setting or value.
    """
    if preset.inr is None:
        raise UsageError(f"preset {preset.name} has no settings for --model")
    return preset.inr.replaced(options.model)
