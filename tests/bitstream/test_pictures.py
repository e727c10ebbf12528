"""The digest of pictures, with the bytes written out."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from lincodec.bitstream.pictures import PictureDigest, units


def test_samples_of_eight_bits() -> None:
    digest = PictureDigest()
    digest.add((np.array([[1, 2], [3, 4]], np.uint8), np.array([[5]], np.uint8)))
    digest.add((np.array([[6, 7], [8, 9]], np.uint8), np.array([[10]], np.uint8)))
    expected = hashlib.sha256(bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).digest()
    assert digest.value == expected[:16]


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_more_bits_are_little_endian(kind: str) -> None:
    digest = PictureDigest()
    digest.add((np.array([[0x102, 0x304]], kind),))
    assert digest.value == hashlib.sha256(b"\x02\x01\x04\x03").digest()[:16]


def test_rows_are_taken_in_order_whatever_the_layout() -> None:
    plane = np.arange(24, dtype=np.uint8).reshape(4, 6)
    found = []
    for view in (plane, np.asfortranarray(plane), np.pad(plane, 3)[3:-3, 3:-3]):
        digest = PictureDigest()
        digest.add((view,))
        found.append(digest.value)
    assert len(set(found)) == 1


def test_units() -> None:
    assert units((64, 65)) == (1, 2)
    assert units((1, 1)) == (1, 1)
