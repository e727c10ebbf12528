"""Quantisers: the formulas, and dequantisers that give the same bits on every machine."""

from __future__ import annotations

import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lincodec.bitstream import quantisers
from lincodec.errors import CorruptError


def single(exact: Fraction) -> np.float32:
    """An exact number rounded once to binary32 (double rounding cannot happen: 53 > 2*24+1)."""
    return np.float32(struct.unpack("<f", struct.pack("<f", float(exact)))[0])


def bits_of(values: np.ndarray) -> list[int]:
    assert values.dtype == np.float32
    return values.ravel().view(np.uint32).tolist()


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
def test_minmax_is_equation_3_with_all_codes(bits: int) -> None:
    x = np.random.default_rng(bits).normal(0, 3, (40, 7)).astype(np.float32)
    q, low, scale = quantisers.minmax_quantise(x, bits)
    top = 2**bits - 1
    low64, high64 = float(x.min()), float(x.max())
    assert low == x.min()
    assert scale == np.float32((high64 - low64) / top)
    assert q.shape == x.shape
    assert (int(q.min()), int(q.max())) == (0, top)
    expected = [round((float(v) - low64) / float(scale)) for v in x.ravel()]
    assert q.ravel().tolist() == [min(max(e, 0), top) for e in expected]
    back = quantisers.minmax_dequantise(q, low, scale)
    assert float(np.abs(back - x).max()) <= float(scale) * 0.5001 + 1e-6


def test_minmax_of_one_value() -> None:
    q, low, scale = quantisers.minmax_quantise(np.full((3, 2), -1.75, np.float32), 5)
    assert not q.any()
    assert (low, scale) == (-1.75, 0)
    np.testing.assert_array_equal(quantisers.minmax_dequantise(q, low, scale), -1.75)


@given(
    hnp.arrays(np.float32, st.integers(1, 40), elements=st.floats(-(2.0**100), 2.0**100, width=32)),
    st.integers(1, 16),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_minmax_stays_in_range(x: np.ndarray, bits: int) -> None:
    q, low, scale = quantisers.minmax_quantise(x, bits)
    assert q.min() >= 0
    assert q.max() < 2**bits
    assert np.isfinite(quantisers.minmax_dequantise(q, low, scale)).all()


def test_minmax_bits_are_those_of_binary64_rounded_once() -> None:
    rng = np.random.default_rng(1)
    low, scale = np.float32(-0.7371), np.float32(0.00319)
    q = rng.integers(0, 65536, 500)
    expected = [np.float32(float(low) + int(k) * float(scale)) for k in q]
    assert bits_of(quantisers.minmax_dequantise(q, low, scale)) == bits_of(np.array(expected))


def test_lattice_bits_follow_the_text() -> None:
    rng = np.random.default_rng(2)
    q = rng.integers(-(1 << 24) + 1, 1 << 24, (6, 50))
    exponents = np.array([-20, -3, 0, 1, 7, -60], np.int8)
    step = 0.3
    found = quantisers.lattice_dequantise(q, step, exponents)
    a = Fraction(float(np.float32(step)))
    for row, e in enumerate(exponents.tolist()):
        product = [single(int(k) * a) for k in q[row]]
        expected = [single(Fraction(float(p)) * Fraction(2) ** e) for p in product]
        assert bits_of(found[row]) == bits_of(np.array(expected))


def test_lattice_there_and_back() -> None:
    rng = np.random.default_rng(3)
    exponents = np.array([-6, 0, 3], np.int8)
    q = rng.integers(-1000, 1000, (3, 40))
    x = quantisers.lattice_dequantise(q, 0.25, exponents)
    np.testing.assert_array_equal(quantisers.lattice_quantise(x, 0.25, exponents), q)
    np.testing.assert_array_equal(x, q * 0.25 * 2.0 ** exponents[:, None].astype(float))


@pytest.mark.parametrize("value", [1 << 24, -(1 << 24), 1 << 40])
def test_lattice_limit(value: int) -> None:
    with pytest.raises(CorruptError, match="24 bits"):
        quantisers.lattice_dequantise(np.array([[0, value]]), 1.0, np.zeros(1, np.int8))
    fine = quantisers.lattice_dequantise(np.array([[(1 << 24) - 1]]), 1.0, np.zeros(1, np.int8))
    assert fine[0, 0] == (1 << 24) - 1


def test_lattice_values_are_finite() -> None:
    with pytest.raises(CorruptError, match="finite"):
        quantisers.lattice_dequantise(np.array([[3]]), 1e30, np.array([127], np.int8))


def test_spectral_bits_follow_the_text() -> None:
    rng = np.random.default_rng(4)
    q = rng.integers(-6, 7, (2, 3, 3, 4, 4)).astype(np.int32)
    q[0, 0, 0, 0, 0] = -65535
    centroids = np.array([-30, 17, -128], np.int8)
    step = 80.63494719327187
    found = quantisers.spectral_dequantise(q, step, centroids)
    unit = single(Fraction(float(np.float32(step))) / 128)
    shift = {0: 0, 1: -30, 2: 17}
    for k, value in zip(q.ravel().tolist(), found.ravel(), strict=True):
        sign = (k > 0) - (k < 0)
        whole = np.float32(128 * k + sign * shift.get(abs(k), -128))
        assert bits_of(np.array([value])) == bits_of(
            np.array([single(Fraction(float(whole)) * Fraction(float(unit)))])
        )


@pytest.mark.parametrize("value", [1 << 16, -(1 << 16), 1 << 20])
def test_spectral_limit(value: int) -> None:
    q = np.zeros((1, 1, 1, 8, 8), np.int32)
    q[0, 0, 0, 3, 2] = value
    with pytest.raises(CorruptError, match="16 bits"):
        quantisers.spectral_dequantise(q, 1.0, np.zeros(3, np.int8))
