"""Streams of clause 7.5 that no encoder writes: every decision is what a rule says.

The other reader walks over the decisions; here each bit is chosen instead of read, kept with its
probability and coded backwards at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))

import linc_mixing

#: Bit for a decision of a kind, given how many of this kind were before.
Rule = Callable[[str, int], int]
Shapes = list[linc_mixing.Shape]


class Writer(linc_mixing.Coder):
    """A coder whose bits follow a rule."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(b"\1")
        self.rule, self.kind = rule, ""
        self.counts: dict[str, int] = {}
        self.items: list[tuple[int, int, int]] = []
        """(start, frequency, bits of the total) of what was coded."""

    def decide(self, kind: str, sets: list[tuple[Any, ...]], names: list[tuple[Any, ...]]) -> int:
        self.kind = kind
        return super().decide(kind, sets, names)

    def _chosen(self, kind: str) -> int:
        count = self.counts.get(kind, 0)
        self.counts[kind] = count + 1
        return self.rule(kind, count)

    def bit(self, probability: int) -> int:
        bit = self._chosen(self.kind)
        item = (0, probability, 16) if bit else (probability, 65536 - probability, 16)
        self.items.append(item)
        return bit

    def plain(self, count: int) -> int:
        out = 0
        while count:
            part = min(count, 15)
            value = (1 << part) - 1 if self._chosen("plain") else 0
            self.items.append((value, 1, part))
            out, count = out << part | value, count - part
        return out

    def end(self) -> None:
        """Nothing is read, so nothing is left."""

    def stream(self) -> bytes:
        """The bytes of what was coded."""
        state, out = 1, bytearray()
        for start, frequency, bits in reversed(self.items):
            while state >= frequency << (28 - bits):
                out.append(state & 255)
                state >>= 8
            state = (state // frequency << bits) + start + state % frequency
        while state:
            out.append(state & 255)
            state >>= 8
        return bytes(reversed(out))


def written(shapes: Shapes, rule: Rule) -> bytes:
    """The stream of the decisions of ``rule``, up to one that no reader accepts."""
    writer = Writer(rule)
    with suppress(linc_mixing.Broken):
        linc_mixing.walk(writer, shapes)
    return writer.stream()
