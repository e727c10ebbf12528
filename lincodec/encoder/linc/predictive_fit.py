"""Fitting a segment whose frames are predicted from each other (spec clause 8.11).

The first frame is coded whole; then, level by level, the frames that blocks come from and their
displacements are searched in what has been decoded so far, and the rest of every frame becomes
a component of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lincodec.bitstream import quantisers
from lincodec.bitstream.segment import Field, Key, Lattice, SegmentCode, Spectral
from lincodec.bitstream.segment import Tensor as Coding
from lincodec.container import LincArch
from lincodec.encoder.budget import Budget
from lincodec.encoder.linc import klt, rdo
from lincodec.encoder.linc.block_search import match
from lincodec.encoder.linc.segment_fit import (
    RATE,
    SegmentFit,
    code_bits,
    decoded,
    rendered_psnr,
)
from lincodec.encoder.optical_flow import displacements, halved, prepared
from lincodec.encoder.rate_control import Trial
from lincodec.encoder.segments import Range
from lincodec.entropy import field as fields
from lincodec.entropy.coefficients import Coefficients, scattered
from lincodec.model.basis import analyse, synthesise
from lincodec.model.compensation import Blocks, Link, cell_size, levels, predicted
from lincodec.model.devices import CPU
from lincodec.model.geometry import Geometry
from lincodec.model.segment import SegmentModel
from lincodec.registry import Role
from lincodec.types import Planes, VideoInfo

#: Quantiser step of the first frame over that of a whole fit without prediction.
_FIRST_SCALE = 0.4
#: Steps of the anchors and of the levels between them over that of the first frame, in eighths;
#: the last repeats. What others are predicted from is worth more bits.
_ANCHOR_EIGHTHS = 9
_LEVEL_EIGHTHS = (11, 16, 24, 34)
#: Displacements are in halves of a luma sample.
_UNIT = 2
#: Latent rows that only say what a frame shows, and the step of their lattice.
THEMES = 6
_THEME_STEP = 0.25
#: Displacements found at one step serve others within this factor.
_REUSE = 1.5
#: Blocks have a side of 32 samples where the square root of a picture's luma samples times the
#: step is this; it grows with the root of that.
_SIDE_AT = 240.0 * 80.0
#: For trials.
_FREE = Budget()


@dataclass(frozen=True)
class Coded:
    """A segment as it will be written, and what it decodes to."""

    latents: Lattice
    spectral: Spectral
    prediction: Field
    planes: list[Tensor]
    """float32 [n, h, w] per channel, centred 8-bit units."""


class PredictiveFit:
    """One segment's fit with prediction; serves trials at several steps and the final run."""

    def __init__(
        self,
        frames: Sequence[Planes],
        info: VideoInfo,
        arch: LincArch,
        search: tuple[int, int],
        side: int,
        device: torch.device = CPU,
    ) -> None:
        """
        Args:
            frames: the segment's source frames, two or more.
            info: the video they come from.
            arch: architecture parameters of the file.
            search: rounds, and luma samples of a frame that are looked at, of the search for
                displacements.
            side: of a block in luma samples, a power of two from 8.
            device: where planes, searches and transforms are.
        """
        self.device = device
        self.info, self.arch, self.source = info, arch, frames
        self.rounds, self.samples = search
        self.frames, self.levels = len(frames), levels(len(frames))
        self.eighths = _eighths(self.levels)
        self.geometry = Geometry.of(info.plane_sizes, 1 << arch.block, arch.overlap)
        self.first = SegmentFit(frames[:1], info, arch, device=device)
        self.channels = klt.to_tensors(frames, info.bit_depth, device)
        size = (info.height, info.width)
        cell = cell_size(size, (-(-size[0] // side), -(-size[1] // side)))
        assert cell is not None
        self.cell = cell
        self.blocks = Blocks.of(info.plane_sizes, cell, _UNIT)
        luma = [prepared(planes[0], info.bit_depth, device) for planes in frames]
        self.themes = _themes(luma)
        self._starts = self._all_starts(luma)
        self._moves: tuple[float, list[Tensor]] | None = None

    def _all_starts(self, luma: Sequence[Tensor]) -> list[Tensor]:
        """First guesses of the displacements of every level."""
        if self.device.type == "cpu":
            return [self._start(level, luma) for level in self.levels]
        every = self._start([link for level in self.levels for link in level], luma)
        return list(torch.split(every, [len(level) for level in self.levels]))

    def _start(self, links: Sequence[Link], luma: Sequence[Tensor]) -> Tensor:
        """First guess of the displacements of frames from the source alone, in units."""
        ends = [(k.first, k.frame if k.first == k.second else k.second) for k in links]
        field = displacements(luma, ends, self.info, self.blocks[0].grid)
        whole = torch.tensor([k.first == k.second for k in links], device=self.device)
        whole = whole[:, None, None, None]
        back = torch.round(-field * _UNIT * torch.where(whole, 1.0, 0.5)).long()
        return torch.cat([back, torch.where(whole, back, -back), 0 * back[:, :1]], 1)

    def trial(self, step: float, every: int = 4) -> Trial:
        """Bits, and quality of every ``every``-th frame, at a step."""
        coded = self.quantise(step)
        bits = code_bits(self.code(Range(0, self.frames, False), coded))
        return Trial(bits, self.quality(coded, every))

    def run(
        self, part: Range, step: float, budget: Budget, wanted: float | None = None
    ) -> SegmentCode:
        """The final fit, see ``StepFit``."""
        return self.code(part, self.quantise(step, budget=budget))

    def quality(self, coded: Coded, every: int = 4) -> float:
        """Mean RGB PSNR in dB of every ``every``-th frame."""
        found = [
            rendered_psnr([p[at : at + 1] for p in coded.planes], self.source[at], self.info)
            for at in range(0, self.frames, every)
        ]
        return sum(found) / len(found)

    def code(self, part: Range, coded: Coded) -> SegmentCode:
        """The segment's tensors as they will be written."""
        tensors: dict[Key, Coding] = {
            (Role.SPECTRAL, 0): coded.spectral,
            (Role.LATENT, 0): coded.latents,
            (Role.PREDICTION, 0): coded.prediction,
        }
        return SegmentCode(part.first, part.count, part.continues, tensors)

    def quantise(self, step: float, *, rate: float = RATE, budget: Budget = _FREE) -> Coded:
        """Choose displacements and weights for a luma step.

        Args:
            step: luma step in 8-bit code units.
            rate: price of a bit in squared steps.
            budget: told after every level; when it is over the rest is not searched.
        """
        with torch.inference_mode():
            loop = _Loop(self, step * _FIRST_SCALE, rate)
            known = self._moves
            reuse = known is not None and 1 / _REUSE < step / known[0] < _REUSE
            moves: list[Tensor] = []
            for depth, level in enumerate(self.levels):
                if reuse and known is not None:
                    moves.append(known[1][depth])
                else:
                    rounds = 0 if budget.over else self.rounds
                    moves.append(self._matched(level, depth, loop, rounds))
                loop.add(level, depth, moves[-1])
                budget.report((depth + 1) / len(self.levels), None)
            if not reuse:
                self._moves = step, moves
        return loop.result(moves)

    def _matched(self, level: Sequence[Link], depth: int, loop: _Loop, rounds: int) -> Tensor:
        """Displacements of a level, searched in the frames decoded so far."""
        start, luma = self._starts[depth], self.blocks[0]
        planes, target = loop.planes[0], self.channels[0][[k.frame for k in level]]
        halvings = 0
        while luma.size[0] * luma.size[1] > self.samples and self.cell >> halvings > 8:
            halvings += 1
            size = -(-luma.size[0] // 2), -(-luma.size[1] // 2)
            side = self.cell >> halvings
            luma = Blocks(size, (side, side), (_UNIT << halvings, _UNIT << halvings))
        used = sorted({end for k in level for end in (k.first, k.second)})
        near = [Link(k.frame, used.index(k.first), used.index(k.second)) for k in level]
        planes = planes[used]
        for _ in range(halvings):
            planes, target = halved(planes), halved(target)
        step = loop.step * self.eighths[depth] / 8
        return match(target, planes, near, start, luma, step, loop.rate, rounds)


def _themes(luma: Sequence[Tensor]) -> np.ndarray:
    """What tells the frames apart, for search and plots, int64 [rows, frames]; nothing is drawn.

    The leading components of the KLT over time, a root mean square of 2 each, in quarters.
    """
    flat = torch.stack([plane.flatten() for plane in luma])
    latents, norms = klt.temporal_basis(klt.gram([flat - flat.mean()], 1.0))
    count = min(THEMES, int((norms > 1e-3 * norms[0]).sum()))
    rows = latents[:, :count].T * math.sqrt(len(luma)) * 2 / _THEME_STEP
    return torch.round(rows).long().numpy()


def usual_side(info: VideoInfo, step: float) -> int:
    """A good side of blocks, in luma samples, for a luma step.

    Vectors cost less of large pictures and small steps.
    """
    share = math.sqrt(info.width * info.height) * step / _SIDE_AT
    return 1 << min(max(round(5 + math.log2(share) / 2), 4), 7)


def _eighths(steps: Sequence[Sequence[Link]]) -> list[int]:
    """Quantiser step of every level in eighths of the first frame's."""
    anchors = sum(level[0].first == level[0].second for level in steps)
    inner = range(len(steps) - anchors)
    last = len(_LEVEL_EIGHTHS) - 1
    return [_ANCHOR_EIGHTHS] * anchors + [_LEVEL_EIGHTHS[min(d, last)] for d in inner]


class _Loop:
    """The closed loop: every level is predicted from what the decoder will have."""

    def __init__(self, fit: PredictiveFit, step: float, rate: float) -> None:
        """
        Args:
            fit: of the segment.
            step: luma step of the first frame.
            rate: price of a bit in squared steps.
        """
        self.fit, self.rate = fit, rate
        keyed = fit.first.quantise(step, rate=rate)
        self.keyed, self.step = keyed, keyed.spectral.step
        self.steps = [keyed.spectral.channel_step(c) for c in range(len(fit.channels))]
        latents, weights = decoded(keyed, fit.device)
        self.planes = [torch.zeros_like(channel) for channel in fit.channels]
        native = SegmentModel(fit.geometry, latents, weights).native(latents)
        for planes, shown in zip(self.planes, native, strict=True):
            planes[:1] = shown
        self.chosen = [list(channel.dense()) for channel in keyed.spectral.channels]
        self.rows: list[tuple[int, int]] = []

    def add(self, level: Sequence[Link], depth: int, moves: Tensor) -> None:
        """Decode a level: its predictions plus what is left of each frame, quantised."""
        eighths = self.fit.eighths[depth]
        frames = [link.frame for link in level]
        scaled = []
        for c, axes in enumerate(self.fit.geometry.channels):
            shown = predicted(self.fit.blocks[c], self.planes[c], level, moves)
            self.planes[c][frames] = shown
            rest = analyse(self.fit.channels[c][frames] - shown, *axes)
            before = torch.from_numpy(np.stack(self.chosen[c][-2:])).float()
            rest = (rest / (self.steps[c] * eighths / 8)).cpu()
            scaled.append(torch.cat([before, rest]).numpy())
        past = min(len(self.chosen[0]), 2)
        chosen = [q[past:] for q in rdo.optimise(scaled, self.rate)]
        for c, q in enumerate(chosen):
            some, centroids = Coefficients.of(q), self.keyed.spectral.centroids[c]
            values = quantisers.spectral_dequantise(some.values, self.steps[c], centroids)
            there = torch.from_numpy(scattered(q.shape, some.where, values)).to(self.fit.device)
            shown = synthesise(there, *self.fit.geometry.channels[c])
            self.planes[c][frames] += shown * (eighths / 8)
        for index, frame in enumerate(frames):
            if any(q[index].any() for q in chosen):
                self.rows.append((frame, eighths))
                for c, q in enumerate(chosen):
                    self.chosen[c].append(q[index])

    def result(self, moves: Sequence[Tensor]) -> Coded:
        """Everything as it will be written."""
        known = self.keyed.latents
        count = known.q.shape[0]
        themes = self.fit.themes
        drawn = count + len(self.rows)
        q = np.zeros((drawn + len(themes), self.fit.frames), known.q.dtype)
        q[:count, :1] = known.q
        for row, (frame, eighths) in enumerate(self.rows):
            q[count + row, frame] = eighths
        q[drawn:] = themes
        kinds = [(len(self.rows), -3), (len(themes), round(math.log2(_THEME_STEP)))]
        exponents = np.concatenate(
            [known.exponents, *(np.full(rows, exponent, np.int8) for rows, exponent in kinds)]
        )
        blank = [np.zeros_like(channel[0]) for channel in self.chosen]
        field = torch.cat(list(moves)).cpu()
        field[:, 2:4] += field[:, :2]
        spectral = Spectral(
            tuple(
                Coefficients.of(np.stack([*channel, *[none] * len(themes)]))
                for channel, none in zip(self.chosen, blank, strict=True)
            ),
            self.step, self.keyed.spectral.ratio, self.keyed.spectral.centroids,
        )  # fmt: skip
        return Coded(
            Lattice(q, known.step, exponents),
            spectral,
            Field(fields.settled(field.numpy()), 1 / _UNIT),
            self.planes,
        )
