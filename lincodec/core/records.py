"""Frames of a partitioned segment as a graph: what each needs, and what is kept for it.

Records stand in coding order. To parse one takes the final context states of its context source,
and for temporal vectors the motion of its references; to reconstruct it takes the pictures of its
references (spec clause 8.12.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import NamedTuple

#: Release mask of decisions and levels, which reconstruction frees by itself.
BLOCKS = 8


class Part(IntEnum):
    """What later records use of one; the values are the release masks of the core."""

    STATES = 1
    MOTION = 2
    PICTURE = 4


class Held(NamedTuple):
    """A part of a record that is in memory."""

    record: int
    part: Part


class Tool(IntFlag):
    """What a frame may use beside what all do (spec clause 8.12.3)."""

    DEBLOCKING = 1
    FILTER = 2
    STEP_OFFSETS = 4
    SIGN_HIDING = 8
    TRANSFORM_SKIP = 16
    COPY = 32


@dataclass(frozen=True)
class Record:
    """What the header of a frame says; records are meant by their place in coding order."""

    display: int
    """Place in display order, from 0."""
    level: int
    """Of the pyramid."""
    references: tuple[int, ...]
    """Records, one or two, or none for an intra frame."""
    context_source: int | None
    """Record; None: initial states."""
    has_temporal: bool
    """Whether vectors are predicted from those of the references."""
    size: int
    """Bytes, header and length included."""
    tools: Tool = field(default_factory=lambda: Tool(0))

    @property
    def to_parse(self) -> list[Held]:
        """What must be in memory to parse it."""
        needed = [] if self.context_source is None else [Held(self.context_source, Part.STATES)]
        if self.has_temporal:
            needed += [Held(at, Part.MOTION) for at in sorted(set(self.references))]
        return needed

    @property
    def to_reconstruct(self) -> list[Held]:
        """What must be in memory, besides its own decisions, to reconstruct it."""
        return [Held(at, Part.PICTURE) for at in sorted(set(self.references))]


@dataclass(frozen=True)
class Plan:
    """What is done to show some frames."""

    parsed: frozenset[int]
    """Records to parse."""
    reconstructed: frozenset[int]
    """Those of them to reconstruct."""
    shown: frozenset[int]
    """Records to put out, reconstructed here or before."""
    users: dict[Held, int] = field(default_factory=dict)
    """How many of these steps need what is, or comes to be, in memory."""
    kept: frozenset[Held] = frozenset()
    """What stays in memory afterwards, for the frames that show later."""


def planned(records: Sequence[Record], shown: Iterable[int], held: Set[Held]) -> Plan:
    """What to do to show some records when some is in memory already, and what to keep of it.

    Args:
        records: of the segment, in coding order.
        shown: records whose frames are wanted.
        held: what is in memory.
    """
    wanted = frozenset(shown)
    parsed, reconstructed = _needed(records, wanted, held)
    users: dict[Held, int] = {Held(at, Part.PICTURE): 1 for at in wanted}
    for at in parsed:
        for part in records[at].to_parse:
            users[part] = users.get(part, 0) + 1
    for at in reconstructed:
        for part in records[at].to_reconstruct:
            users[part] = users.get(part, 0) + 1
    there = {Held(at, Part.PICTURE) for at in reconstructed} | set(held)
    there |= {Held(at, part) for at in parsed for part in (Part.STATES, Part.MOTION)}
    kept = _for_later(records, wanted, there)
    return Plan(parsed, reconstructed, wanted, users, kept)


def _needed(
    records: Sequence[Record], wanted: Iterable[int], held: Set[Held]
) -> tuple[frozenset[int], frozenset[int]]:
    """Records to parse and to reconstruct for the pictures of ``wanted``."""
    parsed: set[int] = set()
    reconstructed: set[int] = set()
    waiting = [Held(at, Part.PICTURE) for at in wanted]
    while waiting:
        item = waiting.pop()
        at, part = item
        if item in held or at in (reconstructed if part == Part.PICTURE else parsed):
            continue
        if part == Part.PICTURE:
            reconstructed.add(at)
            waiting += records[at].to_reconstruct
        if at not in parsed:
            parsed.add(at)
            waiting += records[at].to_parse
    return frozenset(parsed), frozenset(reconstructed)


def _for_later(records: Sequence[Record], wanted: Set[int], there: Set[Held]) -> frozenset[Held]:
    """What of ``there`` is of use to frames that show after all of ``wanted``."""
    last = max((records[at].display for at in wanted), default=-1)
    later = [at for at, record in enumerate(records) if record.display > last]
    parsed, reconstructed = _needed(records, later, there)
    used = {Held(at, Part.PICTURE) for at in later}
    used |= {part for at in parsed for part in records[at].to_parse}
    used |= {part for at in reconstructed for part in records[at].to_reconstruct}
    return frozenset(used & there)


def most_kept(records: Sequence[Record], plan: Plan) -> int:
    """Most records of which anything is in memory at once when a plan is followed in order.

    A record counts from when it is parsed until its picture is shown and nothing of it is needed.
    """
    users = dict(plan.users)
    by_display = sorted(plan.shown, key=lambda at: records[at].display)
    live: dict[int, int] = {}
    for (at, _), count in users.items():
        live[at] = live.get(at, 0) + count
    steps = sorted(plan.parsed)
    there: set[int] = set()
    most, shown = 0, 0

    def used(parts: Iterable[Held]) -> None:
        for at, _ in parts:
            live[at] -= 1
            if live[at] == 0:
                there.discard(at)

    for at in steps:
        there.add(at)
        most = max(most, len(there))
        used(records[at].to_parse)
        if at in plan.reconstructed:
            used(records[at].to_reconstruct)
        while shown < len(by_display) and by_display[shown] <= at:
            used([Held(by_display[shown], Part.PICTURE)])
            shown += 1
        if not live.get(at):
            there.discard(at)
    return most
