"""Fields: integers predicted from three neighbours, coded by the activity around them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lincodec.entropy import field as fields
from lincodec.errors import CorruptError


@given(
    st.tuples(*[st.integers(1, 4)] * 4),
    st.sampled_from([1, 20, 32_767]),
    st.integers(0, 1 << 30),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_fields_there_and_back(shape: tuple[int, ...], largest: int, seed: int) -> None:
    field = np.random.default_rng(seed).integers(-largest, largest + 1, shape)
    found = fields.decode(fields.encode(field), shape)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, field)


def smooth_field(n: int, rows: int, columns: int) -> np.ndarray:
    """A zoom that speeds up, with a moving patch, int64 [n, 2, rows, columns]."""
    y, x = np.mgrid[:rows, :columns]
    t = np.arange(n)[:, None, None]
    patch = 6 * ((np.abs(y - 5) < 3) & (np.abs(x - 4 - t // 4) < 3))
    field = np.stack([(1 + t / 40) * (x - columns / 2) / 5 + patch, (y - rows / 2) / 4 + 0 * t], 1)
    return np.rint(field).astype(np.int64)


def test_smooth_fields_take_a_fraction_of_a_bit() -> None:
    field = smooth_field(40, 12, 20)
    bits = 8 * len(fields.encode(field)) / field.size
    assert bits < 0.35
    counts = np.unique(field, return_counts=True)[1] / field.size
    assert bits < 0.15 * float(-(counts * np.log2(counts)).sum())


def test_what_does_not_move_takes_no_bytes() -> None:
    assert len(fields.encode(np.zeros((200, 2, 23, 40), np.int64))) < 60


def test_a_field_cut_short() -> None:
    payload = fields.encode(smooth_field(3, 5, 7))
    for length in range(len(payload)):
        with pytest.raises(CorruptError):
            fields.decode(payload[:length], (3, 2, 5, 7))


def test_a_table_that_does_not_exist() -> None:
    payload = bytearray(fields.encode(smooth_field(3, 5, 7)))
    payload[4] = 200
    with pytest.raises(CorruptError, match="table"):
        fields.decode(bytes(payload), (3, 2, 5, 7))


def test_an_integer_that_is_too_large() -> None:
    field = np.full((1, 1, 1, 2), 1 << 15)
    with pytest.raises(CorruptError, match="32768"):
        fields.decode(fields.encode(field), (1, 1, 1, 2))
