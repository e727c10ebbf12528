"""Latents of segments that are not drawn from latents: what tells their frames apart (spec 8.2).

Search, plots and chat read them as they read those that pictures are drawn from, and the network
of such a segment is driven by the first of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lincodec.bitstream.segment import Lattice
from lincodec.entropy import lattice
from lincodec.semantics.head import BYTE, fit_head, head_cost
from lincodec.semantics.pull import Pull
from lincodec.types import Planes

#: Rows of a segment at most: appearance, and what models say of the frames.
ROWS = 24
_APPEARANCE, _BESIDE, _SCORES = 10, 2, 8
#: Root mean square of a row in steps of its lattice, and log2 of that step.
_SPREAD, _EXPONENT = 2.0, -4
#: Components of less than this share of the first one are left out.
_LEAST = 1e-3
#: Samples that a side of the small pictures has at most.
_SIDE = 32

Rows = NDArray[np.int64]


def themes(looks: Rows, room: float, pulls: Sequence[Pull] = ()) -> Lattice:
    """The leading components over time of what the frames of a segment look like, a row each.

    With models that the segment is aligned to, few of those and the leading components of what
    the models say of the frames: as many as are worth their bytes.

    Args:
        looks: ``appearance`` of the frames.
        room: bytes that rows of appearance may take; there is one even so.
        pulls: what models say of the frames.

    Returns:
        int64 [rows, frames] on a lattice, from 1 to ``ROWS`` of them.
    """
    shown = looks[: _BESIDE if pulls else _APPEARANCE]
    while len(shown) > 1 and _size(shown) > room:
        shown = shown[:-1]
    return _on_lattice(np.vstack([shown, *(_scores(pull) for pull in pulls)])[:ROWS])


def appearance(frames: Sequence[Planes]) -> Rows:
    """Components over time of small pictures of source planes, the largest first."""
    small = np.stack([np.concatenate([_small(p) for p in planes]) for planes in frames])
    return _components(small)


def _scores(pull: Pull) -> Rows:
    """Components of a model's embeddings, as many as make latents and head cheapest."""
    best = rows = _components(pull.targets)[:0]
    least = np.inf
    for count in range(1, _SCORES + 1):
        rows = _components(pull.targets)[:count]
        latents = _on_lattice(rows).values.T
        head = fit_head(latents, pull.targets, pull.weight)
        cost = head_cost(head, latents, pull.targets, pull.weight) + BYTE * _size(rows)
        if len(rows) < count or cost >= least:
            break
        best, least = rows, cost
    return best


def _components(vectors: NDArray[np.floating]) -> Rows:
    """Leading components over time of vectors [n, d], a row each, in steps; at least one row."""
    centred = vectors.astype(np.float64) - vectors.mean(0, dtype=np.float64)
    basis, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    count = max(1, int((sizes > _LEAST * max(sizes[0], 1e-9)).sum()))
    rows = basis.T[:count] * (sizes[:count, None] > 1e-9)
    rows *= np.where(rows.sum(1, keepdims=True) < 0, -1, 1)
    snapped: Rows = np.rint(rows * np.sqrt(len(vectors)) * _SPREAD).astype(np.int64)
    return snapped


def _on_lattice(rows: Rows) -> Lattice:
    return Lattice(rows, 1.0, np.full(len(rows), _EXPONENT, np.int8))


def _size(rows: Rows) -> int:
    """Bytes of rows in the file."""
    return len(lattice.pack(np.zeros(len(rows), np.int8), rows))


def _small(plane: NDArray[np.generic]) -> NDArray[np.float64]:
    """Means over the cells of a grid, one after the other, float64."""
    rows, columns = (np.linspace(0, side, min(side, _SIDE) + 1).astype(int) for side in plane.shape)
    bands = [plane[a:b].sum(0, dtype=np.uint32) for a, b in itertools.pairwise(rows)]
    sums = np.add.reduceat(np.stack(bands), columns[:-1], 1, np.float64)
    areas = (np.diff(rows), np.diff(columns))
    means: NDArray[np.float64] = sums / np.outer(*areas)
    return means.ravel()
