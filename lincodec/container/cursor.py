"""Reading and writing the small fields inside a payload (spec clause 4.6)."""

from __future__ import annotations

import math
import struct
from typing import Any

from lincodec.errors import CorruptError

MAX_VARINT_BYTES = 9
#: Largest value a variable-length integer can hold: 63 bits.
MAX_VARINT = (1 << 7 * MAX_VARINT_BYTES) - 1


def require(condition: bool, message: str) -> None:
    """Raise ``CorruptError(message)`` unless ``condition`` holds."""
    if not condition:
        raise CorruptError(message)


def require_finite(value: float, what: str) -> None:
    """Refuse NaN and infinities (spec clause 4.6)."""
    require(math.isfinite(value), f"{what} is {value}, expected a finite number")


def is_negative_zero(value: float) -> bool:
    """Whether this is -0, which only a value of a tensor may be."""
    return value == 0 and math.copysign(1, value) < 0


def single(value: float) -> float:
    """``value`` rounded to binary32.

    Raises:
        CorruptError: it does not fit.
    """
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError as error:
        raise CorruptError(f"{value} does not fit in binary32") from error


def pack_varint(value: int) -> bytes:
    """An unsigned integer below 2^63, seven bits a byte, low bits first."""
    require(0 <= value <= MAX_VARINT, f"{value} does not fit in a variable-length integer")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def pack_signed(value: int) -> bytes:
    """A signed integer by zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ..."""
    return pack_varint(value << 1 if value >= 0 else (-value << 1) - 1)


def pack_text(text: str) -> bytes:
    """One length byte and UTF-8 text of at most 255 bytes; longer text is cut."""
    data = text.encode("utf-8")[:255].decode("utf-8", errors="ignore").encode("utf-8")
    return bytes([len(data)]) + data


class Cursor:
    """A bounded reader over one payload; every short read is a ``CorruptError``."""

    def __init__(self, data: bytes, what: str) -> None:
        """``what`` names the payload in messages, e.g. ``HEAD``."""
        self._data = data
        self._what = what
        self._at = 0

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count > self.remaining:
            raise CorruptError(
                f"{self._what} +{self._at}: {count} bytes expected, {self.remaining} found"
            )
        start = self._at
        self._at += count
        return self._data[start : self._at]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        """The next fixed structure."""
        return layout.unpack(self.take(layout.size))

    def varint(self) -> int:
        """The next unsigned variable-length integer."""
        start, value = self._at, 0
        for shift in range(0, 7 * MAX_VARINT_BYTES, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                shortest = byte != 0 or shift == 0
                require(shortest, f"{self._what} +{start}: integer is not in its shortest form")
                return value
        raise CorruptError(
            f"{self._what} +{start}: integer is longer than {MAX_VARINT_BYTES} bytes"
        )

    def signed(self) -> int:
        """The next zigzag integer."""
        value = self.varint()
        return -(value + 1 >> 1) if value & 1 else value >> 1

    def text(self) -> str:
        """The next length-prefixed UTF-8 text."""
        start = self._at
        data = self.take(self.take(1)[0])
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CorruptError(f"{self._what} +{start}: text is not UTF-8") from error

    def finish(self) -> None:
        """Check that nothing is left."""
        require(
            self.remaining == 0,
            f"{self._what} +{self._at}: {self.remaining} bytes follow the last field",
        )
