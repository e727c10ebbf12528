/* Vectors of patches: inverse search (Kroeger et al. 2016), started from cells of half the size and from the patches
 * beside (spec 8.7.1). */
#include "flow.h"

enum {
    COUNT = LINC_FLOW_PATCH * LINC_FLOW_PATCH,
    COUNT_LOG2 = 6,
    STEPS = 4,             /* of a descent, at most */
    LONGEST = 4 << LINC_FLOW_UNIT_LOG2, /* a step */
    DAMPING = 4 * COUNT    /* squared slope that is added: where there is none, there is no step */
};

/* A patch of the first plane and what a step needs of it. Samples and differences are in sixteenths of a code. */
typedef struct Patch {
    int x, y;                           /* its first sample, may lie beyond the edge */
    int16_t value[COUNT];
    int16_t across[COUNT], down[COUNT]; /* next sample less the one before, in codes */
    int32_t sum_x, sum_y;
    int64_t xx, xy, yy;
} Patch;

/* How a patch matches at a vector: squared differences less that of the means, and half their slope. */
typedef struct Match {
    LincFlowVector at;
    int64_t cost, along_x, along_y;
} Match;

static void take(const LincFlowPlane *plane, int x, int y, Patch *p) {
    int32_t sx = 0, sy = 0, xx = 0, xy = 0, yy = 0;
    p->x = x;
    p->y = y;
    for (int r = 0; r < LINC_FLOW_PATCH; r++) {
        const uint8_t *row = plane->at + (y + r) * plane->stride + x;
        for (int c = 0; c < LINC_FLOW_PATCH; c++) {
            int dx = row[c + 1] - row[c - 1], dy = row[c + plane->stride] - row[c - plane->stride];
            p->value[r * LINC_FLOW_PATCH + c] = (int16_t)(row[c] << 4);
            p->across[r * LINC_FLOW_PATCH + c] = (int16_t)dx;
            p->down[r * LINC_FLOW_PATCH + c] = (int16_t)dy;
            sx += dx;
            sy += dy;
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }
    }
    p->sum_x = sx;
    p->sum_y = sy;
    p->xx = xx - (sx * sx >> COUNT_LOG2) + DAMPING;
    p->xy = xy - (sx * sy >> COUNT_LOG2);
    p->yy = yy - (sy * sy >> COUNT_LOG2) + DAMPING;
}

/* One axis of where a patch looks: whole samples within the padded plane; returns the 64ths. */
static int place(int start, int32_t vector, int size, int *whole) {
    int at = start + (vector >> LINC_FLOW_UNIT_LOG2), low = -LINC_FLOW_PAD;
    int high = size + LINC_FLOW_PAD - LINC_FLOW_PATCH - 1;
    *whole = linc_flow_clamp(at, low, high);
    return at == *whole ? vector & (LINC_FLOW_UNIT - 1) : 0;
}

/* Differences of the second plane at a vector from the patch. */
static void differ(const LincFlowPlane *plane, const Patch *p, LincFlowVector v, int32_t *out) {
    int x, y, across = place(p->x, v.x, plane->width, &x), down = place(p->y, v.y, plane->height, &y);
    int a = (LINC_FLOW_UNIT - across) * (LINC_FLOW_UNIT - down), b = across * (LINC_FLOW_UNIT - down);
    int c = (LINC_FLOW_UNIT - across) * down, d = across * down;
    const uint8_t *at = plane->at + y * plane->stride + x;
    for (int r = 0; r < LINC_FLOW_PATCH; r++, at += plane->stride) {
        const uint8_t *next = at + plane->stride;
        for (int i = 0; i < LINC_FLOW_PATCH; i++) {
            int sample = (a * at[i] + b * at[i + 1] + c * next[i] + d * next[i + 1] + 128) >> 8;
            out[r * LINC_FLOW_PATCH + i] = sample - p->value[r * LINC_FLOW_PATCH + i];
        }
    }
}

static Match match(const LincFlowPlane *plane, const Patch *p, LincFlowVector v) {
    int32_t d[COUNT], sum = 0, squares = 0, x = 0, y = 0;
    differ(plane, p, v, d);
    for (int i = 0; i < COUNT; i++) {
        sum += d[i];
        squares += d[i] * d[i];
        x += d[i] * p->across[i];
        y += d[i] * p->down[i];
    }
    Match m = {v, squares - ((int64_t)sum * sum >> COUNT_LOG2), x - ((int64_t)sum * p->sum_x >> COUNT_LOG2),
               y - ((int64_t)sum * p->sum_y >> COUNT_LOG2)};
    return m;
}

static int32_t step_of(int64_t slope, int64_t scale) {
    int64_t step = linc_flow_nearest(8 * slope, scale); /* slopes of two samples, differences in sixteenths */
    return (int32_t)(step < -LONGEST ? -LONGEST : step > LONGEST ? LONGEST : step);
}

/* A component of a vector that may not lead farther than past the padded plane. */
static int32_t bounded(int32_t component, int size) {
    int most = (size + LINC_FLOW_PAD) << LINC_FLOW_UNIT_LOG2;
    return linc_flow_clamp(component, -most, most);
}

/* Steps down from a match until they are short or help no more. */
static void descend(const LincFlowPlane *plane, const Patch *p, Match *best) {
    int64_t scale = p->xx * p->yy - p->xy * p->xy;
    for (int step = 0; step < STEPS; step++) {
        int32_t x = step_of(p->yy * best->along_x - p->xy * best->along_y, scale);
        int32_t y = step_of(p->xx * best->along_y - p->xy * best->along_x, scale);
        if (!x && !y) return;
        LincFlowVector next = {bounded(best->at.x - x, plane->width), bounded(best->at.y - y, plane->height)};
        Match m = match(plane, p, next);
        if (m.cost >= best->cost) return;
        *best = m;
    }
}

static void consider(const LincFlowPlane *plane, const Patch *p, LincFlowVector v, Match *best) {
    if (v.x == best->at.x && v.y == best->at.y) return;
    Match m = match(plane, p, v);
    if (m.cost < best->cost) *best = m;
}

/* The best of what four cells of half the size say, those around the corner (row, column), and of their mean. */
static Match begin(const LincFlowLevel *level, const Patch *p, const LincFlowVector *coarser, int rows, int columns,
                   int row, int column) {
    LincFlowVector none = {0, 0}, around[4], sum = none;
    if (!coarser) return match(&level->second, p, none);
    for (int i = 0; i < 4; i++) {
        int r = linc_flow_clamp(((row + (i >> 1) + 1) >> 1) - 1, 0, rows - 1);
        int c = linc_flow_clamp(((column + (i & 1) + 1) >> 1) - 1, 0, columns - 1);
        around[i].x = 2 * coarser[r * columns + c].x;
        around[i].y = 2 * coarser[r * columns + c].y;
        sum.x += around[i].x;
        sum.y += around[i].y;
    }
    LincFlowVector mean = {(sum.x + 2) >> 2, (sum.y + 2) >> 2};
    Match best = match(&level->second, p, mean);
    for (int i = 0; i < 4; i++) consider(&level->second, p, around[i], &best);
    return best;
}

/* Sums over the cells of a patch of differences without their mean. */
static void measure(const LincFlowPlane *plane, const Patch *p, LincFlowVector v, int32_t *quarters) {
    int32_t d[COUNT], sum = 0;
    differ(plane, p, v, d);
    for (int i = 0; i < COUNT; i++) sum += d[i];
    int mean = (sum + COUNT / 2) >> COUNT_LOG2;
    for (int q = 0; q < 4; q++) quarters[q] = 0;
    for (int i = 0; i < COUNT; i++) {
        int away = d[i] - mean, q = i / (COUNT / 2) * 2 + i % LINC_FLOW_PATCH / LINC_FLOW_CELL;
        quarters[q] += away < 0 ? -away : away;
    }
}

/* Row by row, from the first patch to the last and back, each after the ones before it. */
void linc_flow_patches(LincFlowLevel *level, const LincFlowVector *coarser, int rows, int columns) {
    const LincFlowPlane *second = &level->second;
    int down = level->rows + 1, across = level->columns + 1, count = down * across;
    for (int k = 0; k < 2 * count; k++) {
        int back = k >= count, at = back ? 2 * count - 1 - k : k, row = at / across, column = at % across;
        int side = back ? 1 : -1;
        Patch p;
        take(&level->first, (column - 1) * LINC_FLOW_CELL, (row - 1) * LINC_FLOW_CELL, &p);
        Match best = back ? match(second, &p, level->patches[at])
                          : begin(level, &p, coarser, rows, columns, row, column);
        LincFlowVector before = best.at;
        if (column + side >= 0 && column + side < across) consider(second, &p, level->patches[at + side], &best);
        if (row + side >= 0 && row + side < down) consider(second, &p, level->patches[at + side * across], &best);
        if (!back || best.at.x != before.x || best.at.y != before.y) descend(second, &p, &best);
        level->patches[at] = best.at;
        if (back) measure(second, &p, best.at, level->quarters + 4 * (ptrdiff_t)at);
    }
}
