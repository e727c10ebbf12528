"""Where nothing moves but noise and light, from differences of frames, at next to no cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Cells of ``_CELL`` x ``_CELL`` luma samples; of every ``_APART`` rows of samples the first
#: ``_CELL`` are looked at.
_CELL, _APART = 8, 32
#: A cell moves where it changes by so much more than most do, as a factor and in 8-bit code values:
#: noise and a change of light are alike everywhere.
_FACTOR, _LEAST = 1.5, 1.0
#: A picture is still where at most this share of its cells moves.
_MOVING = 0.04


def moving_share(before: NDArray[np.generic], after: NDArray[np.generic], depth: int) -> float:
    """Share of cells that change more than noise or light would make them.

    Args:
        before: luma [h, w] of one frame,
        after: and of the next.
        depth: bits of a sample.
    """
    if min(before.shape) < _CELL:
        return float((before != after).any())
    change = np.abs(_strips(after) - _strips(before))
    rows, width = change.shape
    cells = change.reshape(rows // _CELL, _CELL, width // _CELL, _CELL).mean((1, 3))
    cells *= 2.0 ** (8 - depth)
    return float((cells > _FACTOR * np.median(cells) + _LEAST).mean())


def still_runs(lumas: Sequence[NDArray[np.generic]], depth: int, shortest: int) -> list[range]:
    """Stretches of at least ``shortest`` frames in which nothing moves.

    Args:
        lumas: [h, w] of consecutive frames.
        depth: bits of a sample.
        shortest: frames.
    """
    runs, first = [], 0
    for at in range(1, len(lumas) + 1):
        if at < len(lumas) and moving_share(lumas[at - 1], lumas[at], depth) <= _MOVING:
            continue
        if at - first >= shortest:
            runs.append(range(first, at))
        first = at
    return runs


def _strips(luma: NDArray[np.generic]) -> NDArray[np.float32]:
    """Rows of whole cells, some rows of cells apart, float32."""
    height, width = luma.shape
    rows = range(0, height - _CELL + 1, _APART)
    kept = np.concatenate([luma[at : at + _CELL, : width // _CELL * _CELL] for at in rows])
    return kept.astype(np.float32)
