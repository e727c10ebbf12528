"""A writer of partitioned pictures for test vectors: the other reader walks, numbers decide.

The walk of the syntax in ``linc_partitioned`` asks a coder for every bit. Here the coder makes the
bit up, by rules for the elements of the syntax, and writes it down with its probability; the stream
is coded from these backwards (clause 8.12.5). So a vector holds exactly what its rules ask for, and
needs no encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from linc_partitioned import (
    Broken,
    Bytes,
    Coder,
    Contexts,
    Geometry,
    Leaf,
    Motion,
    Parsed,
    Parser,
    Record,
    Settings,
    Vector,
    clip,
    initial_contexts,
    read_record,
)

#: Per cent of ones, or a function of the element's indices that gives them.
Rule = int | Callable[..., Any]

#: What vectors ask for where they say nothing else.
USUAL: dict[str, Rule] = {
    "split": 50,
    "skip": 20,
    "intra": 25,
    "part": 40,
    "merge": 40,
    "vector_zero": 75,
    "vector_prefix": 60,
    "coded_luma": 60,
    "group": 30,
    "significant": 25,
    "greater_1": 30,
    "greater_2": 30,
    "remainder": 40,
    "offset_zero": 60,
    "offset_size": 50,
    "last": 40,
}


class Chooser(Coder):
    """Makes up what it is asked for."""

    def __init__(self, contexts: Contexts, rules: dict[str, Rule], seed: int) -> None:
        self.contexts, self.rules = contexts, {**USUAL, **rules}
        self.number = seed
        self.items: list[tuple[int, int, int]] = []  # bit, p, 0; or value, 0, count
        self.forced: list[int] = []  # what the next elements are

    def percent(self) -> int:
        """0 to 99, by the linear congruential generator of ANSI C."""
        self.number = (self.number * 1103515245 + 12345) % (1 << 31)
        return (self.number >> 16) % 100

    def bit(self, *name: object) -> int:
        """A bit by the rule of its element."""
        rule = self.rules.get(str(name[0]), 50)
        share = rule(*name[1:]) if callable(rule) else rule
        bit = self.forced.pop(0) if self.forced else int(self.percent() < share)
        fast, slow, _ = self.contexts.get(name, (32768, 32768, 0))
        self.items.append((bit, clip((fast + slow) >> 1, 64, 65472), 0))
        self.adapt(bit, *name)
        return bit

    def raw(self, n: int) -> int:
        """Equally probable bits; the rule raw may say which."""
        rule = self.rules.get("raw")
        value = rule(n) if callable(rule) else -1
        if self.forced and n:
            value = self.forced.pop(0)
        if value < 0:
            value = sum((self.percent() & 1) << k for k in range(n))
        if n:
            self.items.append((value, 0, n))
        return value

    def golomb(self, k: int, m: int) -> int:
        """A short prefix, or one as long as the rule golomb says."""
        rule = self.rules.get("golomb", 30)
        n = 0
        while n < m and self.percent() < (rule(k, m, n) if callable(rule) else rule):
            self.items.append((1, 0, 1))
            n += 1
        if n < m:
            self.items.append((0, 0, 1))
        rest = self.raw(n + k) if n + k else 0
        return (1 << n + k) - (1 << k) + rest

    def finish(self) -> None:
        """Nothing ends before it is coded."""

    def stream(self, state: int = 1) -> bytes:
        """Everything coded, backwards from ``state``."""
        out = bytearray()
        for value, p, n in reversed(self.items):
            g = 0 if n else p if value else 65536 - p
            while state >= ((1 << 28) >> n if n else g << 12):
                out.append(state & 255)
                state >>= 8
            state = (
                state << n | value if n else (state // g << 16) + state % g + (0 if value else p)
            )
        return state.to_bytes(4, "big").lstrip(b"\0") + bytes(reversed(out))


class Writer(Parser):
    """The walk, with a chooser to ask."""

    def __init__(
        self,
        geometry: Geometry,
        record: Record,
        contexts: Contexts,
        collocated: list[Parsed],
        chooser: Chooser,
    ) -> None:
        self.chooser = chooser
        super().__init__(geometry, record, contexts, collocated)

    def open(self, contexts: Contexts) -> Coder:
        """The chooser, on the contexts of the record."""
        self.chooser.contexts = contexts
        return self.chooser

    def merge_index(self, candidates: list[Motion]) -> int:
        """One of the candidates there are, unless a rule asks for more."""
        if "merge_index" not in self.chooser.rules:
            most = len(candidates) - 1
            self.chooser.rules["merge_index"] = lambda n: 60 if n < most else 0
            index = super().merge_index(candidates)
            del self.chooser.rules["merge_index"]
            return index
        return super().merge_index(candidates)

    def is_copy(self, leaf: Leaf, near: int) -> bool:
        """Not where nothing can be copied, unless a rule says from where."""
        rule = self.chooser.rules.get("copy_to")
        if callable(rule):
            self.chooser.forced = [int(rule(leaf.x, leaf.y) is not None)]
        elif not any(self.copies(leaf)):
            self.chooser.forced = [0]
        return super().is_copy(leaf, near)

    def is_copied(self, leaf: Leaf, vector: Vector) -> bool:
        """A rule that says from where may break the reader's."""
        return "copy_to" in self.chooser.rules or super().is_copied(leaf, vector)

    def copies(self, leaf: Leaf) -> Iterator[Vector]:
        """Some of the vectors that are allowed, odd ones too."""
        for y in range(0, leaf.y + 1, 7):
            for x in range(0, self.geometry.inside[0], 5):
                if self.is_copied(leaf, (x - leaf.x, y - leaf.y)):
                    yield x - leaf.x, y - leaf.y

    def copy_vector(self, leaf: Leaf, predictor: Vector) -> Vector:
        """One that is allowed, that of a neighbour in one case of four, or what the rule says."""
        rule = self.chooser.rules.get("copy_to")
        if callable(rule):
            x, y = rule(leaf.x, leaf.y)
        elif self.chooser.percent() < 25 and self.is_copied(leaf, predictor):
            x, y = predictor
        else:
            allowed = list(self.copies(leaf))
            x, y = allowed[self.chooser.percent() * len(allowed) // 100]
        for value in (x - predictor[0], y - predictor[1]):
            self.chooser.forced += forced_component(value)
        return super().copy_vector(leaf, predictor)


def forced_component(value: int) -> list[int]:
    """Elements of one component of a difference."""
    if not value:
        return [0]
    n = abs(value).bit_length() - 1
    rest = [abs(value) - (1 << n)] if n else []
    return [1, *([1] * n), *([0] if n < 15 else []), *rest, int(value < 0)]


SETTINGS = Settings((84, 84, 84), 6, 16, 0, 0)


@dataclass(frozen=True)
class Frame:
    """One record to write; references and context source are displays."""

    display: int
    references: tuple[int, ...] = ()
    level: int = 0
    source: int | None = None
    temporal: bool = False
    settings: Settings = SETTINGS
    rules: dict[str, Rule] = field(default_factory=dict)
    state: int = 1
    """Where the stream ends."""
    is_broken: bool = False
    """Whether the rules break one of the reader's, so that the stream stops there."""


def with_settings(**changes: object) -> Settings:
    """The usual settings, some changed."""
    return replace(SETTINGS, **changes)  # type: ignore[arg-type]


def number(value: int) -> bytes:
    """A number of clause 8.12.3."""
    out = bytearray()
    while value > 127:
        out.append(128 | value & 127)
        value >>= 7
    return bytes([*out, value])


def signed(value: int) -> bytes:
    """A signed number."""
    return number(-2 * value - 1 if value < 0 else 2 * value)


def header(frame: Frame, last: dict[int, Frame]) -> bytes:
    """The header of a record; ``last`` has the last one of each level."""
    before = last.get(frame.level)
    steps = [frame.display - reference for reference in frame.references]
    even = len(steps) == 2 and steps[0] == -steps[1] and steps[0] > 0
    kind = 2 if even else (0, 1, 3)[len(steps)]
    repeated = before is not None and before.settings == frame.settings
    same = frame.source == (before.display if before else None)
    first = frame.level | repeated << 3 | same << 4 | kind << 5 | frame.temporal << 7
    out = bytes([first]) + number(frame.display)
    out += number(steps[0]) if even else b"".join(signed(step) for step in steps)
    if not same:
        out += number(0 if frame.source is None else frame.source + 1)
    if not repeated:
        s = frame.settings
        out += bytes([*s.step, s.merge_size, s.count_limit])
        out += signed(s.deblock_offset) + number(s.tools)
    return out


def records(geometry: Geometry, frames: list[Frame], seed: int = 1) -> list[bytes]:
    """The records of a segment, each without its length."""
    out: list[bytes] = []
    done: list[Parsed] = []
    place: dict[int, int] = {}
    last: dict[int, Frame] = {}
    known: dict[int, Record] = {}
    for index, frame in enumerate(frames):
        head = header(frame, last)
        record = read_record(Bytes(head), len(frames), place, known)
        source = None if record.source is None else done[record.source]
        contexts = initial_contexts(source, record.settings.count_limit)
        places = list(dict.fromkeys(reversed(record.references))) if record.temporal else []
        chooser = Chooser(contexts, frame.rules, 1000 * seed + index)
        writer = Writer(geometry, record, contexts, [done[at] for at in places], chooser)
        try:
            done.append(writer.run())
        except Broken:
            if not frame.is_broken:
                raise
            done.append(writer.parsed)
        out.append(head + chooser.stream(frame.state))
        place[frame.display], last[frame.level], known[frame.level] = index, frame, record
    return out


def framed(parts: list[bytes]) -> bytes:
    """Records with their lengths."""
    return b"".join(number(len(part)) + part for part in parts)


def segment(geometry: Geometry, frames: list[Frame], seed: int = 1) -> bytes:
    """All records of a segment."""
    return framed(records(geometry, frames, seed))
