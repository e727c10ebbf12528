"""Spectral segments: sparse weights and the latents of a time to samples (spec clause 8.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lincodec.core.library import library
from lincodec.core.signatures import SpectralPlane, SpectralWeights
from lincodec.errors import CorruptError, LincError
from lincodec.types import Planes

Floats = NDArray[np.float32]

_OK, _CORRUPT = 0, 1


@dataclass(frozen=True)
class Axis:
    """One axis of a plane."""

    size: int
    """Samples."""
    block: int
    """Side of the blocks, a power of two from 4 to 64."""
    overlap: int
    """Samples on each side of a border where two blocks blend, 0..block/2."""


@dataclass(frozen=True)
class Weights:
    """Those of a plane, for all components."""

    rows: Axis
    columns: Axis
    components: int
    where: NDArray[np.int64]
    """Ascending indices in [component, block row, block column, v, u] of those that are not 0."""
    values: Floats


@cache
def cosines(side: int) -> Floats:
    """Orthonormal cosines, float32 [side, side]: row k is that of frequency k at the samples."""
    k, x = np.arange(side)[:, None], np.arange(side) + 0.5
    found = np.cos(math.pi * k * x / side) * math.sqrt(2 / side)
    found[0] /= math.sqrt(2)
    return found.astype(np.float32)


@cache
def folds(overlap: int) -> Floats:
    """(tau - 1) / 2 at the samples behind a border, float32 [overlap]."""
    tau = np.sqrt((np.arange(overlap) + 0.5) / max(overlap, 1))
    return ((tau - 1) / 2).astype(np.float32)


class _Plane:
    """A plane as the core sees it."""

    def __init__(self, weights: Weights) -> None:
        rows, columns = weights.rows, weights.columns
        self.size = rows.size, columns.size
        down, across = -(-rows.size // rows.block), -(-columns.size // columns.block)
        strip = across * rows.block * columns.block
        edges = np.arange(weights.components * down + 1, dtype=np.int64) * strip
        self._arrays = (
            np.searchsorted(weights.where, edges).astype(np.int64),
            np.ascontiguousarray(weights.where, np.int64),
            np.ascontiguousarray(weights.values, np.float32),
            cosines(rows.block), cosines(columns.block),
            folds(rows.overlap), folds(columns.overlap),
        )  # fmt: skip
        self.shape = SpectralPlane(
            rows.size, columns.size, down, across, rows.block, columns.block,
            rows.overlap, columns.overlap, weights.components, 0,
        )  # fmt: skip
        pointers = (array.ctypes.data for array in self._arrays)
        self.weights = SpectralWeights(*pointers, weights.where.size)
        self.floats = int(library().linc_spectral_floats(self.shape))
        if not self.floats:
            raise LincError(f"the compiled core knows no plane with axes {rows} and {columns}")

    def render(
        self, latents: Floats, depth: int, work: Floats, mean: int = 0
    ) -> NDArray[np.generic]:
        kind = np.float32 if depth == 0 else np.uint8 if depth == 8 else np.uint16
        shape, (height, width) = self.shape, self.size
        if mean:
            shape = SpectralPlane.from_buffer_copy(shape)
            shape.mean, height, width = mean, height // mean, width // mean
        out = np.empty((height, width), kind)
        status = library().linc_spectral_render(
            shape, self.weights, latents.ctypes.data, depth, out.ctypes.data,
            out.strides[0], out.nbytes, work.ctypes.data,
        )  # fmt: skip
        if status == _CORRUPT:
            raise CorruptError("its samples are not finite numbers")
        if status != _OK:
            raise LincError(f"spectral plane: the compiled core answered {status}")
        return out


class SpectralDecoder:
    """The spectral part of one segment; its methods may be called by several threads at once."""

    def __init__(self, planes: Sequence[Weights]) -> None:
        """
        Args:
            planes: weights of every plane, of the same number of components.
        """
        self._planes = [_Plane(weights) for weights in planes]
        self._components = planes[0].components
        self._floats = max(plane.floats for plane in self._planes)

    def codes(self, latents: Floats, depth: int, mean: int = 0) -> Planes:
        """The integer planes of a time.

        Args:
            latents: float32 [components].
            depth: bits of the codes, 8 to 16.
            mean: 2 or 4: of the means of squares of so many samples a side, which fill the planes;
                0: of the samples.

        Raises:
            CorruptError: a sample is not a finite number.
        """
        return tuple(self._rendered(latents, depth, mean))

    def samples(self, latents: Floats) -> list[Floats]:
        """The same before rounding, float32 in centred 8-bit code values."""
        return [plane.astype(np.float32, copy=False) for plane in self._rendered(latents, 0)]

    def _rendered(self, latents: Floats, depth: int, mean: int = 0) -> list[NDArray[np.generic]]:
        latents = np.ascontiguousarray(latents, np.float32)
        if latents.shape != (self._components,):
            raise LincError(f"{latents.shape} latents; expected {self._components}")
        work = np.empty(self._floats, np.float32)
        return [plane.render(latents, depth, work, mean) for plane in self._planes]
