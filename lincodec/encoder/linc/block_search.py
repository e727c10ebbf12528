"""Block matching: the displacements that predict frames best for their bits.

Each block keeps the candidate with the least distortion plus price of its vector's bits, as
half of a mean or alone; candidates come from a smooth estimate, a coarse look at everything
near, the blocks around, and small steps away. Blocks of one colour of a checkerboard choose
at once, then those of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from lincodec.encoder.linc.coarse_search import coarse
from lincodec.model.compensation import Blocks, Link

#: Mean squared error, in squared quantiser steps, from where distortion counts less: the
#: residual is then coded, and grows with its logarithm only.
_KNEE = 0.25
#: Steps away that the rounds try, in units of the displacements; the last is repeated.
_STEPS = (4, 1)
#: About the bits of a block's choice of frames for each of its neighbours, as it chooses or not.
_SAME_CHOICE, _OTHER_CHOICE = 0.2, 3.0


def match(
    target: Tensor, planes: Tensor, links: Sequence[Link], start: Tensor, blocks: Blocks,
    step: float, price: float, rounds: int,
) -> Tensor:  # fmt: skip
    """Displacements of all blocks of frames.

    Args:
        target: float32 [len(links), h, w], the frames to predict.
        planes: float32 [n, h, w], what they are predicted from.
        links: which of ``planes`` each uses.
        start: int64 [len(links), 5, rows, columns], first guess.
        blocks: of these planes.
        step: luma quantiser step of the residual in 8-bit code units.
        price: of a bit, in squared steps.
        rounds: passes.

    Returns:
        int64 like ``start``, as ``predicted`` takes them.
    """
    if rounds == 0:
        return start
    search = _Search(target, planes, links, start, blocks, price * step * step, _KNEE * step * step)
    guesses = coarse(target, planes, links, blocks)
    for index in range(rounds):
        size = _STEPS[min(index, len(_STEPS) - 1)]
        for side in (0, 1):
            for late in (False, True):
                search.choose(side, late, size, guesses[side : side + 1] if index == 0 else [])
    moves = [m.permute(0, 3, 1, 2) for m in search.moves]
    return torch.cat([*moves, search.choice[:, None]], 1)


class _Search:
    """The state of one search: vectors of both sides and the blocks they give."""

    def __init__(
        self, target: Tensor, planes: Tensor, links: Sequence[Link], start: Tensor, blocks: Blocks,
        price: float, knee: float,
    ) -> None:  # fmt: skip
        self.price, self.knee = price, knee
        n, (rows, columns), device = len(links), blocks.grid, planes.device
        self.blocks, self.planes = blocks, planes
        self.place = torch.arange(rows * columns, device=device).repeat(n)
        ends = [[k.first for k in links], [k.second for k in links]]
        self.which = [
            torch.tensor(e, device=device).repeat_interleave(rows * columns) for e in ends
        ]
        #: int64 [n, rows, columns, 2] for both sides
        self.moves = [m.permute(0, 2, 3, 1).contiguous() for m in (start[:, :2], start[:, 2:4])]
        #: int64 [n, rows, columns], -1 the first side alone, 1 the second, 0 the mean of both
        self.choice = start[:, 4].clone()
        everything = torch.arange(self.place.numel(), device=device)
        own = torch.arange(n, device=device).repeat_interleave(rows * columns)
        still = torch.zeros(self.place.numel(), 2, dtype=torch.long, device=device)
        self.wanted = blocks.cut(target, own, self.place, still, windowed=False)
        self.shown = [self._cut(side, everything, self.moves[side].view(-1, 2)) for side in (0, 1)]
        board = (torch.arange(rows)[:, None] + torch.arange(columns)).to(device) % 2
        self.late = board.bool().expand(n, rows, columns).reshape(-1)
        # where both sides show one frame, the second alone is no choice of its own
        twice = self.which[0] == self.which[1]
        nothing = torch.zeros(twice.shape, device=device)
        self.barred = [nothing, torch.where(twice, torch.inf, nothing)]

    def _cut(self, side: int, pick: Tensor, moves: Tensor) -> Tensor:
        return self.blocks.cut(
            self.planes, self.which[side][pick], self.place[pick], moves, windowed=False
        )

    def choose(self, side: int, late: bool, size: int, guesses: Sequence[Tensor]) -> None:
        """Let the blocks of one colour choose their displacement of one side, and whether to
        use it with the other side, alone, or not at all.

        Args:
            side: 0 or 1.
            late: the colour.
            size: of steps to try.
            guesses: further displacements, int64 [n, rows, columns, 2] each.
        """
        pick = (self.late == late).nonzero()[:, 0]
        wanted, alone = self.wanted[pick], 2 * side - 1
        rest = wanted - self.shown[1 - side][pick]
        energy = _products(rest, rest)
        best = self._distortion(energy)
        best += self.price * self._bits(1 - side, -alone, self.moves[1 - side])[pick]
        moves, shown = self.moves[side].view(-1, 2)[pick].clone(), self.shown[side][pick]
        choice = torch.full_like(pick, -alone)
        seen: list[Tensor] = []
        for candidate in self._candidates(side, size, guesses):
            flat = candidate.reshape(-1, 2)[pick]
            fresh = torch.ones_like(pick, dtype=torch.bool)
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
            error = wanted[at] - blocks
            own = _products(error, error)
            mean = (own + 2 * _products(error, rest[at]) + energy[at]) / 4
            for kind, squares in ((0, mean), (alone, own)):
                bits = self._bits(side, kind, candidate)[pick[at]]
                cost = self._distortion(squares) + self.price * bits
                won = (cost < best[at]).nonzero()[:, 0]
                best[at[won]], choice[at[won]] = cost[won], kind
                moves[at[won]], shown[at[won]] = flat[at[won]], blocks[won]
        self.moves[side].view(-1, 2)[pick] = moves
        self.shown[side][pick] = shown
        self.choice.view(-1)[pick] = choice

    def _candidates(self, side: int, size: int, guesses: Sequence[Tensor]) -> Iterator[Tensor]:
        """Displacements [n, rows, columns, 2] to try; the present ones come first."""
        own = self.moves[side]
        yield own
        yield from _around(own)
        yield torch.zeros_like(own)
        yield -self.moves[1 - side]
        yield from guesses
        for step in ((size, 0), (-size, 0), (0, size), (0, -size)):
            yield own + torch.tensor(step, device=own.device)

    def _distortion(self, squares: Tensor) -> Tensor:
        """Sums of squared error over blocks, compressed above the knee."""
        scale = self.blocks.cell[0] * self.blocks.cell[1] * self.knee
        return scale * torch.log1p(squares / scale)

    def _bits(self, side: int, choice: int, candidate: Tensor) -> Tensor:
        """About the bits of a choice and a side's vector among their neighbours, float32 flat.

        With choice 0 those of the other side's vector are counted too.
        """
        same = _around(self.choice[..., None])[..., 0] == choice
        bits = torch.where(same, _SAME_CHOICE, _OTHER_CHOICE).mean(0)
        if choice:
            bits = bits + _difference_bits(candidate, self.moves[side])
            return bits.view(-1) + self.barred[side]
        total = candidate + self.moves[1 - side]
        bits = bits + _difference_bits(total, self.moves[0] + self.moves[1])
        first = self.moves[0] if side else candidate
        return (bits + _difference_bits(first, self.moves[0])).view(-1)


def _products(a: Tensor, b: Tensor) -> Tensor:
    """Sums of products over each block."""
    return (a * b).sum((1, 2))


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
