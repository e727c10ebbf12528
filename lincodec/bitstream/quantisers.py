"""Floats to integers and back; every dequantiser is exact on every machine (spec: tensor modes)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lincodec.errors import CorruptError

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def minmax_quantise(x: Floats, bits: int) -> tuple[Ints, np.float32, np.float32]:
    """Uniform b-bit quantiser over the range (paper Eq. 3, corrected to 2^b codes).

    Returns:
        (q in 0..2^bits-1, minimum, scale); scale is 0 for a constant tensor.
    """
    low, high = np.float32(x.min()), np.float32(x.max())
    scale = np.float32((np.float64(high) - np.float64(low)) / (2**bits - 1))
    if scale == 0:
        return np.zeros(x.shape, np.int64), low, np.float32(0)
    q = np.rint((x.astype(np.float64) - np.float64(low)) / np.float64(scale))
    return np.clip(q, 0, 2**bits - 1).astype(np.int64), low, scale


def minmax_dequantise(q: Ints, low: np.float32, scale: np.float32) -> Floats:
    """float32(low + q * scale), computed in binary64.

    Raises:
        CorruptError: a value is not finite.
    """
    exact = np.float64(low) + q.astype(np.float64) * np.float64(scale)
    with np.errstate(over="ignore"):
        return _finite(exact.astype(np.float32), "minmax")


def lattice_quantise(x: Floats, step: float, exponents: NDArray[np.int8]) -> Ints:
    """Nearest lattice points of rows [R, N] with row steps ``step * 2**exponent``."""
    steps = np.float64(np.float32(step)) * np.exp2(exponents.astype(np.float64))
    return np.rint(x.astype(np.float64) / steps[:, None]).astype(np.int64)


def lattice_dequantise(q: Ints, step: float, exponents: NDArray[np.int8]) -> Floats:
    """float32(q) * float32(step) * 2**exponent, each product rounded to binary32.

    Raises:
        CorruptError: an integer takes more than 24 bits, or a value is not finite.
    """
    if q.size and np.abs(q).max() >= 1 << 24:
        raise CorruptError("lattice tensor: a value exceeds 24 bits; expected |q| < 2^24")
    with np.errstate(over="ignore"):
        base = q.astype(np.float32) * np.float32(step)
        values: Floats = np.ldexp(base, exponents.astype(np.int32)[:, None])
    return _finite(values, "lattice")


def _finite(values: Floats, mode: str) -> Floats:
    """The values, refused when one is not a finite number."""
    if not np.isfinite(values).all():
        raise CorruptError(f"{mode} tensor: a value overflows binary32; expected finite values")
    return values


def field_dequantise(q: Ints, step: float) -> Floats:
    """float32(q) * float32(step), rounded to binary32.

    Raises:
        CorruptError: a value is not finite.
    """
    with np.errstate(over="ignore"):
        values: Floats = q.astype(np.float32) * np.float32(step)
    if not np.isfinite(values).all():
        raise CorruptError("field tensor: a value overflows binary32; expected finite values")
    return values


def spectral_dequantise(q: NDArray[np.int32], step: float, centroids: NDArray[np.int8]) -> Floats:
    """Spectral weights from integers: ``float32(128 q + sign(q) c) * float32(step / 128)``.

    Args:
        q: int32, any shape.
        step: float32 quantiser step of the channel.
        centroids: int8 [3], the shift in 1/128 steps for |q| = 1, 2 and more.

    Raises:
        CorruptError: an integer takes more than 16 bits, or a value is not finite.
    """
    if q.size and np.abs(q).max() >= 1 << 16:
        raise CorruptError("spectral tensor: a value exceeds 16 bits; expected |q| < 65536")
    shift = np.concatenate([[0], centroids.astype(np.int32)])[np.minimum(np.abs(q), 3)]
    units = 128 * q + np.sign(q) * shift
    with np.errstate(over="ignore", invalid="ignore"):
        found = units.astype(np.float32) * (np.float32(step) / np.float32(128))
    return _finite(found, "spectral")
