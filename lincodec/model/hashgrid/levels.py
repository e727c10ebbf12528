"""The level table of a hash grid: how an encoder chooses it (spec clause 6.2.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lincodec.container import GridLevel
from lincodec.errors import UsageError

#: Scales of all levels but the first keep this far from integers, so that every way to
#: compute them (fast exp2 on a GPU, binary64 on a CPU) rounds up to the same resolution.
_MARGIN = 5e-3


def derive(n_levels: int, base: int, growth: float, log2_entries: int) -> tuple[GridLevel, ...]:
    """Levels as tiny-cuda-nn derives them (common_device.h grid_scale, grid.h:703-719).

    Args:
        n_levels: at least 1.
        base: points a side of the first level.
        growth: per_level_scale, taken as binary32.
        log2_entries: log2 of the most entries of a level.
    """
    exponent = np.float32(np.log2(np.float32(growth)))
    levels = []
    for level in range(n_levels):
        scale = np.float32(np.exp2(np.float32(level) * exponent)) * np.float32(base) - np.float32(1)
        resolution = math.ceil(float(scale)) + 1
        stride = resolution * resolution if resolution <= 0xFFFF else 0xFFFFFFFF
        count = min(-(-resolution * resolution // 8) * 8, 1 << log2_entries)
        levels.append(GridLevel(float(scale), resolution, count, count < stride))
    return tuple(levels)


def design(n_levels: int, base: int, finest: int, log2_entries: int) -> tuple[GridLevel, ...]:
    """Levels from ``base`` to about ``finest`` points a side, growing geometrically.

    The growth is the nearest to the exact one whose scales all keep away from integers.
    """
    if n_levels == 1 or finest <= base:
        return derive(n_levels, base, 2.0, log2_entries)
    exact = math.exp(math.log(finest / base) / (n_levels - 1))
    for nudge in range(4000):
        growth = exact * (1 + 1e-5 * (nudge // 2 + 1) * (-1) ** nudge)
        levels = derive(n_levels, base, growth, log2_entries)
        if all(abs(at.scale - round(at.scale)) >= _MARGIN for at in levels[1:]):
            return levels
    return derive(n_levels, base, 2.0, log2_entries)


def entries(levels: Sequence[GridLevel]) -> int:
    """Rows of the table that holds all levels."""
    return sum(level.entries for level in levels)


def offsets(levels: Sequence[GridLevel]) -> list[int]:
    """First row of every level."""
    ends = np.cumsum([level.entries for level in levels])
    return [0, *map(int, ends[:-1])]


def tcnn_settings(levels: Sequence[GridLevel]) -> dict[str, float]:
    """tinycudann's settings that give a level table.

    Raises:
        UsageError: there are none.
    """
    base = round(levels[0].scale) + 1
    growth = 2.0
    if len(levels) > 1:
        ratio = (levels[-1].scale + 1) / (levels[0].scale + 1)
        growth = float(np.float32(ratio ** (1 / (len(levels) - 1))))
    log2_entries = math.ceil(math.log2(max(level.entries for level in levels)))
    found = derive(len(levels), base, growth, log2_entries)
    same = [
        (a.resolution, a.entries, a.hashed) == (b.resolution, b.entries, b.hashed)
        and math.isclose(a.scale, b.scale, rel_tol=1e-5)
        for a, b in zip(found, levels, strict=True)
    ]
    if not all(same):
        raise UsageError(
            "--backend tcnn: tinycudann has no settings for this file's level table; "
            "use --backend triton or torch"
        )
    return {
        "n_levels": len(levels),
        "base_resolution": base,
        "per_level_scale": growth,
        "log2_hashmap_size": log2_entries,
    }
