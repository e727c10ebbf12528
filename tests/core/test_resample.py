"""Other sizes: means when smaller, sharpened Lanczos when larger, nothing at native size."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from lincodec.core.resample import Area, Extent, Resampler, taps, whole
from lincodec.errors import CorruptError

#: (height, width) of planes and of what becomes of them: of whole and broken parts, on both axes.
SIZES = [
    ((48, 64), (24, 32)), ((48, 64), (12, 16)), ((48, 64), (96, 200)), ((49, 63), (33, 44)),
    ((5, 7), (300, 11)), ((300, 200), (1, 500)), ((40, 33), (20, 70)), ((33, 40), (70, 20)),
    ((1, 1), (9, 3)), ((90, 70), (3, 7)),
]  # fmt: skip


def plain_weights(size: int, count: int) -> np.ndarray:
    """Clause 8.4 term by term."""
    h, out = size / count, np.zeros((count, size))

    def sample(k: int) -> np.ndarray:
        return np.eye(size)[min(max(k, 0), size - 1)]

    for i in range(count):
        if h >= 1:
            for k in range(size):
                out[i, k] = max(0.0, min((i + 1) * h, k + 1) - max(i * h, k)) / h
            continue
        at, share = (i + 0.5) * h - 0.5, 0.04 * (1 - h)
        total = 0.0
        for k in range(math.floor(at) - 3, math.floor(at) + 5):
            weight = float(np.sinc(at - k) * np.sinc((at - k) / 4))
            j = min(max(k, 0), size - 1)
            out[i] += weight * (
                (1 + 2 * share) * sample(j) - share * (sample(j - 1) + sample(j + 1))
            )
            total += weight
        out[i] /= total
    return out


@pytest.mark.parametrize(
    ("size", "count"), [(45, 44), (45, 20), (45, 7), (33, 1), (64, 32), (20, 45), (9, 100), (1, 7)]
)
def test_weights_are_those_of_the_specification(size: int, count: int) -> None:
    np.testing.assert_allclose(
        dense(Extent.whole(size, count)), plain_weights(size, count), atol=1e-12
    )


def dense(extent: Extent) -> NDArray[np.float64]:
    """Weights of all native samples, [count, size]."""
    found, out = taps(extent), np.zeros((extent.count, extent.size))
    places = found.first[:, None] + np.arange(found.weights.shape[1])
    np.add.at(out, (np.arange(extent.count)[:, None], places), found.weights)
    return out


def test_sizes_near_native_are_near_it() -> None:
    """No step where enlarging begins: native size is the limit from both sides."""
    np.testing.assert_array_equal(dense(Extent.whole(7, 7)), np.eye(7))
    for count in (999, 1001):
        middle = dense(Extent.whole(1000, count))[:10, :10]
        assert np.abs(middle - np.eye(10)).max() < 0.02


@pytest.mark.parametrize("count", [10, 4, 25])
def test_a_part_is_as_it_is_within_the_whole(count: int) -> None:
    around = dense(Extent.whole(40, 4 * count))
    part = dense(Extent(40, 10, 20, count))
    np.testing.assert_allclose(part, around[count : 2 * count], atol=1e-12)


def native(size: tuple[int, int], depth: int) -> NDArray[np.generic]:
    codes = np.random.default_rng(1).integers(0, 1 << depth, size)
    return codes.astype(np.uint8 if depth == 8 else np.uint16)


def exact(plane: NDArray[np.generic], area: Area, depth: int) -> NDArray[np.float64]:
    """Clauses 8.4 and 8.6 in binary64, before rounding down."""
    rows, columns = (dense(extent) for extent in area)
    return np.clip(rows @ plane.astype(float) @ columns.T, 0, (1 << depth) - 1) + 0.5


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_codes_are_those_of_the_specification(
    sizes: tuple[tuple[int, int], tuple[int, int]], depth: int
) -> None:
    area, plane = whole(*sizes), native(sizes[0], depth)
    resampler, wanted = Resampler([area], depth), exact(plane, area, depth)
    assert resampler.sizes == [sizes[1]]
    (found,) = resampler.planes((plane,))
    sure = np.abs(wanted - np.rint(wanted)) > 1e-3 * 2 ** (depth - 8)
    assert (found == np.floor(wanted))[sure].all()
    assert np.abs(found - np.floor(wanted)).max() <= 1
    values = (plane / 2.0 ** (depth - 8) - 128).astype(np.float32)
    (of_values,) = resampler.planes((values,))
    assert (of_values == np.floor(wanted))[sure].all()


@pytest.mark.parametrize("size", [(640, 480), (90, 61)])
def test_threads_make_the_same(size: tuple[int, int]) -> None:
    plane, areas = native((180, 121), 8), [whole((180, 121), size)]
    with ThreadPoolExecutor(3) as threads:
        (shared,) = Resampler(areas, 8).planes((plane,), threads)
    np.testing.assert_array_equal(shared, Resampler(areas, 8).planes((plane,))[0])


def test_whole_numbers_of_codes_are_exact_means() -> None:
    plane = native((64, 96), 10)
    (found,) = Resampler([whole((64, 96), (16, 48))], 10).planes((plane,))
    sums = plane.reshape(16, 4, 48, 2).sum((1, 3), dtype=np.int64)
    np.testing.assert_array_equal(found, (sums + 4) >> 3)


@pytest.mark.parametrize("size", [(4, 3), (20, 30)])
@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(size: tuple[int, int], strange: float) -> None:
    plane = np.zeros((10, 12), np.float32)
    plane[9, 11] = strange
    with pytest.raises(CorruptError):
        Resampler([whole((10, 12), size)], 8).planes((plane,))


def test_a_plane_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        Resampler([whole((10, 12), (5, 6))], 8).planes((np.zeros((12, 10), np.uint8),))


def test_memory_of_pictures_is_used_again() -> None:
    resampler = Resampler([whole((10, 12), (5, 6))], 8)
    first = resampler.planes((native((10, 12), 8),))[0].ctypes.data
    assert resampler.planes((native((10, 12), 8),))[0].ctypes.data == first
