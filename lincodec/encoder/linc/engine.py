"""The engine of architecture linc: closed form, rate control, layout trials and network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lincodec.bitstream.segment import SegmentCode
from lincodec.container import LincArch
from lincodec.decoder.load import Rendering
from lincodec.encoder import rate_control
from lincodec.encoder.budget import Budget
from lincodec.encoder.engine import Engine, Setting
from lincodec.encoder.linc.mode_decision import Layout
from lincodec.encoder.linc.segment_fit import SegmentFit
from lincodec.encoder.presets import Preset
from lincodec.encoder.segments import Range
from lincodec.errors import UsageError
from lincodec.model.devices import device_of
from lincodec.options import EncodeOptions
from lincodec.types import Frame, Planes, VideoInfo

#: Samples of all planes that one segment may hold, so that memory stays bounded.
SEGMENT_SAMPLES = 70_000_000
#: Wall seconds for a megasample of luma, on a slow machine, of the closed form with its trials.
_CLOSED_SECONDS = 0.4


class LincEngine(Engine):
    """Fits architecture 2 (spec clause 6.2.2)."""

    arch: LincArch

    def __init__(self, setting: Setting, part: Range, frames: Sequence[Frame]) -> None:
        options, info = setting.options, setting.info
        self.setting = setting
        self.preset = wished(setting.preset, options)
        self.timed = self.preset.network
        self.control = rate_control.RateControl(options, self.preset, info, setting.frames)
        self.rendering = Rendering.of(options.device, options.backend)
        self.layout = Layout(
            info, self.control.step, trials=self.preset.trials, refined=self.preset.refined,
            device=self.rendering.device,
        )  # fmt: skip
        self.arch = self._arch(*self.layout.windows(frames))

    @staticmethod
    def check(preset: Preset, options: EncodeOptions) -> None:
        """There is no hash grid and no other setting."""
        if options.backend != "auto":
            raise UsageError(f"--backend: preset {preset.name} has no hash grid to choose for")
        if options.model:
            raise UsageError(f"--model: preset {preset.name} has no settings for it")
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
        if not self.preset.network:
            return LincArch(block, overlap, longest)
        return LincArch(
            block, overlap, longest,
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
        return longest * (blocks * side * side * 3 + longest) + (1 << 20)

    def cut(self, part: Range, frames: Sequence[Frame]) -> list[Range]:
        """The segments that code best."""
        return self.layout.cut(part, frames, self.arch)

    def cut_seconds(self, frames: int) -> float:
        """Wall seconds, on a slow machine, of finding how so many frames are best cut."""
        return _CLOSED_SECONDS * _megasamples(self.setting.info, frames)

    def seconds(self, part: Range) -> float:
        """Wall seconds of network fitting."""
        if not self.timed:
            return 0.0
        megasamples = _megasamples(self.setting.info, part.count)
        return self.preset.fit_floor + self.preset.fit_seconds * megasamples

    def fit(self, part: Range, frames: Sequence[Frame], budget: Budget) -> SegmentCode:
        """Fit one segment at the step its target asks for."""
        planes = [frame.planes for frame in frames]
        return self._spectral(part, planes, budget)

    def _spectral(self, part: Range, planes: Sequence[Planes], budget: Budget) -> SegmentCode:
        """A segment of latents and spectral weights."""
        fit = SegmentFit(
            planes, self.setting.info, self.arch, self.setting.options.seed,
            refined=self.preset.refined, device=self.rendering.device,
        )  # fmt: skip
        return self.control.choose(fit, part, budget, self.reserved).code

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
    trials = preset.trials if options.trials is None else options.trials
    refined = preset.refined if options.refined is None else options.refined
    return replace(preset, trials=trials, refined=refined)
