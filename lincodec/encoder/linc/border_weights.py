"""Frames where a segment meets the next, brought up to those beside them.

A frame with neighbours on one side only is hardest to make from the components that others share,
so at one quantiser step the ends of a segment come out worse, and where two meet this shows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lincodec.encoder.linc import klt
from lincodec.encoder.linc.segment_fit import SegmentFit

#: Frames at an end that may be weighted up, and those behind them that they are compared with.
_OUTER, _INNER = 2, 2
#: dB that a frame may be behind without being noticed.
_TOLERANCE = 0.2
#: Further dB for ten times the weight; an error falls by about half of what its weight rises.
_SLOPE = 7.0
_HEAVIEST = 2.0


def weigh_ends(fit: SegmentFit, step: float, continues: bool) -> None:
    """Let a fit bring up the ends of its segment where they fall behind; see ``end_weights``."""
    weights = end_weights(fit, step, continues)
    if bool((weights != 1).any()):
        fit.weigh(weights)


def end_weights(fit: SegmentFit, step: float, continues: bool) -> Tensor:
    """Weights of the errors of all frames, float64 [n], above 1 where an end falls behind.

    Args:
        fit: of a segment, every frame at weight 1.
        step: luma step it will be quantised at.
        continues: whether the first frame follows one of the same shot; whether the last
            one is followed is not known yet.
    """
    weights, n = torch.ones(fit.frames, dtype=torch.float64), fit.frames
    if n < 2 * (_OUTER + _INNER):
        return weights
    coded = fit.quantise(step, choose=_rounded)
    last = range(n - 1, -1, -1)
    for order in (range(n), last) if continues else (last,):
        found = fit.frame_psnrs(coded, None, order[: _OUTER + _INNER])
        usual = sum(found[_OUTER:]) / _INNER
        for frame, psnr in zip(order, found[:_OUTER], strict=False):
            behind = max(0.0, usual - psnr - _TOLERANCE)
            weights[frame] = min(_HEAVIEST, 10 ** (behind / _SLOPE))
    return weights


def _rounded(scaled: Sequence[np.ndarray], _: float) -> list[np.ndarray]:
    """Integers good enough to see how frames compare."""
    return [klt.dead_zone(torch.from_numpy(weights), 1.0).numpy() for weights in scaled]
