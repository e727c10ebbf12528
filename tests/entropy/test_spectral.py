"""Spectral tensors: any sparse channels there and back, damage, and rate-distortion choice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lincodec.encoder.linc import klt, rdo
from lincodec.entropy import spectral
from lincodec.entropy.coefficients import Channel, Coefficients, Dense
from lincodec.errors import CorruptError
from lincodec.options import Span
from lincodec.video.reader import FrameReader

#: Block (height, width) of every channel.
GREY = ((8, 8),)
YUV420 = ((16, 16), (8, 8), (8, 8))
YUV422 = ((16, 16), (16, 8), (16, 8))
YUV444 = ((8, 8), (8, 8), (8, 8))


def sparse(
    seed: int, planes: int, grid: tuple[int, int], blocks: tuple[tuple[int, int], ...]
) -> list[Dense]:
    """Channels that fall off with frequency and component as real ones do."""
    rng = np.random.default_rng(seed)
    out = []
    for height, width in blocks:
        fall = 1.0 / (1 + np.add.outer(np.arange(height), np.arange(width))) ** 1.5
        fade = 1.0 / (1 + np.arange(planes))[:, None, None, None, None]
        busy = rng.random((planes, *grid, 1, 1)) * rng.choice([0, 1, 8], (planes, *grid, 1, 1))
        values = rng.laplace(0, 1, (planes, *grid, height, width)) * fall * fade * busy
        q = np.trunc(values).astype(np.int32)
        q[0, :, :, 0, 0] = rng.integers(-900, 900, grid)
        out.append(q)
    return out


def shapes_of(channels: list[Dense]) -> list[Channel]:
    return [Channel(*q.shape) for q in channels]


def encoded(channels: list[Dense]) -> bytes:
    return spectral.encode([Coefficients.of(q) for q in channels])


def assert_same(found: list[Coefficients], expected: list[Dense]) -> None:
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.values.dtype == np.int32
        assert (ours.values != 0).all()
        assert (np.diff(ours.where) > 0).all()
        np.testing.assert_array_equal(ours.dense(), theirs)


@pytest.mark.parametrize("blocks", [GREY, YUV420, YUV422, YUV444], ids=["400", "420", "422", "444"])
@pytest.mark.parametrize("grid", [(1, 1), (1, 4), (3, 1), (3, 5)], ids=str)
@pytest.mark.parametrize("planes", [1, 2, 5])
def test_there_and_back(
    blocks: tuple[tuple[int, int], ...], grid: tuple[int, int], planes: int
) -> None:
    for seed in range(2):
        channels = sparse(seed, planes, grid, blocks)
        payload = encoded(channels)
        assert_same(spectral.decode(payload, shapes_of(channels)), channels)
        assert encoded(channels) == payload


def test_largest_blocks() -> None:
    channels = sparse(7, 3, (2, 2), ((64, 64), (32, 32), (32, 32)))
    channels[0][2, 1, 1, 63, 63] = -1
    channels[1][1, 0, 1, 31, 31] = 30_000
    payload = encoded(channels)
    assert_same(spectral.decode(payload, shapes_of(channels)), channels)


def test_many_components() -> None:
    channels = sparse(9, 300, (1, 1), GREY)
    assert_same(spectral.decode(encoded(channels), shapes_of(channels)), channels)


def test_all_zeros_take_a_few_bytes() -> None:
    channels = [np.zeros((6, 4, 7, 16, 16), np.int32), np.zeros((6, 4, 7, 8, 8), np.int32)]
    payload = encoded(channels)
    assert len(payload) < 16
    assert_same(spectral.decode(payload, shapes_of(channels)), channels)


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_positions_and_sizes(data: st.DataObject) -> None:
    planes, rows, columns = (data.draw(st.integers(1, 3)) for _ in range(3))
    blocks = data.draw(st.sampled_from([GREY, ((8, 8), (4, 4), (4, 4)), ((8, 8), (8, 4), (8, 4))]))
    channels = [np.zeros((planes, rows, columns, h, w), np.int32) for h, w in blocks]
    for q in channels:
        places = st.integers(0, q.size - 1)
        values = st.one_of(st.integers(-2, 2), st.integers(-65535, 65535))
        for place, value in data.draw(st.lists(st.tuples(places, values), max_size=12)):
            q.ravel()[place] = value
    assert_same(spectral.decode(encoded(channels), shapes_of(channels)), channels)


def test_damage_is_corrupt_or_other_integers() -> None:
    channels = sparse(11, 3, (3, 3), ((8, 8), (4, 4), (4, 4)))
    payload = encoded(channels)
    shapes = shapes_of(channels)
    rng = np.random.default_rng(12)
    refused = 0
    for _ in range(150):
        damaged = bytearray(payload)
        for at in rng.integers(len(payload), size=rng.integers(1, 4)):
            damaged[at] ^= 1 << rng.integers(8)
        try:
            found = spectral.decode(bytes(damaged), shapes)
        except CorruptError:
            refused += 1
        else:
            assert [q.shape for q in found] == [q.shape for q in channels]
    assert refused > 100


def test_cut_short_or_of_another_shape() -> None:
    channels = sparse(11, 3, (3, 3), GREY)
    payload = encoded(channels)
    for length in range(0, len(payload), 7):
        with pytest.raises(CorruptError):
            spectral.decode(payload[:length], shapes_of(channels))
    for wrong in [(2, 3, 3, 8, 8), (3, 3, 4, 8, 8), (4, 3, 3, 8, 8)]:
        with pytest.raises(CorruptError):
            spectral.decode(payload, [Channel(*wrong)])
    with pytest.raises(CorruptError):
        spectral.decode(payload + b"\1", shapes_of(channels))


@pytest.fixture(scope="module")
def carphone(clip: Callable[[str], Path]) -> list[NDArray[np.float32]]:
    """Spectral weights over their steps of 12 frames of a real clip."""
    with FrameReader(str(clip("carphone")), span=Span(frames=12)) as reader:
        frames = [frame.planes for frame in reader]
    channels = klt.to_tensors(frames, 8)
    latents, _ = klt.temporal_basis(klt.gram(channels, klt.CHROMA_RATIO))
    geometry = klt.Geometry.of([plane.shape for plane in frames[0]], 16, 2)
    weights = klt.spectral_weights(channels, latents, geometry)
    step = 48.0
    return [(w / (step * (klt.CHROMA_RATIO if c else 1))).numpy() for c, w in enumerate(weights)]


def cost(scaled: list[NDArray[np.float32]], q: list[Dense], rate: float) -> float:
    """Squared error in steps plus ``rate`` for every bit really written."""
    error = sum(float(((x - v) ** 2).sum()) for x, v in zip(scaled, q, strict=True))
    return error + rate * 8 * len(encoded(q))


def test_real_coefficients_come_back(carphone: list[NDArray[np.float32]]) -> None:
    q = [np.rint(x).astype(np.int32) for x in carphone]
    assert_same(spectral.decode(encoded(q), shapes_of(q)), q)


@pytest.mark.parametrize("rate", [0.06, 0.115, 0.3])
def test_optimised_choice_costs_less(carphone: list[NDArray[np.float32]], rate: float) -> None:
    rounded = [np.rint(x).astype(np.int32) for x in carphone]
    dead = [(np.floor(np.abs(x) + 1 / 3) * np.sign(x)).astype(np.int32) for x in carphone]
    once = rdo.optimise(carphone, rate, rounds=1)
    twice = rdo.optimise(carphone, rate, rounds=2)
    plain, better, best, polished = (cost(carphone, q, rate) for q in (rounded, dead, once, twice))
    assert best < 0.98 * better
    assert best < 0.96 * plain
    assert polished < 1.002 * best
    for x, v in zip(carphone, twice, strict=True):
        assert v.shape == x.shape
        # never further from zero than rounding, and of the same sign
        assert (np.abs(v) <= np.floor(np.abs(x) + 0.5)).all()
        np.testing.assert_array_equal(v[0, :, :, 0, 0], np.rint(x[0, :, :, 0, 0]))


def test_a_higher_price_takes_fewer_bytes(carphone: list[NDArray[np.float32]]) -> None:
    sizes = [len(encoded(rdo.optimise(carphone, r, 1))) for r in (0.03, 0.1, 0.3)]
    assert sizes[0] > 1.1 * sizes[1] > 1.2 * sizes[2]
