"""Sources that can be read once only: standard input, and pipes that have a name."""

from __future__ import annotations

import os
import stat

#: What stands for standard input.
STANDARD = "-"


def is_pipe(source: str) -> bool:
    """Whether a path leads to a pipe or socket, such as a shell's ``<(...)``."""
    try:
        mode = os.stat(source).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def called(source: str) -> str:
    """How messages name a source."""
    return "standard input" if source == STANDARD else source


def reads_once(source: str) -> bool:
    """Whether a source is gone when it was read."""
    return source == STANDARD or is_pipe(source)
