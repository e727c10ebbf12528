"""Block matching: the displacements that predict frames best for their bits.

Each block keeps the candidate with the least distortion plus price of its vector's bits;
candidates come from a smooth estimate, the blocks around, and small steps away. Blocks of
one colour of a checkerboard choose at once, then those of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from lincodec.model.predict import Blocks, Link

#: Mean squared error, in squared quantiser steps, from where distortion counts less: the
#: residual is then coded, and grows with its logarithm only.
_KNEE = 0.25
#: Steps away that the rounds try, in units of the displacements; the last is repeated.
_STEPS = (4, 1)


def match(
    target: Tensor, planes: Tensor, links: Sequence[Link], start: Tensor, blocks: Blocks,
    step: float, price: float, rounds: int,
) -> Tensor:  # fmt: skip
    """Displacements of all blocks of frames.

    Args:
        target: float32 [len(links), h, w], the frames to predict.
        planes: float32 [n, h, w], what they are predicted from.
        links: which of ``planes`` each uses.
        start: int64 [len(links), 4, rows, columns], first guess.
        blocks: of these planes.
        step: luma quantiser step of the residual in 8-bit code units.
        price: of a bit, in squared steps.
        rounds: passes.

    Returns:
        int64 like ``start``: (x, y) into the first frame and (x, y) into the second.
    """
    if rounds == 0:
        return start
    search = _Search(target, planes, links, start, blocks, price * step * step, _KNEE * step * step)
    for index in range(rounds):
        size = _STEPS[min(index, len(_STEPS) - 1)]
        for side in (0, 1):
            for late in (False, True):
                search.choose(side, late, size)
    return torch.cat([m.permute(0, 3, 1, 2) for m in search.moves], 1)


class _Search:
    """The state of one search: vectors of both sides and the blocks they give."""

    def __init__(
        self, target: Tensor, planes: Tensor, links: Sequence[Link], start: Tensor, blocks: Blocks,
        price: float, knee: float,
    ) -> None:  # fmt: skip
        self.price, self.knee = price, knee
        n, (rows, columns) = len(links), blocks.grid
        self.blocks, self.planes = blocks, planes
        self.place = torch.arange(rows * columns).repeat(n)
        ends = [[k.first for k in links], [k.second for k in links]]
        self.which = [torch.tensor(e).repeat_interleave(rows * columns) for e in ends]
        #: int64 [n, rows, columns, 2] for both sides
        self.moves = [m.permute(0, 2, 3, 1).contiguous() for m in (start[:, :2], start[:, 2:])]
        everything = torch.arange(self.place.numel())
        own = torch.arange(n).repeat_interleave(rows * columns)
        still = torch.zeros(self.place.numel(), 2, dtype=torch.long)
        self.wanted = blocks.cut(target, own, self.place, still, windowed=False)
        self.shown = [self._cut(side, everything, self.moves[side].view(-1, 2)) for side in (0, 1)]
        board = (torch.arange(rows)[:, None] + torch.arange(columns)) % 2
        self.late = board.bool().expand(n, rows, columns).reshape(-1)

    def _cut(self, side: int, pick: Tensor, moves: Tensor) -> Tensor:
        return self.blocks.cut(
            self.planes, self.which[side][pick], self.place[pick], moves, windowed=False
        )

    def choose(self, side: int, late: bool, size: int) -> None:
        """Let the blocks of one colour choose their displacement of one side."""
        pick = (self.late == late).nonzero()[:, 0]
        other, wanted = self.shown[1 - side][pick], self.wanted[pick]
        best = torch.full((pick.numel(),), torch.inf)
        moves, shown = self.moves[side].view(-1, 2)[pick].clone(), self.shown[side][pick]
        seen: list[Tensor] = []
        for candidate in self._candidates(side, size):
            flat = candidate.reshape(-1, 2)[pick]
            fresh = torch.ones(pick.numel(), dtype=torch.bool)
            for earlier in seen:
                fresh &= (flat != earlier).any(1)
            at = fresh.nonzero()[:, 0]
            if not seen:
                blocks = self.shown[side][pick]
            elif at.numel():
                blocks = self._cut(side, pick[at], flat[at])
            seen.append(flat)
            if not at.numel():
                continue
            error = wanted[at] - (blocks + other[at]) / 2
            cost = self._distortion(error) + self.price * self._bits(side, candidate)[pick[at]]
            won = (cost < best[at]).nonzero()[:, 0]
            best[at[won]], moves[at[won]], shown[at[won]] = cost[won], flat[at[won]], blocks[won]
        self.moves[side].view(-1, 2)[pick] = moves
        self.shown[side][pick] = shown

    def _candidates(self, side: int, size: int) -> Iterator[Tensor]:
        """Displacements [n, rows, columns, 2] to try; the present ones come first."""
        own = self.moves[side]
        yield own
        yield from _around(own)
        yield torch.zeros_like(own)
        yield -self.moves[1 - side]
        for step in ((size, 0), (-size, 0), (0, size), (0, -size)):
            yield own + torch.tensor(step)

    def _distortion(self, error: Tensor) -> Tensor:
        """Squared error per block, compressed above the knee."""
        scale = error[0].numel() * self.knee
        return scale * torch.log1p((error * error).sum((1, 2)) / scale)

    def _bits(self, side: int, candidate: Tensor) -> Tensor:
        """About the bits of a vector among its neighbours, float32 flat."""
        total = candidate + self.moves[1 - side]
        bits = _difference_bits(total, self.moves[0] + self.moves[1])
        if side == 0:
            bits = bits + _difference_bits(candidate, self.moves[0])
        return bits.view(-1)


def _around(moves: Tensor) -> Tensor:
    """The four neighbours of every vector, [4, n, rows, columns, 2]; edges repeat."""
    rows = torch.cat([moves[:, :1], moves, moves[:, -1:]], 1)
    full = torch.cat([rows[:, :, :1], rows, rows[:, :, -1:]], 2)
    return torch.stack(
        [full[:, :-2, 1:-1], full[:, 2:, 1:-1], full[:, 1:-1, :-2], full[:, 1:-1, 2:]]
    )


def _difference_bits(vectors: Tensor, grid: Tensor) -> Tensor:
    """Mean over the neighbours in ``grid`` of the bits of the difference from each."""
    away = (vectors - _around(grid)).abs().float()
    bits = torch.where(away == 0, 0.2, 1.5 + 2 * torch.log2(1 + away))
    return bits.sum(-1).mean(0)
