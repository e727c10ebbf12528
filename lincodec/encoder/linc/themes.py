"""Latents of segments that are not drawn from latents: what tells their frames apart (spec 8.2).

Search, plots and chat read them as they read those that pictures are drawn from.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream.segment import Lattice
from lincodec.types import Planes

#: Rows at most, and the log2 of the step of their lattice; a row has a root mean square of 2.
ROWS = 6
_EXPONENT = -2
#: Components of less than this share of the first one are left out.
_LEAST = 1e-3
#: Samples that a side of the small pictures has at most.
_SIDE = 32


def themes(frames: Sequence[Planes]) -> Lattice:
    """The leading components over time of small pictures of the frames, a row each.

    Args:
        frames: source planes of a segment.

    Returns:
        int64 [rows, frames] on a lattice, at least one row.
    """
    small = np.stack([_small(planes[0]) for planes in frames])
    small -= small.mean()
    _, sizes, basis = np.linalg.svd(small.T, full_matrices=False)
    count = max(1, int((sizes[:ROWS] > _LEAST * max(sizes[0], 1e-9)).sum()))
    rows = basis[:count] * np.sign(basis[:count].sum(1, keepdims=True) + 1e-12)
    q = np.rint(rows * np.sqrt(len(frames)) * 2 / 2.0**_EXPONENT).astype(np.int64)
    return Lattice(q, 1.0, np.full(count, _EXPONENT, np.int8))


def _small(luma: NDArray[np.generic]) -> NDArray[np.float64]:
    """Means over the cells of a grid, one after the other, float64."""
    edges = [np.linspace(0, side, min(side, _SIDE) + 1).astype(int)[:-1] for side in luma.shape]
    sums = np.add.reduceat(np.add.reduceat(luma, edges[0], 0, np.float64), edges[1], 1)
    areas = [np.diff([*edge, side]) for edge, side in zip(edges, luma.shape, strict=True)]
    means: NDArray[np.float64] = sums / np.outer(*areas)
    return means.ravel()
