"""Fitting one segment in closed form, quantised as it will be written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from lincodec.bitstream.segment import Key, Lattice, SegmentCode, code_bits
from lincodec.bitstream.segment import Tensor as Coding
from lincodec.container import LincArch
from lincodec.decoder.load import placed
from lincodec.encoder.aim import Aim, Figure, Trial, seek
from lincodec.encoder.budget import Budget
from lincodec.encoder.linc import basis_search, klt, rdo
from lincodec.encoder.linc.klt import CHROMA_RATIO
from lincodec.encoder.linc.quantise import Coded, Rounded, on_lattice, rounded, thinned, trimmed
from lincodec.encoder.segments import Range
from lincodec.model.devices import CPU
from lincodec.model.geometry import Geometry
from lincodec.model.network import Network
from lincodec.model.output import quantise, to_frames
from lincodec.model.segment import SegmentModel
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo
from lincodec.video.metrics import ms_ssim, psnr, rgb_error

#: Chooses integers for weights over their steps, float32 per channel, at a price of a bit.
Chooser = Callable[[list[np.ndarray], float], list[np.ndarray]]

#: Price of a bit in squared quantiser steps.
RATE = 0.1
#: A temporal basis turned for one step also serves others up to this factor e away.
_SAME_BASIS = 0.2
#: Trials that may be made to come to an aim.
_TRIES = 7
#: Components of a smaller norm, in steps, are left out.
_LEAST_NORM = 2.5


class SegmentFit:
    """One segment's closed form, a ``StepFit``."""

    def __init__(
        self,
        frames: Sequence[Planes],
        info: VideoInfo,
        arch: LincArch,
        *,
        refined: bool = True,
        device: torch.device = CPU,
    ) -> None:
        """
        Args:
            frames: the segment's source frames.
            info: the video they come from.
            arch: architecture parameters of the file.
            refined: whether the temporal basis is turned, weights are chosen by what they cost
                and latents answer them; else the KLT's weights are rounded.
            device: where planes, products, transforms and the network are; what is a number a
                frame or component, such as bases, stays on the CPU.
        """
        self.info, self.arch, self.refined = info, arch, refined
        self.device = device
        self.geometry = Geometry.of(info.plane_sizes, 1 << arch.block, arch.overlap)
        self.source = frames
        self.codes = klt.stacked(frames, device)
        self._products = klt.gram(self.codes, CHROMA_RATIO, info.bit_depth)
        self.weigh(torch.ones(len(frames), dtype=torch.float64))

    @cached_property
    def channels(self) -> list[Tensor]:
        """The source as centred float32 [n, h, w] per channel, in 8-bit code units."""
        return [klt.centred(codes, self.info.bit_depth) for codes in self.codes]

    def weigh(self, weights: Tensor) -> None:
        """Let the error of every frame count ``weights`` times, float64 [n]."""
        self.weights = weights
        self.basis, self.norms = klt.temporal_basis(self._products * weights[:, None] * weights)
        self._turned: tuple[float, Tensor, Tensor] | None = None
        self.split = False
        """Whether two bases share the blocks."""

    def trial(self, step: float, every: int = 4, *, similarity: bool = False) -> Trial:
        """Bits, and quality of every ``every``-th frame, of the closed form at a step.

        Args:
            step: luma step.
            every: so many frames are measured once.
            similarity: whether MS-SSIM is measured instead of PSNR.
        """
        coded = self.quantise(step)
        bits = code_bits(self.code(Range(0, self.frames, False), coded))
        if similarity:
            return Trial(bits, math.nan, self._similarity(coded, every))
        return Trial(bits, self.quality(coded, None, every))

    def _similarity(self, coded: Coded, every: int) -> float:
        """Mean MS-SSIM of luma of every ``every``-th frame."""
        values, weights = decoded(coded, self.device)
        model = SegmentModel(self.geometry, values, weights)
        peak = float((1 << self.info.bit_depth) - 1)
        found = []
        for at in range(0, self.frames, every):
            planes = model.native(values[:, at : at + 1])
            shown = to_frames(quantise(planes, self.info.bit_depth))[0]
            found.append(ms_ssim(self.source[at][0], shown[0], peak))
        return sum(found) / len(found)

    @property
    def frames(self) -> int:
        """Frames of the segment."""
        return len(self.source)

    def quality(self, coded: Coded, network: Network | None, every: int = 4) -> float:
        """Mean RGB PSNR in dB of every ``every``-th frame."""
        found = self.frame_psnrs(coded, network, range(0, self.frames, every))
        return sum(found) / len(found)

    def frame_psnrs(
        self, coded: Coded, network: Network | None, which: Sequence[int]
    ) -> list[float]:
        """RGB PSNR in dB of some frames."""
        values, weights = decoded(coded, self.device)
        model = SegmentModel(self.geometry, values, weights, network)
        found = []
        with torch.inference_mode():
            for index in which:
                planes = model.native(values[:, index : index + 1])
                found.append(rendered_psnr(planes, self.source[index], self.info))
        return found

    def run(self, part: Range, step: float, budget: Budget, aim: Aim | None = None) -> SegmentCode:
        """The closed form, see ``StepFit``."""
        return self.code(part, self.quantise(step if aim is None else self.aimed(aim, step)))

    def aimed(self, aim: Aim, step: float) -> float:
        """The step at which the closed form comes to an aim."""
        every = 1 if aim.figure is Figure.PSNR else 4
        similarity = aim.figure is Figure.MS_SSIM
        return seek(aim, step, lambda at: self.trial(at, every, similarity=similarity), _TRIES)

    def render(self, coded: Coded) -> tuple[Tensor, list[Tensor]]:
        """Latents [D, n] and the spectral decode of every frame, [n, h, w] per channel."""
        latents, weights = decoded(coded, self.device)
        model = SegmentModel(self.geometry, latents, weights)
        planes = [torch.empty_like(channel) for channel in self.channels]
        for start in range(0, self.frames, 8):
            part = slice(start, start + 8)
            for plane, shown in zip(planes, model.native(latents[:, part]), strict=True):
                plane[part] = shown
        return latents, planes

    def code(self, part: Range, coded: Coded, more: dict[Key, Coding] | None = None) -> SegmentCode:
        """The segment's tensors as they will be written."""
        tensors: dict[Key, Coding] = {
            (Role.SPECTRAL, 0): coded.spectral,
            (Role.LATENT, 0): coded.latents,
            **(more or {}),
        }
        return SegmentCode(part.first, part.count, part.continues, tensors)

    def quantise(
        self,
        step: float,
        *,
        rate: float = RATE,
        targets: Sequence[Tensor] | None = None,
        choose: Chooser | None = None,
    ) -> Coded:
        """Choose latents and weights for a luma step.

        Latents are rounded first; the weights are the least-squares answer to the rounded
        latents, so that the rounding is not paid twice. Once the weights are integers the
        latents of a refined fit answer them in turn.

        Args:
            step: luma quantiser step in 8-bit code units.
            rate: price of a bit in squared steps.
            targets: frames that the spectral part should give, float32 [n, h, w] per
                channel; None: the source.
            choose: gives the integers for weights over their steps and ``rate``; None:
                rate-distortion optimisation where the fit is refined, else a dead zone.
        """
        step = float(np.float32(step))
        steps = self._steps(step)
        basis, norms = self._basis_at(step)
        exponents = klt.latent_exponents(norms, step).numpy().astype(np.int8)
        latents = on_lattice(basis.T, exponents)
        values = torch.from_numpy(latents.values)
        if choose is None and not self.refined:
            return trimmed(latents, self._rounded(targets or self.codes, values, steps), step)
        wanted = self.channels if targets is None else targets
        weights = self._weights(wanted, values, steps)
        scaled = [w.div_(s).cpu().numpy() for w, s in zip(weights, steps, strict=True)]
        chosen = (choose or rdo.optimise)(scaled, rate)
        found = [Rounded.of(q, x) for q, x in zip(chosen, scaled, strict=True)]
        coded = trimmed(latents, found, step)
        return replace(coded, latents=self._answer(coded, wanted)) if self.refined else coded

    def _rounded(
        self, wanted: Sequence[Tensor], latents: Tensor, steps: Sequence[float]
    ) -> list[Rounded]:
        """Weights for rounded latents, rounded in turn."""
        unmixing = klt.unmixing(latents.T.double(), self.weights)
        return [
            thinned(rounded(frames, self.info.bit_depth, unmixing, axes, step))
            for frames, axes, step in zip(wanted, self.geometry.channels, steps, strict=True)
        ]

    def _steps(self, step: float) -> list[float]:
        """Step of every channel."""
        chroma = float(np.float32(step) * np.float32(CHROMA_RATIO))
        return [step] + [chroma] * (len(self.codes) - 1)

    def _basis_at(self, step: float) -> tuple[Tensor, Tensor]:
        """Temporal basis, float64 [n, D], and norms of its components for a luma step."""
        if not self.refined:
            count = max(1, int((self.norms > _LEAST_NORM * step).sum()))
            return self.basis[:, :count] / self.weights[:, None], self.norms[:count]
        if self._turned is None or abs(math.log(step / self._turned[0])) > _SAME_BASIS:
            count = max(1, int((self.norms > _LEAST_NORM * step).sum()))
            blocks, share = basis_search.sampled_blocks(
                self.channels, self.geometry, self._steps(step)
            )
            blocks *= self.weights.float()[:, None, None].to(self.device)
            basis, energy = basis_search.turned_basis(blocks, self.basis[:, :count])
            self.split = False
            if 2 < count < self.arch.n_components / 2:
                found = basis_search.split_basis(blocks, basis)
                basis, energy, self.split = (*found, True) if found else (basis, energy, False)
            self._turned = step, basis / self.weights[:, None], (energy / share).sqrt() * step
        return self._turned[1:]

    def _weights(
        self, wanted: Sequence[Tensor], latents: Tensor, steps: Sequence[float]
    ) -> list[Tensor]:
        """Spectral weights for rounded latents, float32 [D, rows, columns, Bv, Bu] per channel."""
        if not self.split:
            return klt.spectral_weights(wanted, latents.T.double(), self.geometry, self.weights)
        half = len(latents) // 2
        first, second = (
            klt.spectral_weights(
                wanted, torch.cat([latents[:1], part]).T.double(), self.geometry, self.weights
            )
            for part in (latents[1 : 1 + half], latents[1 + half :])
        )
        return basis_search.shared_out(first, second, steps)

    def _answer(self, coded: Coded, wanted: Sequence[Tensor]) -> Lattice:
        """The latents that give ``wanted`` best with the weights as they are coded."""
        count = coded.latents.q.shape[0]
        model = SegmentModel(self.geometry, *decoded(coded, self.device))
        frames = model.native(torch.eye(count, device=self.device))
        found = klt.fitted_latents(wanted, frames, CHROMA_RATIO)
        return on_lattice(found, coded.latents.exponents)


def rendered_psnr(planes: Sequence[Tensor], source: Planes, info: VideoInfo) -> float:
    """RGB PSNR in dB of one rendered frame, float32 [1, h, w] per channel, as it is shown."""
    shown = to_frames(quantise(planes, info.bit_depth))[0]
    return psnr(rgb_error(source, shown, info))


def decoded(coded: Coded, device: torch.device) -> tuple[Tensor, list[Tensor]]:
    """The float32 latents [D, n] and weights that a decoder gets."""
    return torch.from_numpy(coded.latents.values).to(device), placed(coded.spectral, device)
