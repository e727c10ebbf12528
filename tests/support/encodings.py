"""Names of what fixtures give."""

from __future__ import annotations

from collections.abc import Callable

from lincodec.options import EncodeReport

#: The bytes of an encode, and its report.
Encoding = Callable[..., tuple[bytes, EncodeReport]]
