"""Mode spectral of the format (clause 7.5), read in whole numbers and nothing else.

Written from the specification alone and for reading: coefficients that are not 0 stand in
dictionaries, contexts are found by their names.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
#: (K, rows, columns, block height, block width).
Shape = tuple[int, int, int, int, int]
#: (k, row, column, v, u).
Place = tuple[int, int, int, int, int]
Block = tuple[int, int, int]

TABLES: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "tables.json").read_text(encoding="utf-8")
)
BOUNDS: list[int] = TABLES["class_bounds"]
ROOT: list[int] = TABLES["root"]
BESIDE = ((0, -1), (0, 1), (-1, 0), (1, 0))
FAR = 3071
#: Of a weight.
MOST = 1 << 19


class Broken(Exception):
    """The payload breaks a rule."""


def need(condition: bool, rule: str) -> None:
    if not condition:
        raise Broken(rule)


# ---------------------------------------------------------------- clause 7.5.2: decisions


def squash_table() -> list[int]:
    """squash(x) at x + FAR."""
    e, right = 1 << 24, []
    for _ in range(FAR + 1):
        right.append(min((e << 16) // (e + (1 << 24)), 65520))
        e += e * 65664 >> 24
    return [65536 - p for p in reversed(right[1:])] + right


SQUASH = squash_table()


def squash(x: int) -> int:
    return SQUASH[min(max(x, -FAR), FAR) + FAR]


def stretch_table() -> list[int]:
    out, x = [], -2047
    for i in range(4096):
        while x < 2047 and squash(x) < 16 * i + 8:
            x += 1
        out.append(x)
    return out


STRETCH = stretch_table()


def six(x: int) -> int:
    return bisect_right((1, 2, 3, 5, 8), x)


def twelve(x: int) -> int:
    return bisect_right((1, 2, 3, 4, 5, 7, 9, 12, 16, 24, 40), x)


def octaves(x: int) -> int:
    """The function `range` of the clause."""
    o = (x + 16).bit_length() - 1
    return min(4 * (o - 4) + ((x + 16) >> (o - 2)) % 4, 63)


def sign(x: int) -> int:
    return (x > 0) - (x < 0)


def clamp(x: int, low: int, high: int) -> int:
    return min(max(x, low), high)


class Coder:
    """The stream, and all that decisions learn."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.state = data, 0, 0
        self.contexts: dict[tuple[Any, ...], list[int]] = {}
        self.sets: dict[tuple[Any, ...], list[int]] = {}
        self.refill()

    def refill(self) -> None:
        while self.state < 1 << 20 and self.at < len(self.data):
            self.state = self.state << 8 | self.data[self.at]
            self.at += 1
        need(self.state != 0, "the state of the stream is 0")

    def end(self) -> None:
        need(self.at == len(self.data) and self.state == 1, "the stream does not end in 1")

    def plain(self, count: int) -> int:
        """Plain bits, the highest first."""
        out = 0
        while count:
            part = min(count, 15)
            out = out << part | self.state & ((1 << part) - 1)
            self.state >>= part
            self.refill()
            count -= part
        return out

    def bit(self, probability: int) -> int:
        low, high = self.state & 65535, self.state >> 16
        if low < probability:
            self.state = high * probability + low
        else:
            self.state = high * (65536 - probability) + low - probability
        self.refill()
        return int(low < probability)

    def context(self, name: tuple[Any, ...]) -> list[int]:
        """[p, n]."""
        found = self.contexts.get(name)
        if found is None:
            found = self.contexts[name] = [likely(name), 100] if "id" in name else [1 << 21, 0]
        return found

    def decide(self, kind: str, sets: list[tuple[Any, ...]], names: list[tuple[Any, ...]]) -> int:
        """One bit; ``names`` are the numbers of its contexts."""
        contexts = [self.context((kind, i, *name)) for i, name in enumerate(names)]
        first = 65536 if len(names) == 1 else 13107
        weights = [
            self.sets.setdefault((kind, "sets"[i], *name), [first] * len(names) + [0, 0])
            for i, name in enumerate(sets)
        ]
        terms = [STRETCH[p >> 10] for p, _ in contexts] + [256]
        sums = [sum(map(mul, w, terms)) >> 16 for w in weights]
        bit = self.bit(squash(sum(sums) >> 1))
        for w, total in zip(weights, sums, strict=True):
            error = (65536 * bit - squash(total)) * (8 + 8000 // (w[-1] + 500))
            for i, t in enumerate(terms):
                moved = w[i] + ((t * error + (1 << 17)) >> 18)
                w[i] = moved if -MOST <= moved <= MOST else clamp(moved, -MOST, MOST)
            w[-1] = min(w[-1] + 1, 65535)
        for context in contexts:
            p, n = context
            context[0] += ((4194303 * bit - p) * (655360 // (10 * n + 16))) >> 16
            context[1] = min(n + 1, 255)
        return bit


def likely(name: tuple[Any, ...]) -> int:
    """The first probability of the contexts of an id (end of clause 7.5.5)."""
    row = TABLES["spectral_tables"][name[-1]]
    step = 0 if name[0] == "zero" else name[-2]
    return (4194303 * sum(row[step + 1 :])) // sum(row[step:])


# ---------------------------------------------------------------- what is known


@dataclass
class Plane:
    """A channel as far as it is read. What is not in a dictionary is 0."""

    number: int
    shape: Shape
    q: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    m: dict[Place, int] = field(default_factory=dict)
    g: dict[Place, int] = field(default_factory=dict)
    roots: dict[Place, int] = field(default_factory=dict)
    sums: dict[Place, int] = field(default_factory=dict)
    root_sums: dict[Place, int] = field(default_factory=dict)
    classes: dict[Block, int] = field(default_factory=dict)
    rest: dict[tuple[int, int], int] = field(default_factory=dict)
    past: dict[tuple[int, int, int, int], int] = field(default_factory=dict)

    def blocks(self) -> Iterator[tuple[int, int]]:
        _, rows, columns, _, _ = self.shape
        return ((row, column) for row in range(rows) for column in range(columns))

    def scan(self) -> list[tuple[int, int]]:
        """(v, u) in the order of diagonal and v."""
        height, width = self.shape[3:]
        every = ((v, u) for v in range(height) for u in range(width))
        return sorted(every, key=lambda place: (sum(place), place[0]))

    def put(self, place: Place, size: int) -> None:
        """A coefficient that is not 0, and what it adds to the sums over neighbours."""
        k, row, column, v, u = place
        self.q[place], self.m[place] = size, min(size, 15)
        self.roots[place] = ROOT[min(size, 15)]
        for r, c in BESIDE:
            near = (k, row + r, column + c, v, u)
            self.sums[near] = self.sums.get(near, 0) + min(size, 15)
            self.root_sums[near] = self.root_sums.get(near, 0) + ROOT[min(size, 15)]

    def magnitude(self, k: int, row: int, column: int, v: int, u: int) -> int:
        return self.m.get((k, row, column, v, u), 0)

    def beside(self, k: int, row: int, column: int, v: int, u: int) -> int:
        return self.sums.get((k, row, column, v, u), 0)

    def class_of(self, k: int, row: int, column: int) -> int:
        return self.classes.get((k, row, column), 0)

    def classes_beside(self, k: int, row: int, column: int) -> int:
        return sum(self.class_of(k, row + r, column + c) for r, c in BESIDE)


def decode(data: bytes, shapes: list[Shape]) -> list[Ints]:
    """q[k, row, column, v, u] of each channel."""
    return walk(Coder(data), shapes)


def walk(coder: Coder, shapes: list[Shape]) -> list[Ints]:
    """Clause 7.5.1."""
    planes = [Plane(c, shape) for c, shape in enumerate(shapes)]
    for k in range(shapes[0][0]):
        luma = 0
        for plane in planes:
            if k == 0:
                first_coefficients(coder, planes, plane)
            some = coder.decide("some", [(), ()], [(plane.number, min(k, 15), luma)])
            if plane.number == 0:
                luma = some
            if some:
                read_classes(coder, planes, plane, k)
                read_magnitudes(coder, planes, plane, k)
                read_signs(coder, planes, plane, k)
            if any(plane.class_of(k, *block) for block in plane.blocks()):
                remember(plane, k)
    coder.end()
    out = []
    for plane in planes:
        array = np.zeros(plane.shape, np.int64)
        for place, value in plane.q.items():
            array[place] = value
        out.append(array)
    return out


# ---------------------------------------------------------------- clause 7.5.3


def first_coefficients(coder: Coder, planes: list[Plane], plane: Plane) -> None:
    c, columns = plane.number, plane.shape[2]

    def q(row: int, column: int) -> int:
        return plane.q[0, row, column, 0, 0]

    for row, column in plane.blocks():
        above = q(row - 1, column) if row else 0
        left = q(row, column - 1) if column else above
        above = above if row else left
        corner = q(row - 1, column - 1) if row and column else left if column else above
        beyond = q(row - 1, column + 1) if row and column < columns - 1 else above
        west, north, east = (
            plane.rest.get(at, 0)
            for at in ((row, column - 1), (row - 1, column), (row - 1, column + 1))
        )
        lower = [planes[i].rest[row, column] if i < c else 0 for i in (0, 1)]
        near = abs(left - corner) + abs(above - corner) + abs(above - beyond)
        near = octaves(4 * (near + 2 * abs(west) + 2 * abs(north) + abs(east)))
        beside = octaves(8 * (abs(west) + abs(north)))
        slopes = (sign(left - corner), sign(above - corner), sign(beyond - above))
        rest = first_rest(coder, c, near, beside, lower, slopes)
        plane.rest[row, column] = rest
        guess = clamp(left + above - corner, min(left, above), max(left, above))
        need(abs(guess + rest) < 1 << 16, "a first coefficient exceeds 16 bits")
        if guess + rest:
            plane.q[0, row, column, 0, 0] = guess + rest


def first_rest(
    coder: Coder, c: int, near: int, beside: int, lower: list[int], slopes: tuple[int, ...]
) -> int:
    e = 0
    while coder.decide(
        "first", [(c, min(e, 7)), (near,)],
        [(c, e, near), (c, e, beside), (c, e, octaves(16 * abs(lower[0]))), (c, e)],
    ):  # fmt: skip
        e += 1
        need(e <= 18, "a first coefficient is too large")
    number = 1
    if e:
        number = 2 + coder.decide("first bit", [(), ()], [(c, e)])
        number = number << (e - 1) | coder.plain(e - 1)
    if number == 1:
        return 0
    signs = (c, sign(lower[0]), sign(lower[1]))
    return 1 - number if coder.decide("first sign", [(), ()], [signs, slopes]) else number - 1


# ---------------------------------------------------------------- clause 7.5.4


def read_classes(coder: Coder, planes: list[Plane], plane: Plane, k: int) -> None:
    c = plane.number
    for row, column in plane.blocks():
        w, n = plane.class_of(k, row, column - 1), plane.class_of(k, row - 1, column)
        nw, ne = plane.class_of(k, row - 1, column - 1), plane.class_of(k, row - 1, column + 1)
        b, bb = plane.class_of(k - 1, row, column), plane.class_of(k - 2, row, column)
        s = plane.classes_beside(k - 1, row, column)
        y, yy = (planes[i].class_of(k, row, column) if i < c else 0 for i in (0, 1))
        names = [
            (min((3 * w + 3 * n + nw + ne) // 2, 15), y if c else b),
            (w, n),
            (b, bb, (s >= 6) + (s >= 15)),
            (y, yy),
            (min((w + n + nw + ne + 1) // 2, 15), min((2 * b + bb + s + 1) // 2, 15)),
            (min(k, 15),),
            ((w + n + 1) // 2, (nw + ne + 1) // 2),
            (min(2 * w + 2 * n + nw + ne + 2 * b + bb + 3 * y + 3 * yy, 63),),
        ]
        j = 0
        while j < 7 and coder.decide(
            "class", [(c, j), (c, min(k, 3))], [(c, j, *name) for name in names]
        ):
            j += 1
        if j:
            plane.classes[k, row, column] = j


# ---------------------------------------------------------------- clause 7.5.5


def read_magnitudes(coder: Coder, planes: list[Plane], plane: Plane, k: int) -> None:
    filled: set[tuple[int, int]] = set()
    scan = plane.scan()
    rings = [range(low, high) for low, high in zip([0, *BOUNDS], BOUNDS, strict=False)]
    left = [sum(v + u in ring for v, u in scan) for ring in rings]
    for v, u in scan:
        some = [
            (row, column)
            for row, column in plane.blocks()
            if v + u < BOUNDS[plane.class_of(k, row, column)] and (k, v, u) != (0, 0, 0)
        ]
        for turn in (0, 1):
            for row, column in some:
                if (row + column) % 2 != turn:
                    continue
                kind, state = plane.class_of(k, row, column), 0
                if v + u in rings[kind]:
                    state = 1 if (row, column) in filled else 2
                place = (k, row, column, v, u)
                size = read_magnitude(coder, planes, plane, place, (kind, state, left[kind]))
                if not size:
                    continue
                need(size < 1 << 16, "spectral integer too large")
                plane.put(place, size)
                if state == 2:
                    filled.add((row, column))
        left = [count - (v + u in ring) for count, ring in zip(left, rings, strict=True)]


def read_magnitude(
    coder: Coder, planes: list[Plane], plane: Plane, place: Place, ring: tuple[int, int, int]
) -> int:
    k, row, column, v, u = place
    c, z, turn, (kind, state, left) = plane.number, min(plane.number, 1), (row + column) % 2, ring

    def m(dv: int, du: int) -> int:
        return plane.magnitude(k, row, column, v + dv, u + du)

    def past(dr: int, dc: int, dv: int = 0, du: int = 0) -> int:
        return plane.past.get((row + dr, column + dc, v + dv, u + du), 0)

    a, b, d, g = m(-1, 0), m(0, -1), m(-1, -1), m(-1, 1)
    inside = twelve(2 * a + 2 * b + d + g + m(-2, 0) + m(0, -2))
    upper = sum(plane.magnitude(k, row - 1, column + dc, v, u) for dc in (-1, 1))
    outside = twelve(upper + (2 * plane.beside(*place) if turn else 0))
    old, old1 = twelve(past(0, 0) >> 1), twelve(sum(past(*way) for way in BESIDE) >> 2)
    old2 = twelve(sum(past(0, 0, dv, du) for dv, du in ((-1, 0), (0, -1), (1, 0), (0, 1))) >> 2)
    identity, size = likeness(planes, plane, place)
    if not (state == 2 and left == 1):
        names: list[tuple[Any, ...]] = [
            (c, "id", identity),
            (z, kind, state, min(left, 31)),
            (z, min(a, 3), min(b, 3), min(d, 2), min(g, 2)),
            (z, old, old1, min(plane.magnitude(k - 1, row, column, v, u), 2), turn),
            (z, inside, outside, kind, turn),
            (c, *lower(planes, plane, place)),
            (z, old2, old, min(BOUNDS[kind] - 1 - u - v, 3)),
        ]
        if not coder.decide("zero", [(z, kind, state, turn), (c, size)], names):
            return 0
    for j in range(1, 15):
        i = min(j, 7)
        names = [
            (c, "id", i, identity),
            (z, i, inside, outside),
            (z, i, six(a), six(b)),
            (z, i, old, old1),
        ]
        if not coder.decide("step", [(z, i), (size,)], names):
            return j
    e = 0
    while e < 15 and coder.decide("escape", [(), ()], [(e, size)]):
        e += 1
    return 14 + (1 << e | coder.plain(e))


def lower(planes: list[Plane], plane: Plane, place: Place) -> tuple[int, ...]:
    """The numbers of context 5."""
    k, row, column, v, u = place
    near = ((-1, 0), (1, 0), (0, -1), (0, 1))
    if plane.number == 0:
        beside = plane.beside(k, row, column, v - 1, u) + plane.beside(k, row, column, v, u - 1)
        far = sum(
            plane.magnitude(k, row, column, v + dv, u + du)
            for dv, du in ((-2, 0), (0, -2), (-2, -1), (-1, -2))
        )
        rest = BOUNDS[plane.class_of(k, row, column)] - 1 - u - v
        return min(beside, 7), min(far, 7), min(rest, 11)
    luma = planes[0]
    around = luma.beside(*place) + sum(
        luma.magnitude(k, row, column, v + dv, u + du) for dv, du in near
    )
    out = (min(luma.magnitude(*place), 3), six(around))
    if plane.number < 2:
        return out
    return (*out, min(planes[1].magnitude(*place), 3), six(planes[1].beside(*place)))


def remember(plane: Plane, k: int) -> None:
    """The past of the next component."""
    for place in {*plane.past, *(at[1:] for at in plane.m if at[0] == k)}:
        past = plane.past.get(place, 0)
        plane.past[place] = past + 8 * plane.m.get((k, *place), 0) - (past >> 2)


# ---------------------------------------------------------------- clause 7.5.6


def likeness(planes: list[Plane], plane: Plane, place: Place) -> tuple[int, int]:
    """Id and size."""
    k, row, column, v, u = place
    c, turn, block, luma = plane.number, (row + column) % 2, place[1:3], planes[0]

    def r(dk: int, dv: int, du: int, of: Plane = plane) -> int:
        return of.roots.get((k + dk, row, column, v + dv, u + du), 0)

    def around(dk: int, dv: int, du: int, of: Plane = plane) -> int:
        return of.root_sums.get((k + dk, row, column, v + dv, u + du), 0)

    kind = plane.class_of(k, *block)
    terms = [
        r(0, -1, 0), r(0, 0, -1), r(0, -1, -1), r(0, -2, 0), r(0, 0, -2),
        r(0, -2, -1) + r(0, -1, -2), r(-1, 0, 0), r(-2, 0, 0), around(-1, 0, 0),
        r(-1, 1, 0) + r(-1, 0, 1), r(-1, -1, 0) + r(-1, 0, -1),
        around(-2, 0, 0), around(0, -1, 0), around(0, 0, -1), around(0, 0, 0) if turn else 0,
        r(0, 0, 0, luma) if c else 0, around(0, 0, 0, luma) if c else 0,
        r(0, -1, 0, luma) + r(0, 1, 0, luma) + r(0, 0, -1, luma) + r(0, 0, 1, luma) if c else 0,
        r(0, 0, 0, planes[1]) if c > 1 else 0, around(0, 0, 0, planes[1]) if c > 1 else 0,
        16 * kind, min(8 * v, 255), min(8 * u, 255), min(4 * (BOUNDS[kind] - 1 - v - u), 255),
        8 * min(k, 15), 4 * plane.classes_beside(k, *block), 16 * plane.class_of(k - 1, *block),
        16 * luma.class_of(k, *block) if c else 0,
    ]  # fmt: skip
    units = (HIDDEN[c][turn] @ np.array([*terms, 1])) >> TABLES["unit_shift"]
    units = np.clip(units, 0, TABLES["largest_unit"])
    said = OUTPUT[c][turn] @ np.array([*terms, *units, 1])
    size = bisect_right(TABLES["size_thresholds"], said[0])
    tail = bisect_right(TABLES["tail_thresholds"], said[1])
    return size * (len(TABLES["tail_thresholds"]) + 1) + tail, size


HIDDEN = [[np.array(one, np.int64) for one in both] for both in TABLES["hidden_weights"]]
OUTPUT = [[np.array(one, np.int64) for one in both] for both in TABLES["output_weights"]]


# ---------------------------------------------------------------- clause 7.5.7


def read_signs(coder: Coder, planes: list[Plane], plane: Plane, k: int) -> None:
    c, z, (height, width) = plane.number, min(plane.number, 1), plane.shape[3:]

    def g(*place: int, of: Plane = plane) -> int:
        return of.g.get(place, 0)

    def x(row: int, column: int, v: int, u: int) -> int:
        return g(k, row, column, v, u) * plane.magnitude(k, row, column, v, u)

    for row, column in plane.blocks():
        bound = BOUNDS[plane.class_of(k, row, column)]
        for v, u in plane.scan():
            place = (k, row, column, v, u)
            m = plane.magnitude(*place)
            if u + v >= bound or not m:
                continue
            across = sum(
                (-1) ** i * x(row, column - 1, v, i) - x(row, column, v, i) for i in range(width)
            )
            down = sum(
                (-1) ** i * x(row - 1, column, i, u) - x(row, column, i, u) for i in range(height)
            )
            edges = clamp(across, -4, 4), clamp(down, -4, 4)
            low, size, far = (min(v, 3), min(u, 3)), min(m, 3), min(u + v, 7)
            luma = g(*place, of=planes[0]) if c else 0
            chroma = g(*place, of=planes[1]) if c > 1 else 0
            names = [
                (z, edges, size),
                (z, low, g(k - 1, row, column, v, u), g(k - 2, row, column, v, u)),
                (
                    z, low, g(k, row, column - 1, v, u), g(k, row - 1, column, v, u),
                    g(k, row - 1, column - 1, v, u),
                ),
                (c, low, luma, chroma),
                (
                    c, g(k, row, column, v, u - 1), g(k, row, column, v - 1, u),
                    g(k, row, column, v - 1, u - 1), v % 2, u % 2,
                ),
                (far, edges, luma),
                (z, low, clamp(across + down, -6, 6), size),
            ]  # fmt: skip
            negative = coder.decide("sign", [(c,), (far,)], names)
            plane.g[place] = -1 if negative else 1
            plane.q[place] *= plane.g[place]
