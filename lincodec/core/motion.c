/* Merge lists and vector predictors (spec 8.12.6). */
#include "motion.h"

#include <string.h>

/* Neighbours are known if they were coded before, or lie in the first part of the same leaf. */
static const LincBlock *neighbour(const LincFrame *f, const LincPart *p, int x, int y) {
    int inside = p->second && x >= p->leaf_x && y >= p->leaf_y && x < p->leaf_x + p->leaf_size &&
                 y < p->leaf_y + p->leaf_size;
    /* Of its own leaf, a second part sees only what lies above or to the left of it. */
    if (inside ? x >= p->x && y >= p->y : !linc_available(f->geometry, p->x, p->y, x, y)) return NULL;
    const LincBlock *b = linc_block(f, x, y);
    return b->mode == LINC_MODE_INTER ? b : NULL;
}

/* A vector over `from` frames stretched to `to` frames, rounded to nearest, halves away from zero. */
static int scale_component(int v, int to, int from) {
    int64_t product = (int64_t)v * to, size = product < 0 ? -product : product;
    int64_t span = from < 0 ? -(int64_t)from : from, scaled = (size + span / 2) / span;
    if (scaled > 32767) scaled = 32767;
    return (int)((product < 0) != (from < 0) ? -scaled : scaled);
}

static LincVector scale_vector(LincVector v, int to, int from) {
    if (from == 0 || to == from) return v;
    LincVector s = {(int16_t)scale_component(v.x, to, from), (int16_t)scale_component(v.y, to, from)};
    return s;
}

/* The vector of the nearer reference of a collocated cell, stretched to the distance `to`. */
static int collocated_vector(const LincMotionField *field, int x, int y, int to, LincVector *out) {
    const LincMotion *m = &field->cells[(ptrdiff_t)(y >> LINC_CELL_LOG2) * field->columns + (x >> LINC_CELL_LOG2)];
    int best = -1, span = 0;
    for (int r = 0; r < 2; r++) {
        if (!(m->direction & 1 << r)) continue;
        int d = field->display - field->reference_display[r];
        if (best < 0 || (d < 0 ? -d : d) < (span < 0 ? -span : span)) best = r, span = d;
    }
    if (best < 0) return 0;
    *out = scale_vector(m->vector[best], to, span);
    return 1;
}

/* Below right of the part if that lies in the same row of units, else its middle; first field, then second. */
static int temporal_vector(const LincFrame *f, const LincPart *p, int reference, LincVector *out) {
    int to = f->header.display - f->header.reference_display[reference];
    for (int k = 0; k < 2; k++) {
        const LincMotionField *field = f->collocated[k];
        if (!field) continue;
        int x = p->x + p->width, y = p->y + p->height;
        int near = x < f->geometry->width && y < f->geometry->height && y >> LINC_UNIT_LOG2 == p->y >> LINC_UNIT_LOG2;
        if (near && collocated_vector(field, x, y, to, out)) return 1;
        if (collocated_vector(field, p->x + p->width / 2, p->y + p->height / 2, to, out)) return 1;
    }
    return 0;
}

static int same_motion(const LincMotion *a, const LincMotion *b) {
    return a->direction == b->direction && a->vector[0].x == b->vector[0].x && a->vector[0].y == b->vector[0].y &&
           a->vector[1].x == b->vector[1].x && a->vector[1].y == b->vector[1].y;
}

static int add(LincMotion *list, int count, const LincMotion *m) {
    for (int i = 0; i < count; i++)
        if (same_motion(&list[i], m)) return count;
    list[count] = *m;
    return count + 1;
}

/* The first reference of one candidate with the second of another, in order of the first, then the second. */
static int add_combined(LincMotion *list, int count, int size) {
    int n = count < 3 ? count : 3;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (i == j || count >= size) continue;
            if (!(list[i].direction & LINC_FIRST) || !(list[j].direction & LINC_SECOND)) continue;
            LincMotion m = {{list[i].vector[0], list[j].vector[1]}, LINC_BOTH};
            count = add(list, count, &m);
        }
    return count;
}

static int add_zero(LincMotion *list, int count, int size, int references) {
    static const uint8_t directions[3] = {LINC_BOTH, LINC_FIRST, LINC_SECOND};
    for (int i = references > 1 ? 0 : 1; i < (references > 1 ? 3 : 2) && count < size; i++) {
        LincMotion m = {{{0, 0}, {0, 0}}, directions[i]};
        count = add(list, count, &m);
    }
    return count;
}

static int add_temporal(const LincFrame *f, const LincPart *p, LincMotion *list, int count) {
    LincMotion m = {{{0, 0}, {0, 0}}, LINC_FIRST};
    if (!temporal_vector(f, p, 0, &m.vector[0])) return count;
    if (f->header.references > 1) {
        m.direction = LINC_BOTH;
        temporal_vector(f, p, 1, &m.vector[1]);
    }
    return add(list, count, &m);
}

int linc_merge_list(const LincFrame *f, const LincPart *p, LincMotion list[LINC_MAX_MERGE]) {
    int size = f->header.merge_size, count = 0, right = p->x + p->width, below = p->y + p->height;
    const int at[5][2] = {{p->x - 1, below - 1}, {right - 1, p->y - 1}, {right, p->y - 1}, {p->x - 1, below},
                          {p->x - 1, p->y - 1}};
    for (int i = 0; i < 5 && count < size; i++) {
        const LincBlock *b = neighbour(f, p, at[i][0], at[i][1]);
        if (b) count = add(list, count, &b->motion);
    }
    if (count < size) count = add_temporal(f, p, list, count);
    if (f->header.references > 1 && count >= 2) count = add_combined(list, count, size);
    return add_zero(list, count, size, f->header.references);
}

/* A neighbour's vector for reference r: its own, the other one's if that shows the same frame, or stretched. */
static LincVector vector_towards(const LincFrame *f, const LincMotion *m, int r) {
    const LincHeader *h = &f->header;
    int target = h->reference_display[r];
    if (m->direction & 1 << r) return m->vector[r];
    return scale_vector(m->vector[1 - r], h->display - target, h->display - h->reference_display[1 - r]);
}

static int add_predictor(LincVector *predictors, int count, LincVector v) {
    if (count == 1 && predictors[0].x == v.x && predictors[0].y == v.y) return 1;
    predictors[count] = v;
    return count + 1;
}

void linc_vector_predictors(const LincFrame *f, const LincPart *p, int r, LincVector predictors[2]) {
    int count = 0, right = p->x + p->width, below = p->y + p->height;
    const int at[4][2] = {{p->x - 1, below - 1}, {right - 1, p->y - 1}, {right, p->y - 1}, {p->x - 1, p->y - 1}};
    for (int i = 0; i < 4 && count < 2; i++) {
        const LincBlock *b = neighbour(f, p, at[i][0], at[i][1]);
        if (b) count = add_predictor(predictors, count, vector_towards(f, &b->motion, r));
    }
    LincVector v;
    if (count < 2 && temporal_vector(f, p, r, &v)) count = add_predictor(predictors, count, v);
    for (; count < 2; count++) predictors[count] = (LincVector){0, 0};
}
