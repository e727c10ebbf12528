"""Fitting one segment: closed form first, then the network, then exact quantisation."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from lincodec import quant
from lincodec.bitstream import Key, Lattice, SegmentCode, Spectral, Tensor as Coding, pack_segment
from lincodec.container import LincArch
from lincodec.entropy import rdo
from lincodec.jobs import StopRequest
from lincodec.model import closed
from lincodec.model.closed import CHROMA_RATIO, Geometry
from lincodec.model.quality import ColorModel, rgb_errors
from lincodec.model.segment import SegmentModel
from lincodec.presets import Preset
from lincodec.registry import Role
from lincodec.segments import Range
from lincodec.types import Planes, VideoInfo
from lincodec.video.color import assumed_matrix

#: Price of a bit in squared quantiser steps.
RATE = 0.115


@dataclass(frozen=True)
class Trial:
    """What a quantiser step gives."""

    bits: int
    psnr: float


@dataclass(frozen=True)
class Coded:
    """Latents and spectral weights as they will be written."""

    latents: Lattice
    """[D, n]."""
    spectral: Spectral


def _never(_: float, __: float | None) -> None:
    """The default report of a budget."""


@dataclass(frozen=True)
class Budget:
    """How long a segment's fit may take, and whom it tells."""

    seconds: float = 0.0
    """Wall seconds of network fitting."""
    deadline: float | None = None
    """``time.monotonic`` value after which the fit finishes with what it has."""
    stop: StopRequest = field(default_factory=StopRequest)
    report: Callable[[float, float | None], None] = _never
    """Called with (fraction of this fit, RGB PSNR so far or None)."""

    @property
    def over(self) -> bool:
        """Whether the fit must finish now."""
        late = self.deadline is not None and time.monotonic() >= self.deadline
        return late or self.stop.requested


@dataclass(frozen=True)
class FittedSegment:
    """A fitted segment, quantised as it will be written."""

    code: SegmentCode


class SegmentFit:
    """One segment's fit; serves trials at several quantiser steps and the final run."""

    def __init__(
        self, frames: Sequence[Planes], info: VideoInfo, arch: LincArch, preset: Preset
    ) -> None:
        """
        Args:
            frames: the segment's source frames.
            info: the video they come from.
            arch: architecture parameters of the file.
            preset: how much work to do.
        """
        self.info, self.arch, self.preset = info, arch, preset
        self.geometry = Geometry.of(info.plane_sizes, 1 << arch.block, arch.overlap)
        self.channels = closed.to_tensors(frames, info.bit_depth)
        products = closed.gram(self.channels, CHROMA_RATIO)
        self.basis, self.norms = closed.temporal_basis(products)

    @property
    def color(self) -> ColorModel:
        """RGB convention of the metrics."""
        kr, kb = assumed_matrix(self.info)
        return ColorModel(kr, kb, self.info.color.full_range, self.info.bit_depth)

    def trial(self, step: float) -> Trial:
        """Bits and quality of the closed form at a step, to steer a target."""
        coded = self.quantise(step, rounds=1)
        header, weights, latents = pack_segment(self._code(Range(0, self.frames, False), coded))
        return Trial(8 * (len(weights) + len(latents) + len(header.pack())), self.psnr(coded))

    @property
    def frames(self) -> int:
        """Frames of the segment."""
        return int(self.channels[0].shape[0])

    def psnr(self, coded: Coded, every: int = 4) -> float:
        """Mean RGB PSNR in dB of every ``every``-th frame without the network."""
        values, weights = decoded(coded)
        model = SegmentModel(self.geometry, values, weights)
        total = []
        for index in range(0, self.frames, every):
            shown = model.native(values[:, index : index + 1])
            source = [c[index : index + 1] for c in self.channels]
            total.append(float(rgb_errors(source, shown, self.color)))
        return float(np.mean(10 * np.log10(65025 / np.maximum(total, 1e-6))))

    def run(self, part: Range, step: float, budget: Budget) -> FittedSegment:
        """The final fit of a segment at a luma step."""
        coded = self.quantise(step, rounds=self.preset.rounds)
        tensors: dict[Key, Coding] = {}
        budget.report(0.5, None)
        return FittedSegment(self._code(part, coded, tensors))

    def _code(
        self, part: Range, coded: Coded, more: dict[Key, Coding] | None = None
    ) -> SegmentCode:
        tensors: dict[Key, Coding] = {
            (Role.SPECTRAL, 0): coded.spectral,
            (Role.LATENT, 0): coded.latents,
            **(more or {}),
        }
        return SegmentCode(part.first, part.count, part.continues, tensors)

    def quantise(self, step: float, *, rate: float = RATE, rounds: int = 2) -> Coded:
        """Choose latents and weights for a luma step.

        Latents are rounded first; the weights are the least-squares answer to the rounded
        latents, so that the rounding is not paid twice.

        Args:
            step: luma quantiser step in 8-bit code units.
            rate: price of a bit in squared steps.
            rounds: passes of rate-distortion optimisation.
        """
        step = float(np.float32(step))
        count = max(1, int((self.norms > 2.5 * step).sum()))
        exponents = closed.latent_exponents(self.norms[:count], step).numpy().astype(np.int8)
        q = quant.lattice_quantise(self.basis[:, :count].T.float().numpy(), 1.0, exponents)
        latents = Lattice(q, 1.0, exponents)
        values = torch.from_numpy(latents.values)
        weights = closed.spectral_weights(self.channels, values.T.double(), self.geometry)
        scaled = [
            (w / (step if c == 0 else float(np.float32(step) * np.float32(CHROMA_RATIO)))).numpy()
            for c, w in enumerate(weights)
        ]
        chosen = rdo.optimise(scaled, rate, rounds)
        return _trimmed(latents, chosen, scaled, step)


def _trimmed(
    latents: Lattice, chosen: list[np.ndarray], scaled: list[np.ndarray], step: float
) -> Coded:
    """Drops trailing components without weights and measures the centroids."""
    used = np.zeros(latents.q.shape[0], bool)
    for values in chosen:
        used |= values.any(axis=(1, 2, 3, 4))
    used[0] = True
    keep = np.flatnonzero(used)
    centroids = np.stack([_centroids(q, x) for q, x in zip(chosen, scaled, strict=True)])
    return Coded(
        Lattice(latents.q[keep], latents.step, latents.exponents[keep]),
        Spectral(
            tuple(np.ascontiguousarray(q[keep]) for q in chosen),
            step, float(np.float32(CHROMA_RATIO)), centroids,
        ),
    )  # fmt: skip


def _centroids(q: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Mean of |x| - |q| over |q| = 1, 2 and more in 1/128 steps, int8 [3]."""
    out = np.zeros(3, np.int8)
    magnitude = np.abs(q)
    for index in range(3):
        pick = magnitude == index + 1 if index < 2 else magnitude > 2
        if pick.any():
            shift = float((np.abs(x[pick]) - magnitude[pick]).mean())
            out[index] = np.clip(round(128 * shift), -127, 127)
    return out


def decoded(coded: Coded) -> tuple[Tensor, list[Tensor]]:
    """The float32 latents [D, n] and weights that a decoder gets."""
    return (
        torch.from_numpy(coded.latents.values),
        [torch.from_numpy(v) for v in coded.spectral.values],
    )
