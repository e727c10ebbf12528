"""Partitioned pictures: records, context coder and syntax (clauses 8.12.1 to 8.12.7).

Written from the text of the specification alone, with no code of the reference software in it.
Plain integers, and slow: one dictionary of contexts, one method for each element of the syntax.
``linc_pictures`` makes samples of what is read here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Vector = tuple[int, int]
#: Two vectors, and a bit for each reference that is used: 1 first, 2 second.
Motion = tuple[Vector, Vector, int]
#: ``fast``, ``slow`` and ``count`` by name and indices.
Contexts = dict[tuple[object, ...], tuple[int, int, int]]

ZERO = (0, 0)
LARGEST_SIDE, MOST_FRAMES, MOST_HELD = 16384, 65535, 32
DEBLOCKING, FILTER, OFFSETS, HIDING, PLAIN, COPY = 1, 2, 4, 8, 16, 32
FIRST, SECOND, BOTH = 1, 2, 3
#: Taps of a filter set (8.12.11): (dx, dy) of one of each pair.
DIAMONDS = (
    ((0, -3), (-1, -2), (0, -2), (1, -2), (-2, -1), (-1, -1),
     (0, -1), (1, -1), (2, -1), (-3, 0), (-2, 0), (-1, 0)),
    ((0, -2), (-1, -1), (0, -1), (1, -1), (-2, 0), (-1, 0)),
)  # fmt: skip


class Broken(Exception):
    """A segment is refused, with the class of clause 10."""

    def __init__(self, message: str, kind: str = "corrupt") -> None:
        super().__init__(message)
        self.kind = kind


def need(condition: object, message: str, kind: str = "corrupt") -> None:
    """Refuse unless ``condition``."""
    if not condition:
        raise Broken(message, kind)


def clip(value: int, low: int, high: int) -> int:
    """The nearest number from ``low`` to ``high``."""
    return min(max(value, low), high)


# ---------------------------------------------------------------- geometry (8.12.2, 8.12.4)


@dataclass(frozen=True)
class Geometry:
    """Sizes of the pictures of a segment."""

    width: int
    height: int
    chroma: int
    bits: int

    def __post_init__(self) -> None:
        """The largest side that is allowed."""
        need(max(self.width, self.height) <= LARGEST_SIDE, "side above that of 7.10", "limit")

    @property
    def depth(self) -> int:
        """Bits of a sample inside."""
        return 12 if self.bits <= 10 else 14

    @property
    def inside(self) -> tuple[int, int]:
        """Width and height in luma samples, whole cells."""
        return -(-self.width // 8) * 8, -(-self.height // 8) * 8

    @property
    def planes(self) -> int:
        """1 or 3."""
        return 3 if self.chroma else 1

    def shifts(self, plane: int) -> tuple[int, int]:
        """sx and sy of a plane."""
        return (int(self.chroma in (1, 2)), int(self.chroma == 1)) if plane else (0, 0)

    def is_inside(self, x: int, y: int) -> bool:
        """Whether a luma sample is in the picture inside."""
        return 0 <= x < self.inside[0] and 0 <= y < self.inside[1]

    def is_available(self, at: tuple[int, int], x: int, y: int) -> bool:
        """Whether the luma sample (x, y) is coded before the one ``at``."""
        return self.is_inside(x, y) and self._order(x, y) < self._order(*at)

    def _order(self, x: int, y: int) -> tuple[int, int]:
        u, v = x >> 2 & 15, y >> 2 & 15
        z = sum(((u >> k & 1) + 2 * (v >> k & 1)) << 2 * k for k in range(4))
        return (y >> 6) * -(-self.inside[0] // 64) + (x >> 6), z


# ---------------------------------------------------------------- records (8.12.3)


@dataclass(frozen=True)
class Settings:
    """What is repeated from record to record of a level."""

    step: tuple[int, ...]
    merge_size: int
    count_limit: int
    deblock_offset: int
    tools: int


@dataclass(frozen=True)
class Record:
    """What the header of a record says; references and source are places in coding order."""

    display: int
    level: int
    references: tuple[int, ...]
    distances: tuple[int, ...]
    source: int | None
    temporal: bool
    settings: Settings
    stream: bytes


class Bytes:
    """Bytes taken one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        need(len(self.data) - self.at >= count, "record ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        """A number of one to four bytes."""
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise Broken("number of more than four bytes")

    def signed(self) -> int:
        """A signed number."""
        value = self.number()
        return -(value + 1) // 2 if value & 1 else value // 2


def read_settings(fields: Bytes) -> Settings:
    """The settings of a record that does not repeat them."""
    values = fields.take(5)
    settings = Settings(tuple(values[:3]), values[3], values[4], fields.signed(), fields.number())
    need(settings.tools < 64, f"tools {settings.tools}", "unsupported")
    need(max(settings.step) <= 175, f"steps {settings.step}")
    need(1 <= settings.merge_size <= 6, f"merge_size {settings.merge_size}")
    need(settings.count_limit <= 127, f"count_limit {settings.count_limit}")
    need(-24 <= settings.deblock_offset <= 24, f"deblock_offset {settings.deblock_offset}")
    return settings


def read_records(payload: bytes, frames: int) -> list[Record]:
    """All records of a segment, their headers checked."""
    need(frames <= MOST_FRAMES, f"{frames} pictures, above 7.10", "limit")
    fields, records = Bytes(payload), list[Record]()
    place: dict[int, int] = {}  # display -> record
    last: dict[int, Record] = {}  # level -> record
    for _ in range(frames):
        record = read_record(Bytes(fields.take(fields.number())), frames, place, last)
        place[record.display] = len(records)
        last[record.level] = record
        records.append(record)
    need(fields.at == len(payload), "bytes behind the last record")
    need(most_held(records) <= MOST_HELD, f"{most_held(records)} records needed at once")
    return records


def read_record(
    fields: Bytes, frames: int, place: dict[int, int], last: dict[int, Record]
) -> Record:
    """One record; ``place`` and ``last`` know the ones before."""
    first, display = fields.take(1)[0], fields.number()
    level, kind = first & 7, first >> 5 & 3
    displays: list[int] = []
    if kind == 2:
        distance = fields.number()
        displays = [display - distance, display + distance]
    elif kind:
        displays = [display - fields.signed() for _ in range(1 if kind == 1 else 2)]
    before = last.get(level)
    if first & 16:
        source = before.display if before else None
    else:
        number = fields.number()
        source = number - 1 if number else None
    if first & 8:
        need(before, "settings repeated from no record")
    settings = before.settings if before and first & 8 else read_settings(fields)
    need(displays or not first & 128, "temporal without references")
    for needed in displays + ([] if source is None else [source]):
        need(needed in place, f"record of display {needed} is not an earlier one")
    need(display < frames and display not in place, f"display {display}")
    return Record(
        display,
        level,
        tuple(place[reference] for reference in displays),
        tuple(display - reference for reference in displays),
        None if source is None else place[source],
        bool(first & 128),
        settings,
        fields.data[fields.at :],
    )


def most_held(records: list[Record]) -> int:
    """How many records are needed at once."""
    last_use = list(range(len(records)))
    for at, record in enumerate(records):
        for used in (*record.references, *([] if record.source is None else [record.source])):
            last_use[used] = at
    shown, waiting, held, most = 0, set[int](), set[int](), 0
    for at, record in enumerate(records):
        held = {one for one in held if records[one].display >= shown or last_use[one] >= at} | {at}
        most = max(most, len(held))
        waiting.add(record.display)
        while shown in waiting:
            shown += 1
    return most


# ---------------------------------------------------------------- coder (8.12.5)


class Coder:
    """The stream of a record, bit by bit, and the states of its contexts."""

    def __init__(self, stream: bytes, contexts: Contexts) -> None:
        self.contexts = contexts
        self.stream, self.at, self.state = stream, 0, 0
        need(stream[:1] > b"\0", "first byte of a stream")
        self.refill()

    def refill(self) -> None:
        """Take bytes while the state is low."""
        while self.state < 1 << 20 and self.at < len(self.stream):
            self.state = self.state << 8 | self.stream[self.at]
            self.at += 1
        need(self.state, "stream ends early")

    def bit(self, *name: object) -> int:
        """A bit in the context of this name."""
        fast, slow, _ = self.contexts.get(name, (32768, 32768, 0))
        p, r = clip((fast + slow) >> 1, 64, 65472), self.state & 65535
        bit = int(r < p)
        self.state = (self.state >> 16) * (p if bit else 65536 - p) + r - (0 if bit else p)
        self.adapt(bit, *name)
        self.refill()
        return bit

    def adapt(self, bit: int, *name: object) -> None:
        """Let a context learn a bit."""
        fast, slow, count = self.contexts.get(name, (32768, 32768, 0))
        rate = 131072 // (2 * count + 3)
        f, s = max(rate, 4096), max(rate, 512)
        if bit:
            fast += (65535 - fast) * f >> 16
            slow += (65535 - slow) * s >> 16
        else:
            fast -= fast * f >> 16
            slow -= slow * s >> 16
        self.contexts[name] = (fast, slow, min(count + 1, 127))

    def raw(self, n: int) -> int:
        """n bits of equal probability."""
        if n == 0:
            return 0
        value = self.state & (1 << n) - 1
        self.state >>= n
        self.refill()
        return value

    def golomb(self, k: int, m: int) -> int:
        """A prefix of at most m ones, and bits."""
        n = 0
        while n < m and self.raw(1):
            n += 1
        return (1 << n + k) - (1 << k) + self.raw(n + k)

    def unary(self, m: int, *name: object) -> int:
        """Ones before the first 0, at most m, each in its context."""
        n = 0
        while n < m and self.bit(*name, n):
            n += 1
        return n

    def finish(self) -> None:
        """Check that the stream ended as a writer would have it."""
        need(self.at == len(self.stream) and self.state == 1, "stream does not end in its state")


# ---------------------------------------------------------------- what is parsed


@dataclass
class Part:
    """A rectangle with one motion."""

    x: int
    y: int
    w: int
    h: int
    motion: Motion = (ZERO, ZERO, 0)


@dataclass
class Transform:
    """A square of a plane: its place there, and its levels if it is coded."""

    plane: int
    x: int
    y: int
    side: int
    levels: Ints | None = None
    plain: bool = False


@dataclass
class Leaf:
    """The decisions of a leaf."""

    x: int
    y: int
    side: int
    intra: bool = True
    skip: bool = False
    way: str = ""  # of the cut into parts: "rows" or "columns"
    parts: list[Part] = field(default_factory=list)
    luma_mode: int = 0
    copy: Vector | None = None  # where an intra leaf is copied from
    from_luma: bool = False
    split: bool = False
    step_offset: int = 0
    transforms: list[Transform] = field(default_factory=list)

    def part_at(self, x: int, y: int) -> Part:
        """The part that covers a luma sample."""
        last = self.parts[-1]
        return last if x >= last.x and y >= last.y else self.parts[0]


@dataclass
class Parsed:
    """A record that is parsed."""

    record: Record
    cells: dict[tuple[int, int], Leaf] = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)
    taps: list[list[list[int]]] = field(default_factory=list)  # [plane][set][tap]
    sets: list[dict[tuple[int, int], int]] = field(default_factory=list)  # [plane][area]
    contexts: Contexts = field(default_factory=dict)

    def leaf(self, x: int, y: int) -> Leaf:
        """The leaf at a luma sample."""
        return self.cells[x >> 3, y >> 3]


# ---------------------------------------------------------------- syntax (8.12.6)


class Parser:
    """Reads one record; ``collocated`` are the references, second one first, with tool temporal."""

    def __init__(
        self, geometry: Geometry, record: Record, contexts: Contexts, collocated: list[Parsed]
    ) -> None:
        self.geometry, self.record = geometry, record
        self.settings = record.settings
        self.coder = self.open(contexts)
        self.collocated = collocated
        self.parsed = Parsed(record, contexts=contexts)
        self.offset, self.offset_known = 0, False

    def open(self, contexts: Contexts) -> Coder:
        """What reads the stream."""
        return Coder(self.record.stream, contexts)

    def run(self) -> Parsed:
        """The whole record."""
        if self.settings.tools & FILTER:
            self.filters()
        width, height = self.geometry.inside
        for y in range(0, height, 64):
            for x in range(0, width, 64):
                if self.settings.tools & FILTER:
                    self.areas(x, y)
                self.node(x, y, 64)
        self.coder.finish()
        return self.parsed

    def filters(self) -> None:
        """Filter sets of all planes."""
        for plane in range(self.geometry.planes):
            taps: list[list[int]] = []
            for _ in range(self.coder.raw(2)):
                taps.append([])
                for _ in DIAMONDS[min(plane, 1)]:
                    size = self.coder.golomb(2, 4)
                    taps[-1].append(-size if size and self.coder.raw(1) else size)
            self.parsed.taps.append(taps)
            self.parsed.sets.append({})

    def areas(self, x: int, y: int) -> None:
        """Sets of the areas of a unit."""
        for plane, taps in enumerate(self.parsed.taps):
            if not taps:
                continue
            sets = self.parsed.sets[plane]
            for ay in (y, y + 32):
                for ax in (x, x + 32):
                    if not self.geometry.is_inside(ax, ay):
                        continue
                    left = sets.get((ax // 32 - 1, ay // 32), 0)
                    up = sets.get((ax // 32, ay // 32 - 1), 0)
                    n = 0
                    while n < len(taps) and self.coder.bit(
                        "filter_set", plane, n, (left > n) + (up > n)
                    ):
                        n += 1
                    sets[ax // 32, ay // 32] = n

    def around(self, x: int, y: int) -> Iterator[Leaf]:
        """The leaves to the left and above, where available."""
        for at in ((x - 1, y), (x, y - 1)):
            if self.geometry.is_available((x, y), *at):
                yield self.parsed.leaf(*at)

    def node(self, x: int, y: int, side: int) -> None:
        """A node of the quadtree."""
        if not self.geometry.is_inside(x, y):
            return
        if side >= 16:
            self.offset_known = False
        inside = self.geometry.is_inside(x + side - 1, y + side - 1)
        if not inside or (side == 64 and not self.record.references):
            cut = True
        elif side == 8:
            cut = False
        else:
            smaller = sum(leaf.side < side for leaf in self.around(x, y))
            cut = bool(self.coder.bit("split", side, smaller))
        if not cut:
            self.leaf(x, y, side)
            return
        half = side // 2
        for at in ((x, y), (x + half, y), (x, y + half), (x + half, y + half)):
            self.node(*at, half)

    def leaf(self, x: int, y: int, side: int) -> None:
        """A leaf."""
        coder, leaf = self.coder, Leaf(x, y, side)
        if self.record.references:
            leaf.skip = bool(coder.bit("skip", sum(one.skip for one in self.around(x, y))))
            leaf.intra = False
            if not leaf.skip and side < 64:
                leaf.intra = bool(coder.bit("intra", sum(one.intra for one in self.around(x, y))))
        merges = False
        if leaf.intra:
            self.modes(leaf)
        else:
            merges = self.motions(leaf)
        if leaf.skip:
            residual = False
        elif leaf.intra or (merges and not leaf.way):
            residual = True
        else:
            residual = bool(coder.bit("residual"))
        self.enter(leaf, x, y, side, side)
        self.parsed.leaves.append(leaf)
        if residual:
            self.residual(leaf)

    def enter(self, leaf: Leaf, x: int, y: int, w: int, h: int) -> None:
        """Let the cells of a rectangle know their leaf."""
        for cy in range(y >> 3, y + h >> 3):
            for cx in range(x >> 3, x + w >> 3):
                self.parsed.cells[cx, cy] = leaf

    def residual(self, leaf: Leaf) -> None:
        """Step offset and transforms."""
        coder, intra, side = self.coder, leaf.intra, leaf.side
        if self.settings.tools & OFFSETS and not self.offset_known:
            self.step_offset()
        leaf.step_offset = self.offset
        leaf.split = side == 64 or bool(coder.bit("transform_split", side, intra))
        chroma = list(chroma_transforms(self.geometry, leaf))
        coded_u: list[int] = []
        for plane in (1, 2):
            for number, transform in enumerate(one for one in chroma if one.plane == plane):
                if plane == 1:
                    coded = coder.bit("coded_u", intra)
                    coded_u.append(coded)
                else:
                    coded = coder.bit("coded_v", intra, coded_u[number])
                if coded:
                    self.coded(transform)
        luma = list(luma_transforms(leaf))
        for transform in luma:
            size = clip(transform.side.bit_length() - 4, 0, 2)
            if coder.bit("coded_luma", intra, leaf.split, size):
                self.coded(transform)
        leaf.transforms = luma + chroma

    def coded(self, transform: Transform) -> None:
        """A transform with levels."""
        kind = min(transform.plane, 1)
        if self.settings.tools & PLAIN:
            transform.plain = bool(self.coder.bit("plain", kind, transform.side))
        transform.levels = self.levels(transform.side, kind + 2 * transform.plain)

    def step_offset(self) -> None:
        """Change of the step offset."""
        coder = self.coder
        if coder.bit("offset_zero"):
            down = coder.bit("offset_sign")
            size = 1 + coder.unary(4, "offset_size")
            if size == 5:
                size += coder.golomb(0, 5)
            self.offset += -size if down else size
            need(-24 <= self.offset <= 24, f"step offset {self.offset}")
        self.offset_known = True

    def copy(self, leaf: Leaf) -> None:
        """Whether an intra leaf is a copy, and where from."""
        near = [one.copy for one in self.around(leaf.x, leaf.y) if one.copy is not None]
        if self.is_copy(leaf, len(near)):
            leaf.copy = self.copy_vector(leaf, near[0] if near else ZERO)
            need(self.is_copied(leaf, leaf.copy), f"copy from {leaf.copy}")

    def is_copy(self, leaf: Leaf, near: int) -> bool:
        """The bit that says so; there may be nothing to copy."""
        return bool(self.coder.bit("copy", near))

    def copy_vector(self, leaf: Leaf, predictor: Vector) -> Vector:
        """Predictor and difference."""
        dx = self.component(0, 0, "copy")
        return predictor[0] + dx, predictor[1] + self.component(1, 2 if dx else 1, "copy")

    def is_copied(self, leaf: Leaf, vector: Vector) -> bool:
        """Whether a leaf may be a copy from there."""
        x, y, last = leaf.x + vector[0], leaf.y + vector[1], leaf.side - 1
        if not (self.geometry.is_inside(x, y) and self.geometry.is_inside(x + last, y + last)):
            return False
        row, own = y + last >> 6, leaf.y >> 6
        return row < own or (row == own and x + last >> 6 < leaf.x >> 6)

    def modes(self, leaf: Leaf) -> None:
        """Luma and chroma mode of an intra leaf."""
        coder, x, y = self.coder, leaf.x, leaf.y
        if self.settings.tools & COPY:
            self.copy(leaf)
            if leaf.copy is not None:
                return
        near = [1, 1]
        for k, at in enumerate(((x - 1, y), (x, y - 1))):
            if self.geometry.is_available((x, y), *at) and not (k == 1 and y % 64 == 0):
                other = self.parsed.leaf(*at)
                near[k] = other.luma_mode if other.intra and other.copy is None else 1
        a, b = near
        if a != b:
            likely = [a, b, next(m for m in (0, 1, 26) if m not in near)]
        elif a < 2:
            likely = [0, 1, 26]
        else:
            likely = [a, 2 + (a + 29 & 31), 2 + (a - 1 & 31)]
        if coder.bit("likely"):
            index = 0
            if coder.bit("likely_first"):
                index = 1 + coder.bit("likely_second")
            leaf.luma_mode = likely[index]
        else:
            t = 1
            for _ in range(5):
                t = 2 * t + coder.bit("mode", t)
            leaf.luma_mode = [m for m in range(35) if m not in likely][t - 32]
        if self.geometry.planes > 1:
            leaf.from_luma = bool(coder.bit("chroma_mode"))

    # ------------------------------------------------------------ motion

    def motions(self, leaf: Leaf) -> bool:
        """Parts of an inter leaf and their motion; whether the last one merges."""
        coder, x, y, side = self.coder, leaf.x, leaf.y, leaf.side
        half = side // 2
        if not leaf.skip and side >= 16 and coder.bit("part", side):
            leaf.way = "columns" if coder.bit("part_way") else "rows"
        if leaf.way == "columns":
            parts = [Part(x, y, half, side), Part(x + half, y, half, side)]
        elif leaf.way == "rows":
            parts = [Part(x, y, side, half), Part(x, y + half, side, half)]
        else:
            parts = [Part(x, y, side, side)]
        merges = True
        for part in parts:
            merges = leaf.skip or bool(coder.bit("merge", len(parts) > 1))
            first = leaf if leaf.parts else None
            if merges:
                candidates = self.merge_list(part, first)
                index = self.merge_index(candidates)
                need(index < len(candidates), f"candidate {index} of {len(candidates)}")
                part.motion = candidates[index]
            else:
                part.motion = self.motion(part, side, first)
            leaf.parts.append(part)
        return merges

    def merge_index(self, candidates: list[Motion]) -> int:
        """Which candidate; there may be fewer than it can say."""
        return self.coder.unary(self.settings.merge_size - 1, "merge_index")

    def motion(self, part: Part, side: int, first: Leaf | None) -> Motion:
        """The motion of a part that does not merge."""
        coder, direction = self.coder, FIRST
        if len(self.record.references) == 2:
            if coder.bit("both", side):
                direction = BOTH
            elif coder.bit("second"):
                direction = SECOND
        vectors = [ZERO, ZERO]
        for r in (0, 1):
            if direction >> r & 1:
                predictors = self.predictors(part, r, first)
                which = coder.bit("predictor") if predictors[0] != predictors[1] else 0
                dx = self.component(0, 0)
                dy = self.component(1, 2 if dx else 1)
                vectors[r] = (predictors[which][0] + dx, predictors[which][1] + dy)
                need(max(abs(v) for v in vectors[r]) <= 32767, f"vector {vectors[r]}")
        return vectors[0], vectors[1], direction

    def component(self, axis: int, zero: int, of: str = "vector") -> int:
        """One component of a difference."""
        coder = self.coder
        if not coder.bit(f"{of}_zero", zero):
            return 0
        n = coder.unary(15, f"{of}_prefix", axis)
        size = (1 << n) + coder.raw(n)
        return -size if coder.raw(1) else size

    def neighbours(
        self, part: Part, first: Leaf | None, places: Iterable[Vector]
    ) -> Iterator[Motion]:
        """Motions of the neighbours at some places; ``first``: a leaf with one part known."""
        for x, y in places:
            if first and first.parts and self.in_leaf(first, x, y):
                before = first.parts[0]
                if before.x <= x < before.x + before.w and before.y <= y < before.y + before.h:
                    yield before.motion
            elif self.geometry.is_available((part.x, part.y), x, y):
                leaf = self.parsed.leaf(x, y)
                if not leaf.intra:
                    yield leaf.part_at(x, y).motion

    @staticmethod
    def in_leaf(leaf: Leaf, x: int, y: int) -> bool:
        """Whether a luma sample lies in a leaf."""
        return leaf.x <= x < leaf.x + leaf.side and leaf.y <= y < leaf.y + leaf.side

    def temporal(self, part: Part, r: int) -> Vector | None:
        """The temporal vector towards reference r."""
        x, y = part.x + part.w, part.y + part.h
        places = [(part.x + part.w // 2, part.y + part.h // 2)]
        if self.geometry.is_inside(x, y) and y >> 6 == part.y >> 6:
            places.insert(0, (x, y))
        for other in self.collocated:
            for place in places:
                leaf = other.leaf(*place)
                if leaf.intra:
                    continue
                first, second, direction = leaf.part_at(*place).motion
                near = [
                    (abs(distance), k)
                    for k, distance in enumerate(other.record.distances)
                    if direction >> k & 1
                ]
                k = min(near)[1]
                distance = other.record.distances[k]
                return scaled((first, second)[k], self.record.distances[r], distance)
        return None

    def merge_list(self, part: Part, first: Leaf | None) -> list[Motion]:
        """The candidates of a part."""
        x, y, w, h = part.x, part.y, part.w, part.h
        size, two = self.settings.merge_size, len(self.record.references) == 2
        found: list[Motion] = []

        def add(motion: Motion) -> None:
            if motion not in found and len(found) < size:
                found.append(motion)

        places = [
            (x - 1, y + h - 1),
            (x + w - 1, y - 1),
            (x + w, y - 1),
            (x - 1, y + h),
            (x - 1, y - 1),
        ]
        for motion in self.neighbours(part, first, places):
            add(motion)
        vector = self.temporal(part, 0)
        if vector is not None:
            other = self.temporal(part, 1) if two else None
            add((vector, ZERO, FIRST) if other is None else (vector, other, BOTH))
        if two and len(found) >= 2:
            n = min(3, len(found))
            for i in range(n):
                for j in range(n):
                    if i != j and found[i][2] & FIRST and found[j][2] & SECOND:
                        add((found[i][0], found[j][1], BOTH))
        for direction in (BOTH, FIRST, SECOND) if two else (FIRST,):
            add((ZERO, ZERO, direction))
        return found

    def predictors(self, part: Part, r: int, first: Leaf | None) -> list[Vector]:
        """Q0 and Q1 towards reference r."""
        x, y, w, h = part.x, part.y, part.w, part.h
        found: list[Vector] = []
        places = [(x - 1, y + h - 1), (x + w - 1, y - 1), (x + w, y - 1), (x - 1, y - 1)]
        for a, b, direction in self.neighbours(part, first, places):
            distances = self.record.distances
            own, other = ((a, b), (b, a))[r]
            vector = own if direction >> r & 1 else scaled(other, distances[r], distances[1 - r])
            if vector not in found:
                found.append(vector)
        if len(found) < 2:
            temporal = self.temporal(part, r)
            if temporal is not None and temporal not in found:
                found.append(temporal)
        return [*found, ZERO, ZERO][:2]

    # ------------------------------------------------------------ levels (8.12.7)

    def levels(self, side: int, kind: int) -> Ints:
        """The levels of a transform, [row, column]; ``kind`` is k of 8.12.7."""
        coder, groups = self.coder, side // 4
        last = [self.last(kind, side, axis) for axis in (0, 1)]
        order, inner = list(scan(groups)), list(scan(4))
        at = order.index((last[0] // 4, last[1] // 4))
        levels = np.zeros((side, side), np.int64)
        near = np.zeros((side + 2, side + 2), np.int64).tolist()
        has: set[tuple[int, int]] = set()
        for number in range(at, -1, -1):
            gx, gy = order[number]
            flagged = 0 < number < at
            if flagged:
                n = ((gx + 1, gy) in has) + ((gx, gy + 1) in has)
                if not coder.bit("group", kind, side, n):
                    continue
            start = inner.index((last[0] % 4, last[1] % 4)) if number == at else 15
            found: list[tuple[int, int]] = []
            places: list[int] = []
            for k in range(start, -1, -1):
                x, y = gx * 4 + inner[k][0], gy * 4 + inner[k][1]
                five = (
                    near[y][x + 1],
                    near[y][x + 2],
                    near[y + 1][x],
                    near[y + 2][x],
                    near[y + 1][x + 1],
                )
                total, d = sum(five), x + y
                known = (number == at and k == start) or (flagged and k == 0 and not found)
                if not known:
                    place = 0 if d == 0 else 1 if d == 1 else 2 if d <= 4 else 3
                    around = total if total <= 4 else 4 if total == 5 else 5
                    if not coder.bit("significant", kind, min(side, 16), place, around):
                        continue
                nonzero = sum(value > 0 for value in five)
                levels[y, x] = self.magnitude(kind, d, total, nonzero)
                near[y][x] = min(int(levels[y, x]), 31)
                found.append((y, x))
                places.append(k)
            if found:
                has.add((gx, gy))
                if self.settings.tools & HIDING and places[0] - places[-1] >= 4:
                    odd = sum(int(levels[place]) for place in found) & 1
                    signs = coder.raw(len(found) - 1) << 1 | odd
                else:
                    signs = coder.raw(len(found))
                for k, place_of in enumerate(found):
                    if signs >> len(found) - 1 - k & 1:
                        levels[place_of] *= -1
        return levels

    def last(self, kind: int, side: int, axis: int) -> int:
        """A coordinate of the last level."""
        most = {4: 3, 8: 5, 16: 7, 32: 9}[side]
        place = self.coder.unary(most, "last", kind, side, axis)
        if place < 4:
            return place
        e = (place >> 1) - 1
        return (2 + (place & 1) << e) + self.coder.raw(e)

    def magnitude(self, kind: int, d: int, total: int, nonzero: int) -> int:
        """The magnitude of a level that is not 0."""
        coder = self.coder
        place = 0 if d == 0 else 1 if d <= 3 else 2
        around = 1 + min(total - nonzero, 4) if nonzero else 0
        if not coder.bit("greater_1", kind, place, around):
            return 1
        if not coder.bit("greater_2", kind, place, around):
            return 2
        around = 0 if total <= 4 else 1 if total <= 8 else 2 if total <= 14 else 3
        rest = coder.unary(12, "remainder", kind, around)
        if rest == 12:
            rest += coder.golomb(0, 16)
        need(3 + rest <= 32767, f"level {3 + rest}")
        return 3 + rest


def scan(side: int) -> Iterator[tuple[int, int]]:
    """Places of a square along diagonals, those of higher y first."""
    for d in range(2 * side - 1):
        for x in range(max(0, d - side + 1), min(d, side - 1) + 1):
            yield x, d - x


def scaled(vector: Vector, to: int, distance: int) -> Vector:
    """A vector from one distance to another."""
    if to == distance:
        return vector

    def component(v: int) -> int:
        size = min((abs(v * to) + abs(distance) // 2) // abs(distance), 32767)
        return -size if (v * to < 0) != (distance < 0) else size

    return component(vector[0]), component(vector[1])


def luma_transforms(leaf: Leaf) -> Iterator[Transform]:
    """Luma transforms of a leaf in order."""
    side = leaf.side // 2 if leaf.split else leaf.side
    for y in range(leaf.y, leaf.y + leaf.side, side):
        for x in range(leaf.x, leaf.x + leaf.side, side):
            yield Transform(0, x, y, side)


def chroma_transforms(geometry: Geometry, leaf: Leaf) -> Iterator[Transform]:
    """Chroma transforms of a leaf in order."""
    for plane in range(1, geometry.planes):
        sx, sy = geometry.shifts(plane)
        x, y, w, h = leaf.x >> sx, leaf.y >> sy, leaf.side >> sx, leaf.side >> sy
        side = min(w, h, 32)
        for ty in range(y, y + h, side):
            for tx in range(x, x + w, side):
                yield Transform(plane, tx, ty, side)


def initial_contexts(source: Parsed | None, limit: int) -> Contexts:
    """Contexts that a record starts with."""
    if source is None:
        return {}
    return {
        name: (fast, slow, min(count, limit))
        for name, (fast, slow, count) in source.contexts.items()
    }


def parse(geometry: Geometry, records: list[Record]) -> Iterator[Parsed]:
    """All records of a segment in coding order."""
    done: list[Parsed] = []
    for record in records:
        source = None if record.source is None else done[record.source]
        contexts = initial_contexts(source, record.settings.count_limit)
        places = list(dict.fromkeys(reversed(record.references))) if record.temporal else []
        done.append(Parser(geometry, record, contexts, [done[at] for at in places]).run())
        yield done[-1]


def step_index(step: int, offset: int) -> int:
    """A step index, moved by an offset and kept in range (8.12.10)."""
    return clip(step + 2 * offset, 0, 175)


def log2(n: int) -> int:
    """Of a power of two."""
    return math.frexp(n)[1] - 1
