"""What a preset will take, said before an encode begins; ``tools/presets.py`` measured it."""

from __future__ import annotations

import math
from typing import Any

from lincodec.encoder.aim import DB_PER_LOG_BYTES
from lincodec.encoder.presets import PRESETS, measurements

#: Seconds that are not worth a word.
_SHORT = 5.0


def expectation(name: str, megasamples: float) -> str | None:
    """``about 40 s; --preset fast about 12 s, 9 % larger``; None where little or nothing is known.

    Args:
        name: of a preset.
        megasamples: luma samples of all frames in millions.
    """
    taken = measurements()
    mine = _seconds(taken, name, megasamples)
    if mine is None or mine < _SHORT:
        return None
    text = f"about {_said(mine)}"
    names = list(PRESETS)
    for other in reversed(names[: names.index(name)]):
        quicker = _seconds(taken, other, megasamples)
        if quicker is not None and quicker < 0.7 * mine:
            larger = round(100 * (_bytes(taken, other) / _bytes(taken, name) - 1))
            size = f", {larger} % larger" if larger > 0 else ""
            return f"{text}; --preset {other} about {_said(quicker)}{size}"
    return text


def _seconds(taken: dict[str, Any], name: str, megasamples: float) -> float | None:
    """Wall seconds on the machine that was measured."""
    found = taken["presets"].get(name)
    if found is None:
        return None
    return float(found["seconds"] / taken["megasamples"] * megasamples)


def _bytes(taken: dict[str, Any], name: str) -> float:
    """Bytes at equal quality, in a unit of their own."""
    found = taken["presets"][name]
    return float(found["bpp"] * math.exp(-found["psnr"] / DB_PER_LOG_BYTES))


def _said(seconds: float) -> str:
    """Seconds as one says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
