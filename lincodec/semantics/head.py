"""Fitting the head of a segment: from its latents to a teacher's embeddings, in few bytes.

Least squares with a ridge, then the leading components of what it predicts, on a lattice.
The latents are known and stay as they are, so pixels do not change; ``weight`` (lambda of
paper Eq. 6) sets how many bytes a better cosine is worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream import quantisers
from lincodec.bitstream.embedding import Head, mean_cosine
from lincodec.bitstream.segment import Lattice
from lincodec.container.alignment import MAX_RANK

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

#: Most bytes of one head.
BUDGET = 3000
#: Weight at which 20 bytes are worth a thousandth of cosine.
WEIGHT = 0.01
#: Distance that a byte is worth at that weight.
BYTE = 5e-5
_RIDGES = (1e-6, 1e-3, 3e-2)
_FINENESS = (1, 2, 3, 4)


@dataclass(frozen=True)
class _Trial:
    """A candidate head and what it costs: bytes, and how far it is from the teacher."""

    head: Head
    cost: float


def fit_head(latents: Floats, targets: Floats, weight: float = WEIGHT) -> Head:
    """The head that costs least: bytes, plus ``weight`` times the distance to the teacher.

    Args:
        latents: [n, K] of the segment's frames, as the file holds them.
        targets: [n, d] unit vectors of the teacher.
        weight: above 0.

    Returns:
        A head of at most ``BUDGET`` bytes, except that the mean alone may take more.
    """
    centre = latents.mean(axis=0, dtype=np.float64).astype(np.float32)
    best: _Trial | None = None
    for head in _candidates(latents - centre, targets):
        cost = head_cost(head, latents, targets, weight)
        fits = head.size <= BUDGET or head.rank == 0
        if fits and (best is None or cost < best.cost):
            best = _Trial(head, cost)
    assert best is not None  # rank 0 always fits
    return best.head


def head_cost(head: Head, latents: Floats, targets: Floats, weight: float) -> float:
    """Distance to the teacher and bytes as one figure; the arguments are those of ``fit_head``."""
    centre = latents.mean(axis=0, dtype=np.float64).astype(np.float32)
    distance = 1 - mean_cosine(head.embed(latents, centre), targets)
    return distance * weight / WEIGHT + head.size * BYTE


def _candidates(x: Floats, targets: Floats) -> Iterator[Head]:
    """Heads of every step, ridge and rank worth a look, for centred latents [n, K]."""
    mean = targets.mean(axis=0, dtype=np.float64)
    y = targets - mean
    # a unit vector's numbers are about 1 / sqrt(d): steps are that, halved a few times
    steps = [-round(0.5 * np.log2(len(mean))) - fine for fine in _FINENESS]
    for step in steps:
        yield Head(_snapped(mean[None], np.array([step])), None)
    energy = float((x.astype(np.float64) ** 2).sum())
    if len(x) < 2 or energy == 0:
        return
    for ridge in _RIDGES:
        components, mix = _components(x.astype(np.float64), y, ridge * energy / x.shape[1])
        for step in steps:
            yield from _heads(mean, components, mix, energy / len(x), step)


def _components(x: Doubles, y: Doubles, ridge: float) -> tuple[Doubles, Doubles]:
    """Components [r, d] that score one on average over frames, and their mix [r, K]."""
    gram = x.T @ x + ridge * np.eye(x.shape[1])
    solution = np.linalg.solve(gram, x.T @ y)
    _, _, directions = np.linalg.svd(x @ solution, full_matrices=False)
    count = min(len(directions), len(x) - 1, MAX_RANK)
    mix = directions[:count] @ solution.T
    spread = np.sqrt(((x @ mix.T) ** 2).mean(axis=0))
    kept = spread > 1e-6
    spread = spread[kept, None]
    return directions[:count][kept] * spread, mix[kept] / spread


def _heads(
    mean: Doubles, components: Doubles, mix: Doubles, energy: float, step: int
) -> Iterator[Head]:
    """Heads of rising rank on a lattice of basis step 2^step, while they fit the budget.

    The step of the mix spoils an embedding about as much as that of the basis does.
    """
    dimension = len(mean)
    for rank in range(1, len(components) + 1):
        norms = np.linalg.norm(components[:rank], axis=1)
        steps = 2.0**step * np.sqrt(dimension / energy) / np.maximum(norms, 2.0**step)
        exponents = np.floor(np.log2(steps)).astype(np.int64)
        basis = _snapped(np.vstack([mean, components[:rank]]), np.full(rank + 1, step))
        if not basis.q[rank].any():
            return
        head = Head(basis, _snapped(mix[:rank], exponents))
        if head.size > BUDGET:
            return
        yield head


def _snapped(values: Doubles, exponents: NDArray[np.int64]) -> Lattice:
    """The nearest lattice to rows of values."""
    steps = np.clip(exponents, -60, 60).astype(np.int8)
    return Lattice(quantisers.lattice_quantise(values.astype(np.float32), 1.0, steps), 1.0, steps)
