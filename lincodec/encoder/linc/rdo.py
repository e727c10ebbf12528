"""Quantisation of spectral weights, optimised at the prices of the entropy coder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lincodec.core import mixing

#: Of the price of a bit: one that is spent also tells what comes after it.
_SHARE = 0.85


def optimise(
    scaled: Sequence[NDArray[np.float32]], rate: float, rounds: int = 2
) -> list[NDArray[np.int32]]:
    """Choose integers that make squared error + ``rate`` * bits small.

    Args:
        scaled: weights over their steps, float32 [K, rows, columns, Bv, Bu] per channel.
        rate: price of a bit in squared steps.
        rounds: passes over all channels.

    Returns:
        int32 arrays of the same shapes. DC of eigen-frame 0 is rounded to nearest.
    """
    return mixing.choose(scaled, _SHARE * rate, rounds)
