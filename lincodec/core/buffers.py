"""Memory for pictures that is used again: what is fresh costs a page fault every 4 KiB."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

import numpy as np

from lincodec.types import Planes

#: References to an array that only ``Buffers`` has: of its list, a loop and a call.
_OURS = 3


class Buffers:
    """Planes of one shape; threads may share it.

    Those that were handed out are taken again once nobody else refers to them, or to a view of
    them, which refers to them in turn. So they may be kept for as long as one likes.
    """

    def __init__(self, sizes: Sequence[tuple[int, int]], kind: np.dtype[np.generic], most: int):
        """
        Args:
            sizes: (height, width) of the planes.
            kind: of their samples.
            most: pictures that are remembered.
        """
        self._sizes, self._kind, self._most = tuple(sizes), kind, most
        self._lock = threading.Lock()
        self._known: list[list[np.ndarray]] = []

    def take(self) -> Planes:
        """Planes whose samples are not set."""
        with self._lock:
            for planes in self._known:
                if all(sys.getrefcount(plane) <= _OURS for plane in planes):
                    return tuple(planes)
            planes = [np.empty(size, self._kind) for size in self._sizes]
            if len(self._known) < self._most:
                self._known.append(planes)
            return tuple(planes)
