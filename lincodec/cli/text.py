"""Text for people: safe to print on a terminal, with units they read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

# Categories that move the cursor, hide or reorder text: control, format, surrogate, line breaks.
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: object) -> str:
    """``text`` on one line, with every control or formatting character replaced by ``?``."""
    spaced = str(text).replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    return "".join("?" if unicodedata.category(c) in _UNSAFE else c for c in spaced)


def human_bytes(count: float) -> str:
    """``412 B``, ``84.4 kB``, ``1.96 MB``."""
    if count < 1000:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.5:
            return f"{count:.3g} {unit}"
    return f"{count / 1000:.3g} TB"


def human_time(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``02:41``, ``1:02:41``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return clock(seconds)


def clock(seconds: float) -> str:
    """``02:41`` or ``1:02:41``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def table(rows: Sequence[tuple[str, ...]], *, head: bool = False) -> str:
    """Columns two spaces apart; with ``head`` the first row is underlined."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    if head:
        lines.insert(1, "  ".join("-" * width for width in widths).rstrip())
    return "\n".join(lines)
