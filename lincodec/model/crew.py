"""Pieces of work on the CPU side by side.

Operations on pieces that fit the cache are too short to be shared out among threads one by one:
most of the time goes into waiting. Here every thread takes whole pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from threading import Barrier
from typing import TypeVar

import torch

T = TypeVar("T")


def side_by_side(work: Callable[[T], None], pieces: Sequence[T], device: torch.device) -> None:
    """Do ``work`` on every piece, as many at a time as PyTorch has threads.

    Args:
        work: must not depend on its order; its operations run in one thread each.
        pieces: what it is called with.
        device: on others than the CPU pieces follow each other.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1 or len(pieces) == 1:
        for piece in pieces:
            work(piece)
        return
    list(_pool(threads).map(partial(_alone, work, torch.is_inference_mode_enabled()), pieces))


def _alone(work: Callable[[T], None], inference: bool, piece: T) -> None:
    with torch.inference_mode(inference):  # which belongs to a thread
        work(piece)


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    """So many threads, each without further ones of its own."""
    pool = ThreadPoolExecutor(threads, "piece", initializer=_settle)
    together = Barrier(threads)
    list(pool.map(lambda _: together.wait(), range(threads)))  # all have begun
    torch.set_num_threads(threads)  # what one thread sets, threads to come take over
    return pool


def _settle() -> None:
    torch.set_num_threads(1)
    torch.get_num_threads()  # from now on the thread keeps to it
