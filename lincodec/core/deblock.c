/* Deblocking: smooths the edges of leaves, parts and transforms on the 8x8 grid (spec 8.12.11). */
#include "deblock.h"

#include "transform.h"

/* Largest change of a sample, in units of 8 bits, by threshold index. */
static const uint8_t change_limits[54] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,
                                          1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3,  3,  4,
                                          4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 22, 24};

static int clip(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

/* Roughness up to which an edge counts as one of blocks, in units of 8 bits. */
static int roughness_limit(int index) {
    return index < 16 ? 0 : index < 29 ? index - 10 : 2 * index - 38;
}

/* Whether the luma transform that covers a cell has levels. */
static int cell_coded(const LincBlock *b, int x, int y) {
    int coded = b->coded & 15, half = b->size_log2 - 1;
    if (!coded || !b->split || half < LINC_CELL_LOG2) return coded != 0;
    return coded >> ((x >> half & 1) + 2 * (y >> half & 1)) & 1;
}

static int far_apart(LincVector a, LincVector b) {
    return linc_abs(a.x - b.x) >= 4 || linc_abs(a.y - b.y) >= 4;
}

/* Whether two cells are predicted from different frames or by vectors a whole sample apart. */
static int motion_differs(const LincHeader *h, const LincMotion *a, const LincMotion *b) {
    int both = a->direction == LINC_BOTH;
    if (both != (b->direction == LINC_BOTH)) return 1;
    if (!both) {
        int i = a->direction == LINC_SECOND, j = b->direction == LINC_SECOND;
        return h->reference_display[i] != h->reference_display[j] || far_apart(a->vector[i], b->vector[j]);
    }
    int straight = far_apart(a->vector[0], b->vector[0]) || far_apart(a->vector[1], b->vector[1]);
    if (h->reference_display[0] != h->reference_display[1]) return straight;
    return straight && (far_apart(a->vector[0], b->vector[1]) || far_apart(a->vector[1], b->vector[0]));
}

/* Strength of the edge between the cell at (x, y) and the one before it, along x (vertical = 1) or y: 0 none,
 * 1 motion or levels, 2 intra. */
static int edge_strength(const LincFrame *f, int x, int y, int vertical) {
    const LincBlock *q = linc_block(f, x, y);
    int at = vertical ? x : y, inside = at & ((1 << q->size_log2) - 1);
    int half = 1 << (q->size_log2 - 1);
    int part = inside == half && q->part == (vertical ? LINC_PART_COLUMNS : LINC_PART_ROWS);
    if (inside && !(inside == half && q->split) && !part) return 0;
    const LincBlock *p = vertical ? q - 1 : q - f->geometry->columns;
    if (p->mode == LINC_MODE_INTRA || q->mode == LINC_MODE_INTRA) return 2;
    int px = vertical ? x - LINC_CELL : x, py = vertical ? y : y - LINC_CELL;
    if (cell_coded(q, x, y) || cell_coded(p, px, py)) return 1;
    if (inside && !part) return 0;
    return motion_differs(&f->header, &p->motion, &q->motion);
}

typedef struct Limits {
    int roughness, change, maximum;
} Limits;

static Limits edge_limits(const LincFrame *f, int x, int y, int vertical, int strength) {
    const LincBlock *q = linc_block(f, x, y), *p = vertical ? q - 1 : q - f->geometry->columns;
    int offset = (p->step_offset + q->step_offset + 1) >> 1;
    int step = linc_step_index(f->header.step[0], offset + f->header.deblock_threshold);
    int index = ((3 * step + 4) >> 3) - 20, up = f->geometry->depth - 8;
    Limits l = {roughness_limit(clip(index, 0, 51)) << up,
                change_limits[clip(index + 2 * (strength - 1), 0, 53)] << up, f->geometry->maximum};
    return l;
}

/* Second difference on each side of one line across the edge; `d` steps across. */
static int bend_p(const LincSample *s, ptrdiff_t d) {
    return linc_abs(s[-3 * d] - 2 * s[-2 * d] + s[-d]);
}

static int bend_q(const LincSample *s, ptrdiff_t d) {
    return linc_abs(s[2 * d] - 2 * s[d] + s[0]);
}

static int line_is_flat(const LincSample *s, ptrdiff_t d, const Limits *l) {
    return 2 * (bend_p(s, d) + bend_q(s, d)) < l->roughness >> 2 &&
           linc_abs(s[-4 * d] - s[-d]) + linc_abs(s[0] - s[3 * d]) < l->roughness >> 3 &&
           linc_abs(s[-d] - s[0]) < (5 * l->change + 1) >> 1;
}

static void filter_strong(LincSample *s, ptrdiff_t d, int limit) {
    int p3 = s[-4 * d], p2 = s[-3 * d], p1 = s[-2 * d], p0 = s[-d], q0 = s[0], q1 = s[d], q2 = s[2 * d], q3 = s[3 * d];
    s[-d] = (LincSample)clip((p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3, p0 - limit, p0 + limit);
    s[-2 * d] = (LincSample)clip((p2 + p1 + p0 + q0 + 2) >> 2, p1 - limit, p1 + limit);
    s[-3 * d] = (LincSample)clip((2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3, p2 - limit, p2 + limit);
    s[0] = (LincSample)clip((p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3, q0 - limit, q0 + limit);
    s[d] = (LincSample)clip((p0 + q0 + q1 + q2 + 2) >> 2, q1 - limit, q1 + limit);
    s[2 * d] = (LincSample)clip((p0 + q0 + q1 + 3 * q2 + 2 * q3 + 4) >> 3, q2 - limit, q2 + limit);
}

static void filter_weak(LincSample *s, ptrdiff_t d, const Limits *l, int wide_p, int wide_q) {
    int p2 = s[-3 * d], p1 = s[-2 * d], p0 = s[-d], q0 = s[0], q1 = s[d], q2 = s[2 * d], half = l->change >> 1;
    int step = (9 * (q0 - p0) - 3 * (q1 - p1) + 8) >> 4;
    if (linc_abs(step) >= l->change * 10) return;
    step = clip(step, -l->change, l->change);
    s[-d] = linc_clip(p0 + step, l->maximum);
    s[0] = linc_clip(q0 - step, l->maximum);
    if (wide_p) s[-2 * d] = linc_clip(p1 + clip((((p2 + p0 + 1) >> 1) - p1 + step) >> 1, -half, half), l->maximum);
    if (wide_q) s[d] = linc_clip(q1 + clip((((q2 + q0 + 1) >> 1) - q1 - step) >> 1, -half, half), l->maximum);
}

/* Four lines of luma; s: first sample behind the edge, d steps across it and a along it. */
static void filter_luma(LincSample *s, ptrdiff_t d, ptrdiff_t a, const Limits *l) {
    LincSample *last = s + 3 * a;
    int p = bend_p(s, d) + bend_p(last, d), q = bend_q(s, d) + bend_q(last, d);
    if (p + q >= l->roughness) return;
    if (line_is_flat(s, d, l) && line_is_flat(last, d, l)) {
        for (int i = 0; i < 4; i++) filter_strong(s + i * a, d, 2 * l->change);
        return;
    }
    int side = (l->roughness + (l->roughness >> 1)) >> 3;
    for (int i = 0; i < 4; i++) filter_weak(s + i * a, d, l, p < side, q < side);
}

static void filter_chroma(LincSample *s, ptrdiff_t d, ptrdiff_t a, int lines, const Limits *l) {
    for (int i = 0; i < lines; i++, s += a) {
        int p0 = s[-d], q0 = s[0], step = (((q0 - p0) * 4) + s[-2 * d] - s[d] + 4) >> 3;
        step = clip(step, -l->change, l->change);
        s[-d] = linc_clip(p0 + step, l->maximum);
        s[0] = linc_clip(q0 - step, l->maximum);
    }
}

/* Chroma: only at intra leaves, and only on the grid of 8 chroma samples. */
static void filter_edge_chroma(const LincFrame *f, int x, int y, int vertical, const Limits *l) {
    const LincGeometry *g = f->geometry;
    for (int k = 1; k < g->planes; k++) {
        const LincPlane *plane = &f->picture->plane[k];
        int sx = g->shift_x[k], sy = g->shift_y[k], cx = x >> sx, cy = y >> sy;
        if ((vertical ? cx : cy) & 7) continue;
        if (vertical)
            filter_chroma(linc_at(plane, cx, cy), 1, plane->stride, LINC_CELL >> sy, l);
        else
            filter_chroma(linc_at(plane, cx, cy), plane->stride, 1, LINC_CELL >> sx, l);
    }
}

static void filter_edge(const LincFrame *f, int x, int y, int vertical) {
    int strength = edge_strength(f, x, y, vertical);
    if (!strength) return;
    const LincPlane *plane = &f->picture->plane[0];
    Limits l = edge_limits(f, x, y, vertical, strength);
    if (l.change == 0) return;
    LincSample *s = linc_at(plane, x, y);
    ptrdiff_t across = vertical ? 1 : plane->stride, along = vertical ? plane->stride : 1;
    filter_luma(s, across, along, &l);
    filter_luma(s + 4 * along, across, along, &l);
    if (strength == 2) filter_edge_chroma(f, x, y, vertical, &l);
}

/* All vertical edges, then all horizontal ones, which see what the vertical ones left. */
void linc_deblock(const LincFrame *f) {
    const LincGeometry *g = f->geometry;
    for (int vertical = 1; vertical >= 0; vertical--)
        for (int y = vertical ? 0 : LINC_CELL; y < g->height; y += LINC_CELL)
            for (int x = vertical ? LINC_CELL : 0; x < g->width; x += LINC_CELL) filter_edge(f, x, y, vertical);
}
