"""Spectral weights of eigen-frames, one tile of some blocks after the other.

What lies between the codes of the frames and the weights stays in the cache, and nothing as large
as the frames is made: memory that was never touched takes longer to get than the arithmetic does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from lincodec.encoder.linc.klt import centred
from lincodec.model.basis import Axis, blend_borders, transform
from lincodec.model.devices import Portions


@dataclass(frozen=True)
class Reach:
    """Blocks of an axis, and the samples that their weights are made of."""

    axis: Axis
    first: int
    """The first block."""
    last: int
    """One past the last."""

    @property
    def before(self) -> int:
        """Samples that are seen of the block before."""
        return self.axis.overlap if self.first else 0

    @property
    def inside(self) -> slice:
        """Where the blocks are among the samples that are seen."""
        return slice(self.before, self.before + (self.last - self.first) * self.axis.block)

    @property
    def seen(self) -> slice:
        """The samples; the end may lie past that of the axis."""
        after = self.axis.overlap if self.last < self.axis.blocks else 0
        block = self.axis.block
        return slice(self.first * block - self.before, self.last * block + after)

    def fold(self, planes: Tensor, dim: int) -> None:
        """Fold the samples that are seen, in place, as ``basis.fold`` does a whole axis."""
        if self.axis.blocks > 1:
            blend_borders(planes, self.axis, dim, self.before or self.axis.block)


def weight_tiles(
    frames: Tensor, depth: int, unmixing: Tensor, axes: tuple[Axis, Axis]
) -> Iterator[tuple[Reach, Reach, Tensor]]:
    """The weights that ``klt.spectral_weights`` gives, tile by tile.

    Args:
        frames: [n, height, width], centred float32 or codes of ``depth`` bits.
        depth: bits of codes.
        unmixing: float32 [D, n]; see ``klt.unmixing``.
        axes: (vertical, horizontal).

    Yields:
        Block rows, block columns, and float32 [D, rows, columns, Bv, Bu] on the CPU.
    """
    rows, columns = axes
    unmixing = unmixing.to(frames.device)
    samples = Portions.on(frames.device).tiled
    blocks = max(1, samples // (len(frames) * rows.block * columns.block))
    wide = min(blocks, columns.blocks)
    for y in _parts(rows, blocks // wide):
        for x in _parts(columns, wide):
            folded = _folded(frames, depth, unmixing, y, x)
            shape = -1, y.last - y.first, rows.block, x.last - x.first, columns.block
            yield y, x, transform(folded.reshape(shape).transpose(2, 3)).cpu()


def _parts(axis: Axis, count: int) -> Iterator[Reach]:
    """All blocks of an axis, at most ``count`` at a time."""
    for first in range(0, axis.blocks, count):
        yield Reach(axis, first, min(first + count, axis.blocks))


def _folded(frames: Tensor, depth: int, unmixing: Tensor, y: Reach, x: Reach) -> Tensor:
    """Eigen-frames [D, height, width] in some blocks after ``basis.fold``."""
    source = centred(frames[:, y.seen, x.seen], depth)
    mixed = (unmixing @ source.flatten(1)).view(-1, *source.shape[1:])
    below = y.seen.stop - y.seen.start - source.shape[1]
    right = x.seen.stop - x.seen.start - source.shape[2]
    if below or right:
        mixed = functional.pad(mixed[:, None], (0, right, 0, below), mode="replicate")[:, 0]
    x.fold(mixed, -1)
    y.fold(mixed, -2)
    return mixed[:, y.inside, x.inside]
