"""Arrays kept in the cache folder; a cache that cannot be read or written is done without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lincodec.errors import LincError
from lincodec.system.atomic import atomic_output

Floats = NDArray[np.float32]


def load_array(path: Path, shape: tuple[int | None, int]) -> Floats | None:
    """A float32 array of two dimensions; None when there is no sound one of that shape.

    Args:
        path: of the file.
        shape: expected; None: any number of rows.
    """
    try:
        found: Floats = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    right = isinstance(found, np.ndarray) and found.ndim == 2 and found.dtype == np.float32
    if not right or found.shape[1] != shape[1] or shape[0] not in (None, found.shape[0]):
        return None
    return found


def save_array(path: Path | None, array: Floats) -> None:
    """Write an array under its name when it is complete; None: nowhere."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_output(path, overwrite=True) as temporary, temporary.open("wb") as out:
            np.save(out, array.astype(np.float32, copy=False))
    except (OSError, LincError):
        return
