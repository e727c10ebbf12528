"""Pictures between two others, after clause 8.7 of the specification; whole numbers throughout.

Written for reading, not for speed. It shares no code with lincodec. CC0 1.0.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Vector = tuple[int, int]

UNIT = 64  # vectors are in 64ths of a sample
WAY = 65536  # shares are in 65536ths of the way


def near(a: int, b: int) -> int:
    """a / b to the nearest whole number, halves up."""
    return (2 * a + b) // (2 * b)


def clip(v: int, low: int, high: int) -> int:
    return min(max(v, low), high)


# ---------------------------------------------------------------- clause 8.7.1: luma at all sizes


def sizes_of(luma: Ints, depth: int) -> tuple[list[Ints], int]:
    """P_0, P_1, ... and the number f of the finest that is searched."""
    if depth > 8:
        luma = np.minimum(255, (luma + (1 << (depth - 9))) >> (depth - 8))
    planes, finest = [luma], 0
    while True:
        height, width = planes[-1].shape
        if height * width > 1 << 17 and finest == len(planes) - 1 < 3:
            finest += 1
        if finest < len(planes) and min((height + 1) // 2, (width + 1) // 2) < 12:
            return planes, finest
        whole = np.pad(planes[-1], ((0, height % 2), (0, width % 2)), mode="edge")
        four = whole[::2, ::2] + whole[::2, 1::2] + whole[1::2, ::2] + whole[1::2, 1::2]
        planes.append((four + 2) >> 2)


# ---------------------------------------------------------------- clause 8.7.2: vectors


@dataclass
class Match:
    """A patch at a vector."""

    at: Vector
    cost: int
    bx: int
    by: int


@dataclass
class Search:
    """Vectors from one plane to another of the same size."""

    first: Ints
    second: Ints
    coarser: Ints | None
    rows: int = 0
    columns: int = 0
    patches: dict[tuple[int, int], Vector] = field(default_factory=dict)
    quarters: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows, self.columns = (-(-side // 4) for side in self.first.shape)
        self.wide = np.pad(self.first, 24, mode="edge")
        self.other = np.pad(self.second, 24, mode="edge")

    def run(self) -> tuple[Ints, Ints]:
        """Vectors [R, C, 2] of cells, and the differences that are left."""
        places = list(itertools.product(range(self.rows + 1), range(self.columns + 1)))
        for i, j in places:
            self.patch(i, j, -1)
        for i, j in reversed(places):
            self.patch(i, j, 1)
        return self.gathered()

    def patch(self, i: int, j: int, side: int) -> None:
        """Rules 4 and 5: once after the patches to the left and above, once after the others."""
        patch = Patch(self, 4 * j - 4, 4 * i - 4)
        best = patch.begin(i, j) if side < 0 else patch.match(self.patches[i, j])
        before = best.at
        for beside in ((i, j + side), (i + side, j)):
            if beside in self.patches:
                best = patch.better(self.patches[beside], best)
        if side < 0 or best.at != before:
            best = patch.descended(best)
        self.patches[i, j] = best.at
        self.quarters[i, j] = patch.quarters(best.at)

    def gathered(self) -> tuple[Ints, Ints]:
        """Rule 6."""
        vectors = np.zeros((self.rows, self.columns, 2), np.int64)
        left = np.zeros((self.rows, self.columns), np.int64)
        for r, c in np.ndindex(left.shape):
            weight = x = y = error = 0
            for i, j in itertools.product((0, 1), (0, 1)):
                e = self.quarters[r + i, c + j][3 - 2 * i - j]
                w = (1 << 20) // (256 + e)
                weight += w
                x += w * self.patches[r + i, c + j][0]
                y += w * self.patches[r + i, c + j][1]
                error += w * e
            vectors[r, c] = near(x, weight), near(y, weight)
            left[r, c] = (error // weight) >> 4
        return vectors, left


class Patch:
    """8 x 8 samples of the first plane."""

    def __init__(self, search: Search, x: int, y: int) -> None:
        self.search, self.x, self.y = search, x, y
        wide, top, left = search.wide, y + 24, x + 24
        rows, columns = slice(top, top + 8), slice(left, left + 8)
        self.values = 16 * wide[rows, columns]
        self.gx = wide[rows, left + 1 : left + 9] - wide[rows, left - 1 : left + 7]
        self.gy = wide[top + 1 : top + 9, columns] - wide[top - 1 : top + 7, columns]
        self.sx, self.sy = int(self.gx.sum()), int(self.gy.sum())
        self.gxx = int((self.gx**2).sum()) - (self.sx**2 >> 6) + 256
        self.gxy = int((self.gx * self.gy).sum()) - (self.sx * self.sy >> 6)
        self.gyy = int((self.gy**2).sum()) - (self.sy**2 >> 6) + 256

    def differences(self, v: Vector) -> Ints:
        """Rule 1: d at a vector."""
        height, width = self.search.second.shape
        x, y = self.x + (v[0] >> 6), self.y + (v[1] >> 6)
        a, b = v[0] & 63, v[1] & 63
        if x != clip(x, -16, width + 7):
            x, a = clip(x, -16, width + 7), 0
        if y != clip(y, -16, height + 7):
            y, b = clip(y, -16, height + 7), 0
        p = self.search.other[y + 24 : y + 33, x + 24 : x + 33]
        top = (64 - a) * p[:8, :8] + a * p[:8, 1:]
        bottom = (64 - a) * p[1:, :8] + a * p[1:, 1:]
        return (((64 - b) * top + b * bottom + 128) >> 8) - self.values

    def match(self, v: Vector) -> Match:
        """Rule 2."""
        d = self.differences(v)
        s = int(d.sum())
        return Match(
            v,
            int((d**2).sum()) - (s**2 >> 6),
            int((d * self.gx).sum()) - (s * self.sx >> 6),
            int((d * self.gy).sum()) - (s * self.sy >> 6),
        )

    def better(self, v: Vector, best: Match) -> Match:
        """The one with the smaller cost; the second of two that are alike."""
        found = self.match(v)
        return found if found.cost < best.cost else best

    def descended(self, best: Match) -> Match:
        """Rule 3."""
        height, width = self.search.second.shape
        scale = self.gxx * self.gyy - self.gxy**2
        for _ in range(4):
            x = clip(near(8 * (self.gyy * best.bx - self.gxy * best.by), scale), -256, 256)
            y = clip(near(8 * (self.gxx * best.by - self.gxy * best.bx), scale), -256, 256)
            if x == y == 0:
                return best
            far_x, far_y = UNIT * (width + 16), UNIT * (height + 16)
            found = self.match(
                (clip(best.at[0] - x, -far_x, far_x), clip(best.at[1] - y, -far_y, far_y))
            )
            if found.cost >= best.cost:
                return best
            best = found
        return best

    def begin(self, i: int, j: int) -> Match:
        """Rule 4: where the vectors of half the size lead."""
        coarser = self.search.coarser
        if coarser is None:
            return self.match((0, 0))
        rows, columns, _ = coarser.shape
        around = []
        for a, b in itertools.product((0, 1), (0, 1)):
            r, c = ((i + a + 1) >> 1) - 1, ((j + b + 1) >> 1) - 1
            x, y = coarser[clip(r, 0, rows - 1), clip(c, 0, columns - 1)]
            around.append((2 * int(x), 2 * int(y)))
        best = self.match((sum(x for x, _ in around) + 2 >> 2, sum(y for _, y in around) + 2 >> 2))
        for v in around:
            best = self.better(v, best)
        return best

    def quarters(self, v: Vector) -> list[int]:
        """Rule 6: what is left in each of the four cells of the patch."""
        d = self.differences(v)
        away = np.abs(d - ((int(d.sum()) + 32) >> 6))
        parts = itertools.product((slice(0, 4), slice(4, 8)), repeat=2)
        return [int(away[rows, columns].sum()) for rows, columns in parts]


def vectors_between(first: list[Ints], second: list[Ints], finest: int) -> tuple[Ints, Ints]:
    """Vectors of the cells of the first picture, in luma samples of it, and what is left."""
    coarser, left = None, np.zeros(0, np.int64)
    for a, b in reversed(list(zip(first, second, strict=True))[finest:]):
        coarser, left = Search(a, b, coarser).run()
    assert coarser is not None
    return coarser << finest, left


# ---------------------------------------------------------------- clause 8.7.3: seen from between


@dataclass
class View:
    """What is known about the cells of one picture."""

    vectors: Ints
    left: Ints
    seen: Ints


def cell_at(shape: tuple[int, ...], side: int, r: int, c: int, v: Vector) -> tuple[int, int]:
    """The cell where a vector leads from the middle of another."""
    row, column = r + near(v[1], UNIT * side), c + near(v[0], UNIT * side)
    return clip(row, 0, shape[0] - 1), clip(column, 0, shape[1] - 1)


def seen_by(vectors: Ints, other: Ints, side: int) -> Ints:
    """Rule 1."""
    seen = np.zeros(vectors.shape[:2], np.int64)
    for r, c in np.ndindex(seen.shape):
        x, y = (int(part) for part in vectors[r, c])
        back_x, back_y = (int(part) for part in other[cell_at(seen.shape, side, r, c, (x, y))])
        apart = (x + back_x) ** 2 + (y + back_y) ** 2
        allowed = ((x**2 + y**2 + back_x**2 + back_y**2) >> 7) + 8192
        seen[r, c] = 256 * allowed // (allowed + apart)
    return seen


def part(component: int, share: int) -> int:
    """What of a component belongs to a share."""
    return (component * share + WAY // 2) >> 16


def laid(view: View, side: int, share: int, nearness: int, sign: int) -> Ints:
    """Rule 2: sums [3, R, C] of weights and of weighted vectors."""
    rows, columns = view.left.shape
    sums = np.zeros((3, rows, columns), np.int64)
    unit = UNIT * side
    for r, c in np.ndindex(rows, columns):
        x, y = (int(component) for component in view.vectors[r, c])
        own = 1 + (int(view.seen[r, c]) + 6) * 16384 // (16384 + int(view.left[r, c]) ** 2)
        column, across = divmod(c * unit + part(x, share), unit)
        row, down = divmod(r * unit + part(y, share), unit)
        across, down = across // side, down // side
        for i, j in itertools.product((0, 1), (0, 1)):
            if not (0 <= row + i < rows and 0 <= column + j < columns):
                continue
            near_it = (across if j else 64 - across) * (down if i else 64 - down)
            weight = own * near_it * nearness >> 12
            sums[:, row + i, column + j] += weight, sign * weight * x, sign * weight * y
    return sums


def smooth(sums: Ints, axis: int) -> Ints:
    """Binomially, beyond the edge the outer cells again."""
    pad = [(0, 0)] * 3
    pad[axis] = (3, 3)
    wide = np.pad(sums, pad, mode="edge")
    taps = (1, 6, 15, 20, 15, 6, 1)
    count = sums.shape[axis]
    return sum(  # type: ignore[no-any-return]
        (tap * wide.take(range(k, k + count), axis) for k, tap in enumerate(taps)),
        np.zeros_like(sums),
    )


def vectors_at(ahead: View, back: View, side: int, share: int) -> Ints:
    """Rule 3: vectors [R, C, 2] from A to B as seen from between them."""
    rest = WAY - share
    own = laid(ahead, side, share, rest >> 8, 1) + laid(back, side, rest, share >> 8, -1)
    total = (own << 10) + (smooth(smooth(own, 2), 1) >> 6)
    out = ahead.vectors.copy()
    for r, c in np.ndindex(out.shape[:2]):
        weight, x, y = (int(value) for value in total[:, r, c])
        if weight:
            out[r, c] = near(x, weight), near(y, weight)
    return out


# ---------------------------------------------------------------- clause 8.7.4: the picture


def taps_of(share: int) -> list[int]:
    """Rule 1: cubic convolution at a 64th."""
    x, z = share, 64 - share
    outer, inner = -near(x * z * z, 4096), near(4096 * x + 256 * x * x - 3 * x**3, 4096)
    last = -near(z * x * x, 4096)
    return [outer, 128 - outer - inner - last, inner, last]


def view(plane: Ints, y: int, x: int, rows: int, columns: int) -> Ints:
    """A block at (y, x) in 64ths of a sample, in quarters of codes."""
    height, width = plane.shape
    down = np.clip((y >> 6) + np.arange(-1, rows + 2), 0, height - 1)
    across = np.clip((x >> 6) + np.arange(-1, columns + 2), 0, width - 1)
    block = plane[np.ix_(down, across)]
    along = sum(w * block[:, k : k + columns] for k, w in enumerate(taps_of(x & 63))) + 16 >> 5
    return sum(w * along[k : k + rows] for k, w in enumerate(taps_of(y & 63))) + 64 >> 7


def pyramid(count: int) -> Ints:
    up = 2 * np.arange(count // 2) + 1
    return np.concatenate([up, up[::-1]])


@dataclass
class Scene:
    """Everything about two pictures that does not depend on the share."""

    first: list[Ints]
    second: list[Ints]
    depth: int
    side: int
    ahead: View
    back: View

    def at(self, share: Fraction) -> list[Ints]:
        """The codes of the picture at a share of the way, 0 < share < 1."""
        s = clip(int(share * WAY + Fraction(1, 2)), 1, WAY - 1)
        vectors = vectors_at(self.ahead, self.back, self.side, s)
        rows, columns = vectors.shape[:2]
        sums = [np.zeros((1, 1), np.int64)] * len(self.first)
        cells = [self.cell(plane) for plane in range(len(self.first))]
        for plane, (down, across) in enumerate(cells):
            sums[plane] = np.zeros(((rows + 3) * down, (columns + 3) * across), np.int64)
        for r, c in itertools.product(range(-1, rows + 1), range(-1, columns + 1)):
            inside = clip(r, 0, rows - 1), clip(c, 0, columns - 1)
            blocks = self.blocks(r, c, inside, vectors[inside], s)
            for total, block, (down, across) in zip(sums, blocks, cells, strict=True):
                top, left = (r + 1) * down, (c + 1) * across
                window = np.outer(pyramid(2 * down), pyramid(2 * across))
                total[top : top + 2 * down, left : left + 2 * across] += window * block
        out = []
        for total, plane, (down, across) in zip(sums, self.first, cells, strict=True):
            top, left = down + down // 2, across + across // 2
            shown = total[top : top + plane.shape[0], left : left + plane.shape[1]]
            whole = 16 * down * across
            codes = (shown + whole // 2) // whole
            out.append(np.clip(codes, 0, (1 << self.depth) - 1))
        return out

    def cell(self, plane: int) -> tuple[int, int]:
        """Rows and columns of a cell in the samples of a plane."""
        luma, own = self.first[0].shape, self.first[plane].shape
        return self.side >> (own[0] != luma[0]), self.side >> (own[1] != luma[1])

    def blocks(
        self, r: int, c: int, inside: tuple[int, int], vector: Ints, share: int
    ) -> list[Ints]:
        """Rules 2 to 4, for all planes."""
        x, y = (int(component) for component in vector)
        back, out, trust = (-part(x, share), -part(y, share)), [], 0
        weight = self.weight(inside, back, (back[0] + x, back[1] + y), share)
        for plane, (a, b) in enumerate(zip(self.first, self.second, strict=True)):
            down, across = self.cell(plane)
            sy, sx = self.side > down, self.side > across
            top, left = UNIT * (r * down - down // 2), UNIT * (c * across - across // 2)
            size = 2 * down, 2 * across
            moved = [
                view(p, top + (v + sy >> sy), left + (u + sx >> sx), *size)
                for p, (u, v) in ((a, back), (b, (back[0] + x, back[1] + y)))
            ]
            still = [view(p, top, left, *size) for p in (a, b)]
            if plane == 0:
                noise = 256 * size[0] * size[1]
                e, f = (
                    int(((one - other >> (self.depth - 8)) ** 2).sum()) + noise
                    for one, other in (moved, still)
                )
                trust = near(256 * f, e + f)
            s = (share + 8) >> 4
            m = ((4096 - weight) * moved[0] + weight * moved[1] + 2048) >> 12
            n = ((4096 - s) * still[0] + s * still[1] + 2048) >> 12
            out.append((trust * m + (256 - trust) * n + 128) >> 8)
        return out

    def weight(self, inside: tuple[int, int], back: Vector, ahead: Vector, share: int) -> int:
        """Rule 3: the share of B."""
        shape = self.ahead.seen.shape
        first = int(self.ahead.seen[cell_at(shape, self.side, *inside, back)]) + 64
        second = int(self.back.seen[cell_at(shape, self.side, *inside, ahead)]) + 64
        return near(4096 * second * share, first * (WAY - share) + second * share)


def scene(first: list[Ints], second: list[Ints], depth: int) -> Scene:
    """Motion between two pictures, given by their codes."""
    (a, finest), (b, _) = (sizes_of(planes[0], depth) for planes in (first, second))
    side = 4 << finest
    ahead, ahead_left = vectors_between(a, b, finest)
    back, back_left = vectors_between(b, a, finest)
    return Scene(
        first,
        second,
        depth,
        side,
        View(ahead, ahead_left, seen_by(ahead, back, side)),
        View(back, back_left, seen_by(back, ahead, side)),
    )
