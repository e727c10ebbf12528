"""Signed integers of any size, each with a chosen table of the fixed family (spec: integer block).

A magnitude up to 14 is one rANS symbol; 15 escapes to an Exp-Golomb remainder. Signs and
remainder bits are bypass bits. A block is ``n_words u32 | words | n_bytes u32 | bypass``.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from lincodec.entropy.rans import RansDecoder, RansEncoder
from lincodec.entropy.tables import ESCAPE_TABLE, MAGNITUDE_TABLES
from lincodec.errors import CorruptError

ESCAPE = 15
_COUNT = struct.Struct("<I")

Ints = NDArray[np.int64]
Ids = NDArray[np.uint8]


def _groups(ids: Ids) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """Stable order by table id, and (id, count) of each group present."""
    counts = np.bincount(ids, minlength=1)
    return np.argsort(ids, kind="stable"), [(int(i), int(counts[i])) for i in counts.nonzero()[0]]


class IntegerWriter:
    """Codes steps of magnitudes, then all escapes and signs at once."""

    def __init__(self) -> None:
        self._rans = RansEncoder()
        self._values: list[Ints] = []

    def push(self, values: Ints, ids: Ids) -> None:
        """Append one step: ``values`` int64 [n] with table ``ids`` uint8 [n]."""
        symbols = np.minimum(np.abs(values), ESCAPE).astype(np.int32)
        order, groups = _groups(ids)
        symbols = symbols[order]
        at = 0
        for table, count in groups:
            self._rans.push(symbols[at : at + count], MAGNITUDE_TABLES[table])
            at += count
        self._values.append(values)

    def block(self) -> bytes:
        """Returns the finished integer block."""
        values = np.concatenate(self._values) if self._values else np.zeros(0, np.int64)
        magnitudes = np.abs(values)
        remainders = magnitudes[magnitudes >= ESCAPE] - ESCAPE + 1
        exponents = np.frexp(remainders.astype(np.float64))[1].astype(np.int64) - 1
        self._rans.push(exponents.astype(np.int32), ESCAPE_TABLE)
        signs = (values[values != 0] < 0).astype(np.uint8)
        tail = _expand(remainders, exponents)
        bypass = np.packbits(np.concatenate([signs, tail]), bitorder="little").tobytes()
        words = self._rans.words().astype("<u4").tobytes()
        return _COUNT.pack(len(words) // 4) + words + _COUNT.pack(len(bypass)) + bypass


def _bit_positions(exponents: Ints) -> tuple[Ints, Ints]:
    """For every remainder bit in order: the index of its number and its weight 0..e-1."""
    owner = np.repeat(np.arange(exponents.size), exponents)
    starts = np.cumsum(exponents) - exponents
    return owner, np.arange(owner.size) - starts[owner]


def _expand(remainders: Ints, exponents: Ints) -> NDArray[np.uint8]:
    """The low ``e`` bits of each remainder, least significant first."""
    owner, weight = _bit_positions(exponents)
    return ((remainders[owner] >> weight) & 1).astype(np.uint8)


class IntegerReader:
    """Reads a block: steps of magnitudes first, then ``finish`` returns the signed values."""

    def __init__(self, block: bytes) -> None:
        words, bypass = _split(block)
        self._rans = RansDecoder(np.frombuffer(words, "<u4"))
        self._bypass = bypass
        self._magnitudes: list[NDArray[np.int32]] = []

    def pull(self, ids: Ids) -> NDArray[np.int32]:
        """Returns the next step's magnitudes capped at ESCAPE, int32 [n]."""
        order, groups = _groups(ids)
        parts = [self._rans.pull(count, MAGNITUDE_TABLES[table]) for table, count in groups]
        out = np.empty(ids.size, np.int32)
        if parts:
            out[order] = np.concatenate(parts)
        self._magnitudes.append(out)
        return out

    def finish(self) -> Ints:
        """Returns all signed values in push order, int64 [n].

        Raises:
            CorruptError: words or bypass bits are left over or missing.
        """
        values = (
            np.concatenate(self._magnitudes) if self._magnitudes else np.zeros(0, np.int32)
        ).astype(np.int64)
        escaped = (values == ESCAPE).nonzero()[0]
        exponents = self._rans.pull(escaped.size, ESCAPE_TABLE).astype(np.int64)
        self._rans.finish()
        nonzero = values.nonzero()[0]
        need = nonzero.size + int(exponents.sum())
        bits = np.unpackbits(np.frombuffer(self._bypass, np.uint8), bitorder="little")
        if len(self._bypass) != (need + 7) // 8 or bits[need:].any():
            raise CorruptError(
                f"integer block: {len(self._bypass)} bypass bytes; "
                f"expected {(need + 7) // 8}, zero padded"
            )
        owner, weight = _bit_positions(exponents)
        extra = np.zeros(escaped.size, np.int64)
        np.add.at(extra, owner, bits[nonzero.size : need].astype(np.int64) << weight)
        values[escaped] += (np.int64(1) << exponents) + extra - 1
        values[nonzero[bits[: nonzero.size] == 1]] *= -1
        return values


def _split(block: bytes) -> tuple[bytes, bytes]:
    """Checks the two lengths of a block against its size."""
    if len(block) < 8:
        raise CorruptError(f"integer block of {len(block)} bytes; expected at least 8")
    (n_words,) = _COUNT.unpack_from(block, 0)
    middle = 4 + 4 * n_words
    if middle + 4 > len(block):
        raise CorruptError(f"integer block: {n_words} words do not fit in {len(block)} bytes")
    (n_bytes,) = _COUNT.unpack_from(block, middle)
    if middle + 4 + n_bytes != len(block):
        raise CorruptError(
            f"integer block of {len(block)} bytes; expected {middle + 4 + n_bytes} from its lengths"
        )
    return block[4:middle], block[middle + 4 :]
