"""The engine of architecture linc: closed form, rate control, layout trials and network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lincodec import target
from lincodec.bitstream import SegmentCode
from lincodec.container import LincArch
from lincodec.engines.base import Engine, Setting
from lincodec.errors import UsageError
from lincodec.fit import Budget, SegmentFit
from lincodec.jobs import EncodeOptions
from lincodec.layout import Layout
from lincodec.presets import Preset
from lincodec.segments import Range
from lincodec.types import Frame

#: Samples of all planes that one segment may hold, so that memory stays bounded.
SEGMENT_SAMPLES = 70_000_000


class LincEngine(Engine):
    """Fits architecture 2 (spec clause 6.2.2)."""

    arch: LincArch

    def __init__(self, setting: Setting, part: Range, frames: Sequence[Frame]) -> None:
        options, info = setting.options, setting.info
        self.setting = setting
        self.preset = _with_network(setting.preset, options.network)
        self.timed = self.preset.network
        self.control = target.RateControl(options, self.preset, info, setting.frames)
        self.layout = Layout(info, self.control.step)
        self.arch = self._arch(*self.layout.windows(frames))

    @staticmethod
    def check(preset: Preset, options: EncodeOptions) -> None:
        """Fitting is linear algebra on the CPU; there is no hash grid."""
        if options.device not in ("auto", "cpu"):
            raise UsageError(
                f"--device {options.device}: preset {preset.name} is fitted on the CPU; "
                "use cpu or auto"
            )
        if options.backend != "auto":
            raise UsageError(f"--backend: preset {preset.name} has no hash grid to choose for")
        if options.model:
            raise UsageError(f"--model: preset {preset.name} has no settings for it")

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

    def seconds(self, part: Range) -> float:
        """Wall seconds of network fitting."""
        if not self.timed:
            return 0.0
        info = self.setting.info
        megasamples = info.width * info.height * part.count / 1e6
        return self.preset.fit_floor + self.preset.fit_seconds * megasamples

    def fit(self, part: Range, frames: Sequence[Frame], budget: Budget) -> SegmentCode:
        """Fit one segment at the step its target asks for."""
        planes = [frame.planes for frame in frames]
        fit = SegmentFit(planes, self.setting.info, self.arch, self.setting.options.seed)
        return self.control.choose(fit, part, budget, self.reserved).code

    def account(self, part: Range, coded: int) -> None:
        """Keep the account of a size target."""
        self.control.account(part, coded)


def _with_network(preset: Preset, wish: bool | None) -> Preset:
    """The preset with its network forced on or off."""
    if wish is None or wish == preset.network:
        return preset
    return replace(preset, fit_floor=20, fit_seconds=0.6) if wish else replace(preset, fit_floor=0)
