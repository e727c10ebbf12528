"""Pieces of work side by side: all are done, each in one thread, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from lincodec.model.crew import side_by_side

CPU = torch.device("cpu")


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_every_piece_is_done_in_one_thread(two_threads: None) -> None:
    out, threads = torch.zeros(9), []

    def work(piece: int) -> None:
        out[piece] += piece
        threads.append(torch.get_num_threads())

    with torch.inference_mode():
        side_by_side(work, range(9), CPU)
    assert out.tolist() == list(range(9))
    assert threads == [1] * 9
    assert torch.get_num_threads() == 2
    assert ThreadPoolExecutor(1).submit(torch.get_num_threads).result() == 2


def test_inference_mode_goes_along(two_threads: None) -> None:
    found: list[bool] = []
    for mode in (True, False):
        with torch.inference_mode(mode):
            side_by_side(lambda _: found.append(torch.is_inference_mode_enabled()), range(2), CPU)
    assert found == [True, True, False, False]


def test_what_a_piece_raises_is_raised(two_threads: None) -> None:
    def work(piece: int) -> None:
        if piece == 3:
            raise MemoryError

    with pytest.raises(MemoryError):
        side_by_side(work, range(5), CPU)
