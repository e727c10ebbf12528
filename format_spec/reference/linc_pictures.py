"""Partitioned pictures: from decisions and levels to samples (clauses 8.12.8 to 8.12.12).

Written from the text of the specification alone, with no code of the reference software in it.
Samples are 64-bit integers in NumPy arrays, [row, column].
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from linc_partitioned import (
    BOTH,
    DEBLOCKING,
    DIAMONDS,
    FILTER,
    SECOND,
    Geometry,
    Ints,
    Leaf,
    Motion,
    Parsed,
    Part,
    Transform,
    Vector,
    chroma_transforms,
    clip,
    log2,
    luma_transforms,
    parse,
    read_records,
    step_index,
)

LUMA_TAPS = (
    (0, 0, 0, 64, 0, 0, 0, 0),
    (-1, 4, -10, 58, 17, -5, 1, 0),
    (-1, 4, -11, 40, 40, -11, 4, -1),
    (0, 1, -5, 17, 58, -10, 4, -1),
)
CHROMA_TAPS = (
    (0, 64, 0, 0),
    (-2, 58, 10, -2),
    (-4, 54, 16, -2),
    (-6, 46, 28, -4),
    (-4, 36, 36, -4),
    (-4, 28, 46, -6),
    (-2, 16, 54, -4),
    (-2, 10, 58, -2),
)
#: a and v of modes 2 to 18; mode 36 - m has those of m.
ANGLES = (32, 26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26, -32)
INVERSES = (0,) * 9 + (-4096, -1638, -910, -630, -482, -390, -315, -256)
SCALES = (
    4096,
    4277,
    4467,
    4664,
    4871,
    5087,
    5312,
    5547,
    5793,
    6049,
    6317,
    6597,
    6889,
    7194,
    7512,
    7845,
)
COSINES = (
    2046, 2038, 2026, 2009, 1987, 1960, 1928, 1892, 1851, 1806, 1757, 1703, 1645, 1583, 1517, 1448,
    1375, 1299, 1220, 1138, 1053, 965, 876, 784, 690, 595, 498, 400, 301, 201, 100,
)  # fmt: skip
SINES = (
    (660, 1241, 1672, 1902),
    (1672, 1672, 0, -1672),
    (1902, -660, -1672, 1241),
    (1241, -1902, 1672, -660),
)
CHANGES = (0,) * 18 + (
    1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 11, 13,
    14, 16, 18, 20, 22, 24,
)  # fmt: skip


def bounded(values: Ints, low: int | Ints, high: int | Ints) -> Ints:
    """``clip`` of arrays."""
    return np.minimum(np.maximum(values, low), high)


def cosine(j: int) -> int:
    """C(j) of 8.12.10."""
    j %= 128
    j = min(j, 128 - j)
    if j > 32:
        return -cosine(64 - j)
    return 0 if j == 32 else COSINES[j - 1]


def matrix(side: int) -> Ints:
    """M of a side."""
    rows = [
        [cosine((2 * n + 1) * k * (32 // side)) if k else 1448 for n in range(side)]
        for k in range(side)
    ]
    return np.array(rows, np.int64)


MATRICES = {side: matrix(side) for side in (4, 8, 16, 32)}
SINE_MATRIX = np.array(SINES, np.int64)


class Picture:
    """One record under reconstruction."""

    def __init__(self, geometry: Geometry, parsed: Parsed, references: list[list[Ints]]) -> None:
        self.geometry, self.parsed, self.references = geometry, parsed, references
        self.depth = geometry.depth
        self.most = (1 << self.depth) - 1
        width, height = geometry.inside
        self.planes: list[Ints] = []
        for plane in range(geometry.planes):
            sx, sy = geometry.shifts(plane)
            self.planes.append(np.zeros((height >> sy, width >> sx), np.int64))

    def run(self) -> list[Ints]:
        """The planes, filtered."""
        for leaf in self.parsed.leaves:
            if leaf.intra:
                self.intra(leaf)
            else:
                for part in leaf.parts:
                    self.inter(part)
                for transform in leaf.transforms:
                    self.residual(leaf, transform)
        tools = self.parsed.record.settings.tools
        if tools & DEBLOCKING:
            for vertical in (True, False):
                self.deblock(vertical)
        if tools & FILTER:
            self.planes = [self.filtered(plane) for plane in range(self.geometry.planes)]
        return self.planes

    # ------------------------------------------------------------ prediction from pictures (8.12.8)

    def inter(self, part: Part) -> None:
        """Predict a part in all planes."""
        first, second, direction = part.motion
        for plane, samples in enumerate(self.planes):
            sx, sy = self.geometry.shifts(plane)
            box = (part.x >> sx, part.y >> sy, part.w >> sx, part.h >> sy)
            found = [
                self.moved(self.references[r][plane], plane, box, vector)
                for r, vector in enumerate((first, second))
                if direction >> r & 1
            ]
            x, y, w, h = box
            samples[y : y + h, x : x + w] = (
                found[0] if len(found) == 1 else (found[0] + found[1] + 1) >> 1
            )

    def moved(
        self, source: Ints, plane: int, box: tuple[int, int, int, int], vector: Vector
    ) -> Ints:
        """A rectangle of a reference, displaced."""
        places, fractions, taps = [], [], CHROMA_TAPS if plane else LUMA_TAPS
        for place, shift, v in zip(box[:2], self.geometry.shifts(plane), vector, strict=True):
            places.append(place + (v >> 2 + shift))
            fractions.append(v & 3 if not plane else v & 7 if shift else 2 * (v & 3))
        x, y, (w, h) = *places, box[2:]
        n = len(taps[0])
        before = n // 2 - 1
        rows = bounded(np.arange(y - before, y + h + n - 1 - before), 0, source.shape[0] - 1)
        columns = bounded(np.arange(x - before, x + w + n - 1 - before), 0, source.shape[1] - 1)
        area = source[np.ix_(rows, columns)]
        along, down = (taps[fraction] for fraction in fractions)
        if fractions == [0, 0]:
            return area[before : before + h, before : before + w]
        if not fractions[1]:
            area = area[before : before + h]
            sums = sum(tap * area[:, k : k + w] for k, tap in enumerate(along))
            return bounded((sums + 32) >> 6, 0, self.most)
        if not fractions[0]:
            area = area[:, before : before + w]
            sums = sum(tap * area[k : k + h] for k, tap in enumerate(down))
            return bounded((sums + 32) >> 6, 0, self.most)
        d = self.depth
        t = (sum(tap * area[:, k : k + w] for k, tap in enumerate(along)) + (1 << d - 9)) >> d - 8
        sums = sum(tap * t[k : k + h] for k, tap in enumerate(down))
        return bounded((sums + (1 << 19 - d)) >> 20 - d, 0, self.most)

    # ------------------------------------------------------------ inside a picture (8.12.9)

    def intra(self, leaf: Leaf) -> None:
        """Predict and reconstruct an intra leaf."""
        for transform in leaf.transforms:
            x, y, n = transform.x, transform.y, transform.side
            if leaf.copy is not None:
                prediction = self.copied(transform, leaf.copy)
            elif transform.plane and leaf.from_luma:
                prediction = self.from_luma(transform)
            else:
                prediction = self.directed(transform, leaf.luma_mode)
            self.planes[transform.plane][y : y + n, x : x + n] = prediction
            self.residual(leaf, transform)

    def copied(self, transform: Transform, vector: Vector) -> Ints:
        """A square of the same picture."""
        sx, sy = self.geometry.shifts(transform.plane)
        x, y, n = transform.x + (vector[0] >> sx), transform.y + (vector[1] >> sy), transform.side
        return self.planes[transform.plane][y : y + n, x : x + n]

    def border(self, transform: Transform) -> list[int]:
        """L[2n-1] to L[0], C, T[0] to T[2n-1]; unknown ones filled."""
        plane, x, y, n = transform.plane, transform.x, transform.y, transform.side
        samples, (sx, sy) = self.planes[plane], self.geometry.shifts(plane)
        at = (x << sx, y << sy)
        values: list[int | None] = []
        for row in range(y + 2 * n - 4, y - 1, -4):
            known = self.geometry.is_available(at, at[0] - 1, row << sy)
            values += [int(samples[row + k, x - 1]) if known else None for k in (3, 2, 1, 0)]
        known = self.geometry.is_available(at, at[0] - 1, at[1] - 1)
        values.append(int(samples[y - 1, x - 1]) if known else None)
        for column in range(x, x + 2 * n, 4):
            known = self.geometry.is_available(at, column << sx, at[1] - 1)
            values += [int(samples[y - 1, column + k]) if known else None for k in (0, 1, 2, 3)]
        current = next((value for value in values if value is not None), 1 << self.depth - 1)
        filled: list[int] = []
        for value in values:
            current = current if value is None else value
            filled.append(current)
        return filled

    def directed(self, transform: Transform, mode: int) -> Ints:
        """Prediction by a mode."""
        n, border, luma = transform.side, self.border(transform), transform.plane == 0
        if luma and n >= 8 and mode != 1:
            far = min(abs(mode - 26), abs(mode - 10))
            if mode == 0 or far > {8: 7, 16: 1, 32: 0}[n]:
                inner = zip(border, border[1:], border[2:], strict=False)
                border = [border[0], *((a + 2 * b + c + 2) >> 2 for a, b, c in inner), border[-1]]
        left, corner, top = border[2 * n - 1 :: -1], border[2 * n], border[2 * n + 1 :]
        soften, e = luma and n < 32, log2(n)
        out = np.zeros((n, n), np.int64)
        if mode == 0:
            for j in range(n):
                for i in range(n):
                    across = (n - 1 - i) * left[j] + (i + 1) * top[n]
                    down = (n - 1 - j) * top[i] + (j + 1) * left[n]
                    out[j, i] = (across + down + n) >> e + 1
            return out
        if mode == 1:
            m = (n + sum(top[:n]) + sum(left[:n])) >> e + 1
            out[:] = m
            if soften:
                for k in range(1, n):
                    out[0, k] = (top[k] + 3 * m + 2) >> 2
                    out[k, 0] = (left[k] + 3 * m + 2) >> 2
                out[0, 0] = (left[0] + 2 * m + top[0] + 2) >> 2
            return out
        index = min(mode, 36 - mode) - 2
        a, v = ANGLES[index], INVERSES[index]
        main, side = (top, left) if mode >= 18 else (left, top)

        def reference(k: int) -> int:
            if k == 0:
                return corner
            return main[k - 1] if k > 0 else side[((k * v + 128) >> 8) - 1]

        for j in range(n):
            q, f = (j + 1) * a >> 5, (j + 1) * a & 31
            for i in range(n):
                value = 32 * reference(i + q + 1)
                if f:
                    value = (32 - f) * reference(i + q + 1) + f * reference(i + q + 2)
                out[j, i] = (value + 16) >> 5
        if mode < 18:
            out = out.T.copy()
        if soften and mode == 26:
            out[:, 0] = [
                clip(int(out[j, 0]) + ((left[j] - corner) >> 1), 0, self.most) for j in range(n)
            ]
        if soften and mode == 10:
            out[0] = [
                clip(int(out[0, i]) + ((top[i] - corner) >> 1), 0, self.most) for i in range(n)
            ]
        return out

    def from_luma(self, transform: Transform) -> Ints:
        """Chroma from luma."""
        plane, x, y, n = transform.plane, transform.x, transform.y, transform.side
        chroma, luma, (sx, sy) = self.planes[plane], self.planes[0], self.geometry.shifts(plane)
        at, d = (x << sx, y << sy), self.depth

        def luma_of(column: int, row: int) -> int:
            covered = luma[row << sy : row + 1 << sy, column << sx : column + 1 << sx]
            count = covered.size
            return (int(covered.sum()) + count // 2) >> log2(count)

        pairs: list[tuple[int, int]] = []
        if self.geometry.is_available(at, at[0], at[1] - 1):
            pairs += [(luma_of(x + i, y - 1), int(chroma[y - 1, x + i])) for i in range(n)]
        if self.geometry.is_available(at, at[0] - 1, at[1]):
            pairs += [(luma_of(x - 1, y + j), int(chroma[y + j, x - 1])) for j in range(n)]
        count = len(pairs)
        a, b = 0, 1 << d + 5
        if count:
            sum_y, sum_c = sum(p for p, _ in pairs), sum(c for _, c in pairs)
            spread = count * sum(p * p for p, _ in pairs) - sum_y**2
            common = count * sum(p * c for p, c in pairs) - sum_y * sum_c
            if spread > count**2 << 6 + 2 * (d - 12):
                a = min((64 * abs(common) + spread // 2) // spread, 128)
                a = -a if common < 0 else a
            b = (64 * sum_c - a * sum_y + count // 2) >> log2(count)
        lumas = [[luma_of(x + i, y + j) for i in range(n)] for j in range(n)]
        return bounded((a * np.array(lumas, np.int64) + b + 32) >> 6, 0, self.most)

    # ------------------------------------------------------------ residual (8.12.10)

    def residual(self, leaf: Leaf, transform: Transform) -> None:
        """Add the residual of a transform to the prediction."""
        levels = transform.levels
        if levels is None:
            return
        x, y, n = transform.x, transform.y, transform.side
        step = self.parsed.record.settings.step[transform.plane]
        index = step_index(step, leaf.step_offset)
        place = self.planes[transform.plane][y : y + n, x : x + n]
        if transform.plain:
            h = 24 - self.depth - (index >> 4)
            r = (levels * SCALES[index & 15] + (1 << h >> 1)) >> h
            place[:] = bounded(place + r, 0, self.most)
            return
        h = 9 + log2(n) - (index >> 4)
        c = bounded((levels * SCALES[index & 15] + (1 << h - 1)) >> h, -32768, 32767)
        sine = leaf.intra and transform.plane == 0 and n == 4
        m = SINE_MATRIX if sine else MATRICES[n]
        t = bounded((c @ m + 1024) >> 11, -32768, 32767)
        r = (m.T @ t + (1 << 24 - self.depth)) >> 25 - self.depth
        place[:] = bounded(place + r, 0, self.most)

    # ------------------------------------------------------------ loop filter (8.12.11)

    def deblock(self, vertical: bool) -> None:
        """All edges of one direction."""
        width, height = self.geometry.inside
        for y in range(0 if vertical else 8, height, 8):
            for x in range(8 if vertical else 0, width, 8):
                strength = self.strength(x, y, vertical)
                if strength:
                    self.edge(x, y, vertical, strength)

    def strength(self, x: int, y: int, vertical: bool) -> int:
        """Strength of the edge before a cell."""
        px, py = (x - 8, y) if vertical else (x, y - 8)
        q, p = self.parsed.leaf(x, y), self.parsed.leaf(px, py)
        inside = (x - q.x) if vertical else (y - q.y)
        middle = inside == q.side // 2
        between_parts = middle and q.way == ("columns" if vertical else "rows")
        if inside and not (middle and q.split) and not between_parts:
            return 0
        if p.intra or q.intra:
            return 2
        if luma_coded(p, px, py) or luma_coded(q, x, y):
            return 1
        if inside and not between_parts:
            return 0
        return int(self.motion_differs(p.part_at(px, py).motion, q.part_at(x, y).motion))

    def motion_differs(self, p: Motion, q: Motion) -> bool:
        """Whether the motion differs."""
        references = self.parsed.record.references
        if (p[2] == BOTH) != (q[2] == BOTH):
            return True
        if p[2] != BOTH:
            i, j = int(p[2] == SECOND), int(q[2] == SECOND)
            return references[i] != references[j] or apart(p[i], q[j])  # type: ignore[arg-type]
        straight = apart(p[0], q[0]) or apart(p[1], q[1])
        crossed = apart(p[0], q[1]) or apart(p[1], q[0])
        return straight and (references[0] != references[1] or crossed)

    def edge(self, x: int, y: int, vertical: bool, strength: int) -> None:
        """Filter one edge of a cell."""
        p = self.parsed.leaf(*((x - 8, y) if vertical else (x, y - 8)))
        q, settings = self.parsed.leaf(x, y), self.parsed.record.settings
        o = (p.step_offset + q.step_offset + 1) >> 1
        z = ((3 * step_index(settings.step[0], o + settings.deblock_offset) + 4) >> 3) - 20
        b = clip(z, 0, 51)
        beta = (0 if b < 16 else b - 10 if b < 29 else 2 * b - 38) << self.depth - 8
        tc = CHANGES[clip(z + 2 * (strength - 1), 0, 53)] << self.depth - 8
        if tc == 0:
            return
        for plane, samples in enumerate(self.planes):
            sx, sy = self.geometry.shifts(plane)
            place, along, lines = (
                (x >> sx, y >> sy, 8 >> sy) if vertical else (y >> sy, x >> sx, 8 >> sx)
            )
            view = samples if vertical else samples.T
            if plane == 0:
                for piece in (along, along + 4):
                    self.smooth_luma(view[piece : piece + 4, place - 4 : place + 4], beta, tc)
            elif strength == 2 and place % 8 == 0:
                area = view[along : along + lines, place - 2 : place + 2]
                p1, p0, q0, q1 = area.T.copy()
                m = bounded((4 * (q0 - p0) + p1 - q1 + 4) >> 3, -tc, tc)
                area[:, 1] = bounded(p0 + m, 0, self.most)
                area[:, 2] = bounded(q0 - m, 0, self.most)

    def smooth_luma(self, lines: Ints, beta: int, tc: int) -> None:
        """One piece of four lines, in place."""
        p3, p2, p1, p0, q0, q1, q2, q3 = lines.T.copy()
        bp, bq = abs(p2 - 2 * p1 + p0), abs(q2 - 2 * q1 + q0)
        bend_p, bend_q = int(bp[0] + bp[3]), int(bq[0] + bq[3])
        if bend_p + bend_q >= beta:
            return
        flat = (
            (2 * (bp + bq) < beta >> 2)
            & (abs(p3 - p0) + abs(q0 - q3) < beta >> 3)
            & (abs(p0 - q0) < (5 * tc + 1) >> 1)
        )
        if flat[0] and flat[3]:
            results = (
                ((2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3, p2),
                ((p2 + p1 + p0 + q0 + 2) >> 2, p1),
                ((p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3, p0),
                ((p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3, q0),
                ((p0 + q0 + q1 + q2 + 2) >> 2, q1),
                ((p0 + q0 + q1 + 3 * q2 + 2 * q3 + 4) >> 3, q2),
            )
            for k, (value, old) in enumerate(results):
                lines[:, 1 + k] = bounded(value, old - 2 * tc, old + 2 * tc)
            return
        m = (9 * (q0 - p0) - 3 * (q1 - p1) + 8) >> 4
        few = abs(m) < 10 * tc
        m, half = bounded(m, -tc, tc), tc >> 1
        side = (beta + (beta >> 1)) >> 3
        new = [p1, p0 + m, q0 - m, q1]
        if bend_p < side:
            new[0] = p1 + bounded((((p2 + p0 + 1) >> 1) - p1 + m) >> 1, -half, half)
        if bend_q < side:
            new[3] = q1 + bounded((((q2 + q0 + 1) >> 1) - q1 - m) >> 1, -half, half)
        for k, values in enumerate(new):
            lines[few, 2 + k] = bounded(values, 0, self.most)[few]

    def filtered(self, plane: int) -> Ints:
        """A plane after the Wiener filter."""
        source, out = self.planes[plane], self.planes[plane].copy()
        sx, sy = self.geometry.shifts(plane)
        rows, columns = np.arange(source.shape[0]), np.arange(source.shape[1])

        def at(dx: int, dy: int) -> Ints:
            down = bounded(rows + dy, 0, rows[-1])
            return source[np.ix_(down, bounded(columns + dx, 0, columns[-1]))]

        for number, taps in enumerate(self.parsed.taps[plane]):
            sums = 64 + 128 * source
            for tap, (dx, dy) in zip(taps, DIAMONDS[min(plane, 1)], strict=True):
                sums = sums + tap * (at(dx, dy) + at(-dx, -dy) - 2 * source)
            result = bounded(sums >> 7, 0, self.most)
            for (ax, ay), chosen in self.parsed.sets[plane].items():
                if chosen == number + 1:
                    w, h = 32 >> sx, 32 >> sy
                    place = np.s_[ay * h : (ay + 1) * h, ax * w : (ax + 1) * w]
                    out[place] = result[place]
        return out


def apart(a: Vector, b: Vector) -> bool:
    """Whether vectors are a whole sample or more apart."""
    return abs(a[0] - b[0]) >= 4 or abs(a[1] - b[1]) >= 4


def luma_coded(leaf: Leaf, x: int, y: int) -> bool:
    """Whether the luma transform, or one of those, that covers a cell is coded."""
    for transform in leaf.transforms:
        if transform.plane == 0 and transform.levels is not None:
            covers_x = transform.x < x + 8 and x < transform.x + transform.side
            if covers_x and transform.y < y + 8 and y < transform.y + transform.side:
                return True
    return False


def shown(geometry: Geometry, planes: list[Ints]) -> list[Ints]:
    """Codes of a picture (8.12.12)."""
    up, out = geometry.bits - geometry.depth, []
    for plane, samples in enumerate(planes):
        sx, sy = geometry.shifts(plane)
        cut = samples[: -(-geometry.height >> sy), : -(-geometry.width >> sx)]
        codes = (cut + (1 << -up - 1)) >> -up if up < 0 else cut << up
        out.append(np.minimum(codes, (1 << geometry.bits) - 1))
    return out


def decode_pictures(
    payload: bytes, width: int, height: int, chroma: int, bits: int, frames: int
) -> Iterator[tuple[int, list[Ints]]]:
    """Display and codes of all pictures of a segment, in coding order."""
    geometry = Geometry(width, height, chroma, bits)
    records = read_records(payload, frames)
    done: list[list[Ints]] = []
    for record, parsed in zip(records, parse(geometry, records), strict=True):
        references = [done[at] for at in record.references]
        done.append(Picture(geometry, parsed, references).run())
        yield record.display, shown(geometry, done[-1])


__all__ = ["Picture", "chroma_transforms", "decode_pictures", "luma_transforms", "shown"]
