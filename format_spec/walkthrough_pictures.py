"""Walkthrough of partitioned pictures: every element of every record (clause 8.12)."""

from __future__ import annotations

from collections.abc import Callable

import linc_pictures
from linc_partitioned import (
    Bytes,
    Coder,
    Contexts,
    Geometry,
    Leaf,
    Parsed,
    Parser,
    Record,
    clip,
    initial_contexts,
    read_records,
)

Text = Callable[..., None]


class Traced(Coder):
    """Notes every element that is read."""

    def __init__(self, stream: bytes, contexts: Contexts) -> None:
        self.rows: list[str] = []
        super().__init__(stream, contexts)
        self.rows.append(f"| start | | | | {self.state} | {stream[: self.at].hex(' ')} |")

    def bit(self, *name: object) -> int:
        """A bit, its context and what it did to the state."""
        fast, slow, _ = self.contexts.get(name, (32768, 32768, 0))
        before, p = self.at, clip((fast + slow) >> 1, 64, 65472)
        value = super().bit(*name)
        indices = ", ".join(str(int(i)) if isinstance(i, bool | int) else str(i) for i in name[1:])
        shown = f"{name[0]}[{indices}]" if indices else str(name[0])
        self.note(f"`{shown}`", str(p), value, before)
        return value

    def raw(self, n: int) -> int:
        """Raw bits."""
        before = self.at
        value = super().raw(n)
        if n:
            self.note(f"raw({n})", "", value, before)
        return value

    def note(self, name: str, p: str, value: int, before: int) -> None:
        """One row."""
        taken = self.stream[before : self.at].hex(" ")
        self.rows.append(f"| {len(self.rows)} | {name} | {p} | {value} | {self.state} | {taken} |")


class TracedParser(Parser):
    """The walk with a coder that notes."""

    def open(self, contexts: Contexts) -> Coder:
        """A coder that notes what it reads."""
        self.traced = Traced(self.record.stream, contexts)
        return self.traced


def write_records(text: Text, payload: bytes, geometry: Geometry, frames: int) -> None:
    """All records of a segment, their elements, and the pictures."""
    done: list[Parsed] = []
    pictures: list[list[linc_pictures.Ints]] = []
    fields = Bytes(payload)
    for number, record in enumerate(read_records(payload, frames)):
        start = fields.at
        length = fields.number()
        whole = fields.take(length)
        header = whole[: length - len(record.stream)]
        text("", f"## Record {number}, display {record.display} (clause 8.12.3)", "")
        text(f"Length `{payload[start : fields.at - length].hex(' ')}`: {length} bytes.")
        write_header(text, record, header)
        source = None if record.source is None else done[record.source]
        contexts = initial_contexts(source, record.settings.count_limit)
        places = list(dict.fromkeys(reversed(record.references))) if record.temporal else []
        parser = TracedParser(geometry, record, contexts, [done[at] for at in places])
        done.append(parser.run())
        text("", f"Stream (clause 8.12.5), {len(record.stream)} bytes:", "")
        text(
            "| | element | p | value | state | bytes taken |",
            "| --- | --- | --- | --- | --- | --- |",
        )
        text(*parser.traced.rows)
        for leaf in done[-1].leaves:
            write_leaf(text, leaf)
        references = [pictures[at] for at in record.references]
        pictures.append(linc_pictures.Picture(geometry, done[-1], references).run())
        for plane, samples in enumerate(pictures[-1]):
            text("", f"Plane {plane}, samples inside:", "", "```")
            text(*(" ".join(f"{sample:4d}" for sample in row) for row in samples), "```")


def write_header(text: Text, record: Record, header: bytes) -> None:
    """What a header says."""
    settings = record.settings
    source = "initial states" if record.source is None else f"states of record {record.source}"
    text(
        "",
        f"Header `{header.hex(' ')}`: level {record.level}, "
        f"references {list(record.references)} (records), {source}, "
        f"temporal {int(record.temporal)}; steps {list(settings.step)}, "
        f"merge_size {settings.merge_size}, count_limit {settings.count_limit}, "
        f"deblock_offset {settings.deblock_offset}, tools {settings.tools}.",
    )


def write_leaf(text: Text, leaf: Leaf) -> None:
    """What was decided on a leaf."""
    what = f"mode {leaf.luma_mode}, chroma from luma {int(leaf.from_luma)}"
    if not leaf.intra:
        moves = [f"{part.w} x {part.h}: {part.motion}" for part in leaf.parts]
        what = f"{'skip, ' if leaf.skip else ''}motion (vectors, directions) {'; '.join(moves)}"
    text(
        "",
        f"Leaf of {leaf.side} at ({leaf.x}, {leaf.y}): "
        f"{'intra' if leaf.intra else 'inter'}, {what}.",
    )
    for transform in leaf.transforms:
        if transform.levels is not None:
            place = (
                f"plane {transform.plane}, ({transform.x}, {transform.y}), {transform.side} a side"
            )
            text("", f"Levels of {place}:", "", "```")
            text(*(" ".join(f"{level:3d}" for level in row) for row in transform.levels), "```")
