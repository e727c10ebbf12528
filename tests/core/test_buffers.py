"""Memory of pictures is used again, and never while somebody may look at it."""

from __future__ import annotations

import numpy as np
import pytest

from lincodec.core.buffers import Buffers

SIZES = [(4, 6), (2, 3)]


def addresses(planes: tuple[np.ndarray, ...]) -> list[int]:
    return [plane.ctypes.data for plane in planes]


def test_what_was_dropped_is_taken_again() -> None:
    buffers = Buffers(SIZES, np.dtype(np.uint8), 2)
    planes = buffers.take()
    assert [plane.shape for plane in planes] == SIZES
    first = addresses(planes)
    del planes
    assert addresses(buffers.take()) == first


@pytest.mark.parametrize("held", [0, 1])
@pytest.mark.parametrize(
    "hold",
    [
        lambda plane: plane,
        lambda plane: plane[1:, ::2],
        lambda plane: plane.T[1:][:1],
        lambda plane: memoryview(plane),
        lambda plane: np.frombuffer(plane, np.uint8),
    ],
    ids=["plane", "view", "view of a view", "memory", "buffer"],
)
def test_what_is_held_is_left_alone(held: int, hold: object) -> None:
    buffers = Buffers(SIZES, np.dtype(np.uint8), 8)
    planes = buffers.take()
    first, kept = addresses(planes), hold(planes[held])  # type: ignore[operator]
    del planes
    for _ in range(3):
        assert not set(addresses(buffers.take())) & set(first)
    del kept
    assert addresses(buffers.take()) == first


def test_no_more_than_so_many_are_remembered() -> None:
    buffers = Buffers(SIZES, np.dtype(np.uint16), 2)
    held = [buffers.take() for _ in range(5)]
    assert len({a for planes in held for a in addresses(planes)}) == 10
    assert len(buffers._known) == 2
    assert held[0][0].dtype == np.uint16
