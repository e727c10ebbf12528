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


@given(
    st.tuples(*[st.integers(1, 4)] * 3), st.sampled_from([1, 20, 8_000]), st.integers(0, 1 << 30)
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_choices_leave_vectors_open(shape: tuple[int, ...], largest: int, seed: int) -> None:
    rng, (n, rows, columns) = np.random.default_rng(seed), shape
    field = rng.integers(-largest, largest + 1, (n, 5, rows, columns))
    field[:, 4] = rng.integers(-1, 2, (n, rows, columns))
    found = fields.decode(fields.encode(fields.settled(field)), field.shape)
    np.testing.assert_array_equal(found, fields.settled(field))
    np.testing.assert_array_equal(found, fields.settled(found))
    choice = field[:, 4:]
    np.testing.assert_array_equal(found[:, 4:], choice)
    first, difference = field[:, :2], field[:, 2:4] - field[:, :2]
    assert ((found[:, :2] == first) | (choice == 1)).all()
    assert ((found[:, 2:4] - found[:, :2] == difference) | (choice == -1)).all()


def test_vectors_that_are_not_chosen_take_no_bytes() -> None:
    rng = np.random.default_rng(3)
    field = rng.integers(-90, 90, (20, 5, 6, 8))
    field[:, 4] = -1
    other = field.copy()
    other[:, 2:4] = rng.integers(-90, 90, (20, 2, 6, 8))
    payload = fields.encode(fields.settled(field))
    assert payload == fields.encode(fields.settled(other))
    field[:, 4] = 0
    assert len(payload) < 0.6 * len(fields.encode(fields.settled(field)))


@pytest.mark.parametrize("pair", [b"\0\x01", b"\x01\0", b"\x80\x80"])
def test_frequencies_of_choices_that_do_not_exist(pair: bytes) -> None:
    payload = fields.encode(np.zeros((2, 5, 3, 4), np.int64))
    with pytest.raises(CorruptError, match="choice"):
        fields.decode(payload[:4] + pair + payload[6:], (2, 5, 3, 4))
    with pytest.raises(CorruptError):
        fields.decode(payload[:11], (2, 5, 3, 4))


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
