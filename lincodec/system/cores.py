"""How many cores this process may use."""

from __future__ import annotations

import os

_MOST_WORKERS = 8


def usable_cores() -> int:
    """Cores that the system lets this process run on, 1 or more."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return found or 1


def usual_workers() -> int:
    """Processes that entropy decode as fast as this one renders, 0 where there are few cores."""
    return min(_MOST_WORKERS, max(0, usable_cores() // 2 - 1))
