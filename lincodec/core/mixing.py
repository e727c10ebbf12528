"""The mixing coder of spectral tensors (spec clause 7.5): sparse integers to bytes and back."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lincodec.core.library import library
from lincodec.core.signatures import MixShape
from lincodec.errors import CorruptError, LincError, ResourceError

Ints = NDArray[np.int32]
#: Those of a plane and component that are not zero: row-major indices [row, column, v, u],
#: ascending, and values.
Sparse = tuple[Ints, Ints]

_OK, _CORRUPT, _MEMORY = 0, 1, 4


@dataclass(frozen=True)
class Shape:
    """Of a spectral tensor."""

    components: int
    rows: int
    """Of blocks."""
    columns: int
    blocks: tuple[tuple[int, int], ...]
    """(height, width) of a block of each plane."""


def _check(status: int) -> None:
    """Raise what a status of the core stands for."""
    if status == _CORRUPT:
        raise CorruptError("spectral tensor: its bytes are not those of its integers")
    if status == _MEMORY:
        raise ResourceError("not enough memory for the integers of a segment")
    if status != _OK:
        raise LincError(f"spectral tensor: the compiled core answered {status}")


@contextmanager
def _opened(shape: Shape, data: bytes | None) -> Iterator[ctypes.c_void_p]:
    """A reader of ``data``, or a writer."""
    size, mix = MixShape(), ctypes.c_void_p()
    size.components, size.planes = shape.components, len(shape.blocks)
    size.rows, size.columns = shape.rows, shape.columns
    for plane, (height, width) in enumerate(shape.blocks):
        size.height[plane], size.width[plane] = height, width
    _check(library().linc_mix_open(size, data, len(data or b""), mix))
    try:
        yield mix
    finally:
        library().linc_mix_close(mix)


def encode(shape: Shape, components: Iterable[Sequence[Sparse]]) -> bytes:
    """The bytes of a tensor whose planes are given component after component."""
    core, planes = library(), len(shape.blocks)
    pointers = ctypes.c_void_p * planes
    with _opened(shape, None) as mix:
        for component in components:
            where = [np.ascontiguousarray(places, np.int32) for places, _ in component]
            values = [np.ascontiguousarray(numbers, np.int32) for _, numbers in component]
            counts = np.array([places.size for places in where], np.int64)
            _check(
                core.linc_mix_write(
                    mix, pointers(*(a.ctypes.data for a in where)),
                    pointers(*(a.ctypes.data for a in values)), counts.ctypes.data,
                )
            )  # fmt: skip
        size = ctypes.c_size_t()
        core.linc_mix_finish(mix, None, 0, size)
        out = np.empty(size.value, np.uint8)
        _check(core.linc_mix_finish(mix, out.ctypes.data, out.size, size))
        return out[: size.value].tobytes()


def choose(wishes: Sequence[NDArray[np.float32]], price: float, rounds: int) -> list[Ints]:
    """Integers near ``wishes`` that cost little.

    Args:
        wishes: float32 [K, rows, columns, Bv, Bu] of each plane.
        price: of a bit, in squared distance.
        rounds: passes over all; each knows from the start what the one before learned.

    Returns:
        Arrays of the same shapes. The DC of component 0 is rounded to nearest.
    """
    wishes = [np.ascontiguousarray(wish, np.float32) for wish in wishes]
    count, rows, columns = wishes[0].shape[:3]
    shape = Shape(count, rows, columns, tuple((w.shape[3], w.shape[4]) for w in wishes))
    chosen = [np.zeros(wish.shape, np.int32) for wish in wishes]
    core, pointers = library(), ctypes.c_void_p * len(wishes)
    with _opened(shape, None) as mix:
        for turn in range(rounds):
            if turn:
                core.linc_mix_rewind(mix)
            for k in range(count):
                inputs = pointers(*(wish[k].ctypes.data for wish in wishes))
                outputs = pointers(*(levels[k].ctypes.data for levels in chosen))
                _check(core.linc_mix_choose(mix, inputs, price, outputs))
    return chosen


def decode(shape: Shape, data: bytes) -> Iterator[list[Sparse]]:
    """The planes of each component in turn; every call of the core releases the interpreter lock.

    Raises:
        CorruptError: no integers of this shape have these bytes.
    """
    core, planes = library(), len(shape.blocks)
    with _opened(shape, data) as mix:
        for _ in range(shape.components):
            counts = np.zeros(planes, np.int64)
            _check(core.linc_mix_read(mix, counts.ctypes.data))
            component = []
            for plane, count in enumerate(counts.tolist()):
                where, values = np.empty(count, np.int32), np.empty(count, np.int32)
                status = core.linc_mix_take(
                    mix, plane, where.ctypes.data, values.ctypes.data, count
                )
                _check(status)
                component.append((where, values))
            yield component
        _check(core.linc_mix_ended(mix))
