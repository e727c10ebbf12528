"""Fitting one latent-inr segment by Adam on random frames and positions (paper Sec. 3.4)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from lincodec.bitstream.segment import SegmentCode
from lincodec.container import LatentInrArch
from lincodec.core.resample import whole
from lincodec.decoder.load import read_inr
from lincodec.encoder.budget import Budget
from lincodec.encoder.latent_inr.settings import InrSettings
from lincodec.encoder.latent_inr.source import SourceFrames
from lincodec.encoder.latent_inr.tensors import coded
from lincodec.encoder.segments import Range
from lincodec.errors import ResourceError
from lincodec.model.devices import Portions
from lincodec.model.latent_inr.grid import encoder, grid_size, positions
from lincodec.model.latent_inr.network import COLOURS, Inr
from lincodec.model.latent_inr.rgb import ColorMap
from lincodec.model.latent_inr.segment import InrSegment
from lincodec.model.output import quantise, to_frames
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import to_rgb
from lincodec.video.metrics import mse, psnr

#: A further loss of the latents [B, D] of frames int64 [B] of the segment, added to the MSE.
LatentLoss = Callable[[Tensor, Tensor], Tensor]

#: Learning rate at the end, as a share of that at the start.
_LAST_RATE = 0.05
#: Share of the newest step in the running error.
_NEW = 0.05
#: Wall seconds between reports.
_REPORT_EVERY = 0.5
#: What the running PSNR must exceed a target by before the target is measured.
_MARGIN_DB = 0.2


class InrFit:
    """One segment's fit.

    Args:
        frames: planes of every frame.
        info: the video they come from.
        arch: the network.
        settings: of the fit and of the storage.
        device: where to fit.
        backend: of the hash grid; a name that ``hashgrid.choose`` returned.
        seed: of random numbers.
        latent_loss: a further loss of the latents, such as Eq. 6's.
    """

    def __init__(
        self,
        frames: Sequence[Planes],
        info: VideoInfo,
        arch: LatentInrArch,
        settings: InrSettings,
        *,
        device: torch.device,
        backend: str,
        seed: int = 0,
        latent_loss: LatentLoss | None = None,
    ) -> None:
        self.frames, self.info, self.arch, self.settings = frames, info, arch, settings
        self.device, self.backend, self.latent_loss = device, backend, latent_loss
        self.generator = torch.Generator().manual_seed(seed)
        self.source = SourceFrames(frames, info, device)
        network = Inr.initial(arch, self.generator, settings.fourier_scale)
        tensors = {key: tensor.to(device) for key, tensor in network.tensors.items()}
        self.network = Inr(arch, tensors)
        start = torch.randn(len(frames), arch.latent_dim, generator=self.generator)
        self.latents = (start * settings.latent_std).to(device)
        self.grid = grid_size(arch, (info.height, info.width))
        at = positions(range(self.grid[0]), whole(self.grid, self.grid), device)
        self.encoding = encoder(arch, at, backend)
        self.positions = settings.positions or Portions.on(device).positions
        learnt = [tensor for key, tensor in tensors.items() if self._is_learnt(key[0])]
        for tensor in (*learnt, self.latents):
            tensor.requires_grad_(True)
        fused = device.type in ("cpu", "cuda")
        self.optimiser = torch.optim.Adam([*learnt, self.latents], lr=settings.lr, fused=fused)
        self.base = torch.compile(self.network.base) if settings.compile else self.network.base
        self.steps, self.error = 0, math.nan

    def _is_learnt(self, role: Role) -> bool:
        """Fourier frequencies stay as they were drawn."""
        return bool(self.arch.levels) or role != Role.ENCODING

    # ------------------------------------------------------------ one step

    def step(self, fraction: float) -> float:
        """One step of Adam at a place 0..1 of the schedule; the mean squared error of it."""
        rate = _LAST_RATE + (1 - _LAST_RATE) * (0.5 + 0.5 * math.cos(math.pi * min(fraction, 1.0)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.lr * rate
        count = len(self.frames)
        # without replacement, so that a batch as large as the segment holds every frame
        order = torch.randperm(count, generator=self.generator)
        frames = order[: min(self.settings.batch, count)].to(self.device)
        loss, error = self._loss(frames)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.steps += 1
        return float(error)

    def _loss(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of Eq. 6 for some frames at random positions, and its first term."""
        z = self.latents[frames]
        with self._precision():
            weights = self.network.weights(z)
            shown, samples = self._colours(weights)
        wanted = self.source.rgb(frames, samples)
        error = (shown.float() - wanted).square().mean()
        if self.latent_loss is None:
            return error, error.detach()
        return error + self.latent_loss(z, frames), error.detach()

    def _colours(self, weights: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Colours [B, N, 3] at random samples, and the samples' numbers int64 [N]."""
        rows, columns = self.grid
        if self.arch.patch == 1:
            if self.positions >= rows * columns:
                chosen = torch.arange(rows * columns, device=self.device)
                return self.base(self._table(None), weights), chosen
            chosen = torch.randint(rows * columns, (self.positions,), generator=self.generator)
            chosen = chosen.to(self.device)
            return self.base(self._table(chosen), weights), chosen
        count = max(1, min(rows, self.positions // columns))
        top = int(torch.randint(rows - count + 1, (1,), generator=self.generator))
        margin, patch = self.arch.kernel // 2, self.arch.patch
        band = torch.arange(top - margin, top + count + margin).clamp_(0, rows - 1)
        chosen = (band[:, None] * columns + torch.arange(columns)).flatten().to(self.device)
        features = self.base(self._table(chosen), weights)
        picture = self.network.patches(features.view(len(features), len(band), columns, -1))
        height = min((top + count) * patch, self.info.height) - top * patch
        picture = picture[:, :, :height, : self.info.width]
        first, size = top * patch * self.info.width, height * self.info.width
        samples = torch.arange(first, first + size, device=self.device)
        return picture.permute(0, 2, 3, 1).reshape(len(picture), -1, COLOURS), samples

    def _table(self, chosen: Tensor | None) -> Tensor:
        """Encoded positions [N, E] of the grid: all, or those with the chosen numbers."""
        encoding = self.encoding if chosen is None else self.encoding.at(chosen)
        return encoding(self.network.tensors[Role.ENCODING, 0])

    def _precision(self) -> AbstractContextManager[object]:
        """bfloat16 products on CUDA; everything binary32 elsewhere, where that is faster."""
        if self.device.type != "cuda":
            return nullcontext()
        return torch.autocast("cuda", torch.bfloat16)

    # ------------------------------------------------------------ the whole fit

    def run(self, budget: Budget, wanted: float | None = None, reserve: float = 0.0) -> bool:
        """Step until the time, the steps of the settings or the wanted PSNR are reached.

        Args:
            budget: time, stop request and report.
            wanted: RGB PSNR in dB at which to end early.
            reserve: seconds before the deadline that measuring will take.

        Returns:
            Whether the steps were all taken or the wanted PSNR reached, and time did not end it.
        """
        begun = told = time.monotonic()
        limit, count = max(budget.left(reserve), 1e-3), self.settings.steps
        while True:
            share = self.steps / count if count else (time.monotonic() - begun) / limit
            if self.steps and (share >= 1 or budget.over):
                return count > 0 and share >= 1
            self._account(self._guarded_step(share))
            if time.monotonic() - told >= _REPORT_EVERY:
                told = time.monotonic()
                budget.report(min(share, 1.0), self.running_psnr)
                if wanted is not None and self.running_psnr > wanted + _MARGIN_DB:
                    if self.quality() >= wanted:
                        return True
                    told = time.monotonic() + 10 * _REPORT_EVERY

    def _guarded_step(self, share: float) -> float:
        """A step; with fewer positions when the device's memory runs out."""
        while True:
            try:
                return self.step(share)
            except torch.OutOfMemoryError as error:
                if self.positions <= self.grid[1]:
                    raise ResourceError(
                        f"{self.device}: out of memory with {self.positions} positions of "
                        f"{self.settings.batch} frames a step; try --model batch=1 or a patch"
                    ) from error
                self.positions //= 2
                self.optimiser.zero_grad(set_to_none=True)
                torch.cuda.empty_cache()

    def _account(self, error: float) -> None:
        self.error = error if math.isnan(self.error) else self.error + _NEW * (error - self.error)

    @property
    def running_psnr(self) -> float:
        """PSNR of the running error, dB; near the mean over frames."""
        return -10 * math.log10(max(self.error, 1e-12))

    def code(self, part: Range) -> SegmentCode:
        """The segment as it will be written."""
        tensors = coded(self.network, self.latents.T, self.settings.bits())
        return SegmentCode(part.first, part.count, part.continues, tensors)

    def quality(self, every: int = 4) -> float:
        """Mean RGB PSNR in dB of every ``every``-th frame of what will be written."""
        count = len(self.frames)
        network, latents = read_inr(self.code(Range(0, count, False)), self.arch)
        tensors = {key: tensor.to(self.device) for key, tensor in network.tensors.items()}
        segment = InrSegment(
            Inr(self.arch, tensors), latents.to(self.device), ColorMap.of(self.info),
            (self.info.height, self.info.width), self.backend,
        )  # fmt: skip
        found = []
        with torch.inference_mode():
            for index in range(0, count, every):
                planes = segment.native(segment.latents[:, index : index + 1])
                shown = to_rgb(to_frames(quantise(planes, self.info.bit_depth))[0], self.info)
                found.append(psnr(mse(to_rgb(self.frames[index], self.info), shown)))
        return sum(found) / len(found)
