"""Locking a file against other processes; the system unlocks it when the process ends."""

from __future__ import annotations

import importlib
import os
from typing import BinaryIO


def lock(file: BinaryIO) -> bool:
    """Lock an open file for this process alone; False when another one has it, or deleted it."""
    try:
        fcntl = importlib.import_module("fcntl")
    except ImportError:  # Windows
        msvcrt = importlib.import_module("msvcrt")
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    # the process that had it may have finished and removed it since it was opened
    return os.fstat(file.fileno()).st_nlink > 0
