"""The plain closed form as a program: codes a clip at one step and counts ideal bits.

What ``closed_form.PLAIN`` publishes the figures of: frames as RGB, then YCbCr 4:4:4; the temporal
Karhunen-Loeve transform of every segment; an orthonormal block DCT of the eigen-frames; one uniform
quantiser with a dead zone; an ideal two-sided geometric code of every (eigen-frame, channel,
frequency) whose own statistics cost nothing, and 10 bits a latent entry. Nothing is written: the
code is not a real one, so its bits are less than any coder of this kind would need.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lincodec.model.basis import cosine_matrix
from lincodec.options import Span
from lincodec.types import Planes, VideoInfo
from lincodec.video import metrics
from lincodec.video.color import assumed_matrix, to_rgb
from lincodec.video.reader import FrameReader

CHROMA_RATIO = 1.6
_ROUNDING = 0.33
_LATENT_BITS = 10


@dataclass(frozen=True)
class Cut:
    """How a clip is cut."""

    segment: int
    """Frames that share eigen-frames."""
    block: int
    """Side of a DCT block in samples."""


@dataclass(frozen=True)
class Coded:
    """What the plain closed form comes to at one step."""

    bpp: float
    """Ideal bits for a luma sample."""
    psnr: float
    """Mean over frames of the RGB PSNR in dB."""
    frames: int


def code_file(path: str, cut: Cut, step: float, frames: int | None = None) -> Coded:
    """Read a clip, code it, make its frames again and compare them.

    Args:
        path: of the video.
        cut: segments and blocks.
        step: luma quantiser step in 8-bit code values.
        frames: only the first so many.
    """
    bits, errors = 0.0, list[float]()
    with FrameReader(path, span=Span(frames=frames)) as reader:
        coder = Coder(reader.info, cut, step)
        source = (frame.planes for frame in reader)
        while part := list(itertools.islice(source, cut.segment)):
            taken, found = coder.code(part)
            bits += taken
            errors += found
        samples = reader.info.width * reader.info.height * len(errors)
    psnr = sum(map(metrics.psnr, errors)) / len(errors)
    return Coded(bits / samples, psnr, len(errors))


class Coder:
    """Codes segments of one clip; its arrays are made once, since fresh memory is slow."""

    def __init__(self, info: VideoInfo, cut: Cut, step: float) -> None:
        """
        Args:
            info: the clip.
            cut: segments and blocks.
            step: luma quantiser step in 8-bit code values.
        """
        self.info, self.block, self.matrix = info, cut.block, _matrix(info)
        chroma = step * CHROMA_RATIO
        self.steps = torch.tensor([step, chroma, chroma])[:, None, None, None, None]
        shape = (cut.segment, 3, info.height, info.width)
        self.rgb, self.ycc, self.mixed = (torch.empty(shape) for _ in range(3))

    def code(self, frames: Sequence[Planes]) -> tuple[float, list[float]]:
        """Ideal bits of a segment, and the RGB mean squared error of every frame."""
        n = len(frames)
        rgb, ycc, mixed = self.rgb[:n], self.ycc[:n], self.mixed[:n]
        for index, planes in enumerate(frames):
            rgb[index] = torch.from_numpy(np.moveaxis(to_rgb(planes, self.info), 2, 0))
            torch.mm(self.matrix, rgb[index].flatten(1), out=ycc[index].flatten(1))
        products = (ycc.flatten(1) @ ycc.flatten(1).T).double()
        basis = torch.linalg.eigh(products)[1].flip(1).float()  # a column each
        torch.mm(basis.T, ycc.flatten(1), out=mixed.flatten(1))
        bits = 0.0
        for frame in mixed:
            taken = self._eigen_frame(frame)
            bits += taken + (_LATENT_BITS * n if taken else 0)
        torch.mm(basis, mixed.flatten(1), out=ycc.flatten(1))
        inverse = torch.linalg.inv(self.matrix)
        errors = []
        for source, made in zip(rgb, ycc, strict=True):
            shown = (inverse @ made.flatten(1)).clamp_(0, 255)
            errors.append(float(shown.sub_(source.flatten(1)).square_().mean()))
        return bits, errors

    def _eigen_frame(self, frame: Tensor) -> float:
        """Ideal bits of an eigen-frame, float32 [3, h, w], which becomes what they decode to."""
        size = (self.info.height, self.info.width)
        scaled = _analyse(frame, self.block).div_(self.steps)
        q = scaled.add_(torch.copysign(torch.tensor(_ROUNDING), scaled)).trunc_()
        bits = _ideal_bits(q)
        frame.copy_(_synthesise(q.mul_(self.steps), size)) if bits else frame.zero_()
        return bits


def _matrix(info: VideoInfo) -> Tensor:
    """YCbCr of RGB, both on the scale 0..255 and Cb, Cr around zero, float32 [3, 3]."""
    kr, kb = assumed_matrix(info)
    luma = torch.tensor([kr, 1 - kr - kb, kb])
    blue, red = torch.tensor([0.0, 0.0, 1.0]), torch.tensor([1.0, 0.0, 0.0])
    return torch.stack([luma, (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))])


def _analyse(planes: Tensor, block: int) -> Tensor:
    """DCT of all blocks, edges repeated: float32 [3, h, w] to [3, rows, columns, B, B]."""
    height, width = planes.shape[1:]
    sides = (0, -width % block, 0, -height % block)
    padded = functional.pad(planes[:, None], sides, mode="replicate")[:, 0]
    channels, height, width = padded.shape
    cosines = cosine_matrix(block)
    across = (padded.reshape(-1, block) @ cosines.T).view(-1, block, width)
    down = (cosines @ across).view(channels, height // block, block, width // block, block)
    return down.transpose(2, 3)


def _synthesise(weights: Tensor, size: tuple[int, int]) -> Tensor:
    """The inverse of ``_analyse``, cropped to ``size`` (height, width)."""
    channels, rows, columns, block, _ = weights.shape
    cosines = cosine_matrix(block)
    down = cosines.T @ weights.transpose(2, 3).reshape(channels * rows, block, columns * block)
    across = (down.view(-1, block) @ cosines).view(channels, rows * block, columns * block)
    return across[:, : size[0], : size[1]]


def _ideal_bits(q: Tensor) -> float:
    """Bits of integers under the best two-sided geometric law of every place in a block.

    ``P(q) = (1 - t) / (1 + t) * t^|q|`` with t from the mean magnitude, its maximum likelihood.

    Args:
        q: float32 [3, rows, columns, B, B], integers.
    """
    blocks = q.shape[1] * q.shape[2]
    mean = (q.abs().sum((1, 2)).double() / blocks).flatten()
    mean = mean[mean > 0]
    t = (torch.sqrt(1 + mean.square()) - 1) / mean
    each = torch.log2((1 + t) / (1 - t)) - mean * torch.log2(t)
    return blocks * float(each.sum())


def main() -> None:
    """Code one clip at one step and print what it comes to as a line of JSON."""
    parser = argparse.ArgumentParser(description="The plain closed form of one clip at one step.")
    parser.add_argument("path")
    parser.add_argument("--segment", type=int, default=33)
    parser.add_argument("--block", type=int, default=16)
    parser.add_argument("--step", type=float, default=128.0)
    parser.add_argument("--frames", type=int)
    given = parser.parse_args()
    cut = Cut(given.segment, given.block)
    print(json.dumps(asdict(code_file(given.path, cut, given.step, given.frames))))


if __name__ == "__main__":
    main()
