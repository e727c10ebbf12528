"""Synthesis of spectral segments by the core is the sum that clause 8.3 states."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from numpy.typing import NDArray

from lincodec.core.library import library
from lincodec.core.signatures import SpectralPlane
from lincodec.core.spectral import Axis, SpectralDecoder, Weights
from lincodec.errors import CorruptError, LincError

#: Axes (size, block, overlap) of one row of blocks, several, and ones that reach past the plane.
AXES = [
    (Axis(17, 8, 2), Axis(40, 16, 8)),
    (Axis(64, 64, 32), Axis(130, 64, 5)),
    (Axis(5, 4, 1), Axis(9, 4, 0)),
    (Axis(33, 32, 4), Axis(31, 16, 1)),
    (Axis(1, 8, 4), Axis(1, 8, 4)),
]


def functions(axis: Axis) -> NDArray[np.float64]:
    """h_bk(x) of the clause at the samples, float64 [blocks, k, size]."""
    blocks, side = -(-axis.size // axis.block), axis.block
    x = np.arange(axis.size) + 0.5

    def edge(d: NDArray[np.float64]) -> NDArray[np.float64]:
        tau = np.sqrt(np.clip(np.abs(d) / axis.overlap, 0, 1)) if axis.overlap else np.ones_like(d)
        return np.where(d >= 0, (1 + tau) / 2, (1 - tau) / 2)

    out = np.empty((blocks, side, axis.size))
    for b in range(blocks):
        window = np.ones(axis.size)
        window *= edge(x - b * side) if b else 1
        window *= edge((b + 1) * side - x) if b < blocks - 1 else 1
        for k in range(side):
            size = np.sqrt((1 if k == 0 else 2) / side)
            out[b, k] = window * np.cos(np.pi * k * (x - b * side) / side) * size
    return out


def random_weights(
    rows: Axis, columns: Axis, components: int, seed: int
) -> tuple[Weights, NDArray[np.float64]]:
    """Weights of which few are not 0, and the same as a dense array [K, rows, columns, v, u]."""
    rng = np.random.default_rng(seed)
    shape = (
        components, -(-rows.size // rows.block), -(-columns.size // columns.block),
        rows.block, columns.block,
    )  # fmt: skip
    dense = np.where(rng.random(shape) < 0.1, rng.normal(0, 30, shape), 0).astype(np.float32)
    where = np.flatnonzero(dense)
    return Weights(rows, columns, components, where, dense.ravel()[where]), dense.astype(float)


def expected(
    dense: NDArray[np.float64], latents: NDArray[np.float32], rows: Axis, columns: Axis
) -> NDArray[np.float64]:
    mixed = np.tensordot(latents.astype(float), dense, 1)
    down, across = functions(rows), functions(columns)
    return np.einsum("rcvu,rvy,cux->yx", mixed, down, across, optimize=True)


@pytest.mark.parametrize("axes", AXES, ids=str)
def test_samples_are_those_of_the_specification(axes: tuple[Axis, Axis]) -> None:
    weights, dense = random_weights(*axes, components=3, seed=1)
    latents = np.array([1.0, -0.5, 0.25], np.float32)
    (found,) = SpectralDecoder([weights]).samples(latents)
    wanted = expected(dense, latents, *axes)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-3 * max(1, np.abs(wanted).max() / 100)


@pytest.mark.parametrize("depth", [8, 10, 16])
def test_codes_are_the_samples_rounded_and_clipped(depth: int) -> None:
    weights, _ = random_weights(*AXES[0], components=2, seed=2)
    latents = np.array([9.0, -7.0], np.float32)
    decoder = SpectralDecoder([weights, weights])
    samples, codes = decoder.samples(latents)[1], decoder.codes(latents, depth)[1]
    scale, top = 2.0 ** (depth - 8), 2**depth - 1
    wanted = np.clip(np.floor((samples.astype(float) + 128) * scale + 0.5), 0, top)
    assert codes.dtype == (np.uint8 if depth == 8 else np.uint16)
    near = np.abs((samples.astype(float) + 128) * scale + 0.5 - np.rint(
        (samples.astype(float) + 128) * scale + 0.5)) < 1e-2  # fmt: skip
    assert (codes == wanted)[~near].all()
    assert np.abs(codes.astype(float) - wanted).max() <= 1
    assert codes.min() == 0
    assert codes.max() == top


@pytest.mark.parametrize("mean", [2, 4])
@pytest.mark.parametrize(
    "axes", [(Axis(64, 64, 32), Axis(132, 32, 5)), (Axis(8, 4, 2), Axis(20, 8, 4))]
)
def test_means_are_those_of_the_samples(axes: tuple[Axis, Axis], mean: int) -> None:
    weights, _ = random_weights(*axes, components=2, seed=6)
    latents, decoder = np.array([0.4, -0.3], np.float32), SpectralDecoder([weights])
    (samples,) = decoder.samples(latents)
    rows, columns = samples.shape
    squares = samples.astype(float).reshape(rows // mean, mean, columns // mean, mean)
    wanted = np.clip((squares.mean((1, 3)) + 128) * 16, 0, 4095)
    (found,) = decoder.codes(latents, 12, mean)
    assert np.abs(found - wanted).max() <= 0.51


@pytest.mark.parametrize("strange", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("depth", [8, 12])
def test_what_is_no_number_is_refused(strange: float, depth: int) -> None:
    weights, _ = random_weights(*AXES[0], components=1, seed=3)
    with pytest.raises(CorruptError, match="not finite"):
        SpectralDecoder([weights]).codes(np.array([strange], np.float32), depth)


def test_indices_outside_the_plane_are_refused() -> None:
    rows, columns = AXES[0]
    far = Weights(rows, columns, 1, np.array([3, 1 << 40]), np.ones(2, np.float32))
    (plane,) = SpectralDecoder([far])._planes
    starts = plane._arrays[0]
    starts[1:] = 2  # as if both were in the first row of blocks
    with pytest.raises(LincError, match="answered 5"):
        SpectralDecoder.codes(_with(plane), np.ones(1, np.float32), 8)


def _with(plane: object) -> SpectralDecoder:
    decoder = SpectralDecoder.__new__(SpectralDecoder)
    decoder._planes, decoder._components = [plane], 1  # type: ignore[list-item]
    decoder._floats = plane.floats  # type: ignore[attr-defined]
    return decoder


@pytest.mark.parametrize(
    "field", ["height", "rows", "columns", "block_width", "overlap_down", "components", "mean"]
)
def test_a_shape_that_cannot_be_needs_no_memory(field: str) -> None:
    shape = SpectralPlane(17, 40, 3, 3, 8, 16, 2, 8, 1, 0)
    assert library().linc_spectral_floats(ctypes.byref(shape)) == 3 * 3 * 8 * 16
    setattr(shape, field, 0 if field in ("height", "rows", "columns", "components") else 7)
    assert library().linc_spectral_floats(ctypes.byref(shape)) == 0


def test_the_number_of_latents_is_checked() -> None:
    weights, _ = random_weights(*AXES[0], components=2, seed=4)
    with pytest.raises(LincError, match="latents; expected 2"):
        SpectralDecoder([weights]).codes(np.ones(3, np.float32), 8)
