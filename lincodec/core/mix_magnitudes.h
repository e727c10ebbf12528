/* Magnitudes of a plane of a component, diagonal after diagonal (spec 7.5.5). */
#ifndef LINC_MIX_MAGNITUDES_H
#define LINC_MIX_MAGNITUDES_H

#include "mix_decide.h"
#include "mix_predict.h"

enum { LINC_MIX_ESCAPE_BITS = 15 };

/* A coefficient with all that its contexts ask for. */
typedef struct LincMixPlace {
    LincMixSpot spot;
    int plane, pass, chroma; /* chroma: 1 for any plane but the first */
    int class, ring;         /* ring: 0 inside of the class's last ring, 1 in it after a coefficient, 2 before any */
    int left, rest;          /* places of the ring not yet coded, diagonals after this one */
    int table, size;         /* predicted */
    int inside, around;      /* weighted magnitudes beside it in the block and the same in other blocks */
    int past, past_around, past_band;
} LincMixPlace;

static inline void linc_mix_look(const LincMix *mix, LincMixPlace *x) {
    const LincMixPlane *p = x->spot.plane;
    const uint8_t *m = p->magnitude[x->spot.now] + x->spot.at;
    const uint16_t *past = p->past + x->spot.at;
    int v = p->at_v, u = p->at_u, r = p->at_row;
    x->inside = 2 * (m[-v] + m[-u]) + m[-v - u] + m[-v + u] + m[-2 * v] + m[-2 * u];
    x->around = m[-r - 1] + m[-r + 1];
    if (x->pass) x->around += 2 * (m[-1] + m[1] + m[-r] + m[r]);
    x->past = linc_mix_twelve(past[0] >> 1);
    x->past_around = linc_mix_twelve((past[-1] + past[1] + past[-r] + past[r]) >> 2);
    x->past_band = linc_mix_twelve((past[-v] + past[-u] + past[v] + past[u]) >> 2);
    (void)mix;
}

/* Context of magnitudes in other planes, or in the first plane of those at lower frequencies. */
static inline int linc_mix_lower(const LincMix *mix, const LincMixPlace *x) {
    const LincMixPlane *p = x->spot.plane, *luma = &mix->plane[0];
    int r = p->at_row, v = p->at_v, u = p->at_u;
    if (!x->plane) {
        const uint8_t *m = p->magnitude[x->spot.now] + x->spot.at, *a = m - v, *b = m - u;
        int beside = a[-1] + a[1] + a[-r] + a[r] + b[-1] + b[1] + b[-r] + b[r];
        int far = m[-2 * v] + m[-2 * u] + m[-2 * v - u] + m[-v - 2 * u];
        return (linc_mix_min(beside, 7) * 8 + linc_mix_min(far, 7)) * 12 + linc_mix_min(x->rest, 11);
    }
    const uint8_t *y = luma->magnitude[x->spot.now] + x->spot.luma_at;
    int near = y[-1] + y[1] + y[-r] + y[r] + y[-luma->at_v] + y[luma->at_v] + y[-luma->at_u] + y[luma->at_u];
    int second = 0, beside = 0;
    if (x->plane > 1) {
        const uint8_t *w = mix->plane[1].magnitude[x->spot.now] + x->spot.at;
        second = linc_mix_min(w[0], 3);
        beside = linc_mix_six(w[-1] + w[1] + w[-r] + w[r]);
    }
    return 64 * 12 + (((x->plane - 1) * 4 + linc_mix_min(y[0], 3)) * 6 + linc_mix_six(near)) * 24 + second * 6 + beside;
}

LINC_MIX_INLINE int linc_mix_nonzero(LincMix *mix, const LincMixPlace *x, int nonzero, const int mode) {
    const LincMixPlane *p = x->spot.plane;
    const uint8_t *m = p->magnitude[x->spot.now] + x->spot.at;
    int z = x->chroma, v = p->at_v, u = p->at_u, before = p->magnitude[x->spot.before][x->spot.at];
    LincMixChoice choice = {.first = LINC_MIX_BY_ZERO + ((z * 8 + x->class) * 3 + x->ring) * 2 + x->pass,
                            .second = LINC_MIX_BY_ZERO_SIZE + x->plane * 32 + x->size};
    int inside = (linc_mix_min(m[-v], 3) * 4 + linc_mix_min(m[-u], 3)) * 9 + linc_mix_min(m[-v - u], 2) * 3 +
                 linc_mix_min(m[-v + u], 2);
    linc_mix_under(&choice, LINC_MIX_ZERO + x->plane * 192 + x->table);
    linc_mix_under(&choice, LINC_MIX_ZERO_RING + ((z * 8 + x->class) * 3 + x->ring) * 32 + linc_mix_min(x->left, 31));
    linc_mix_under(&choice, LINC_MIX_ZERO_INSIDE + z * 144 + inside);
    linc_mix_under(&choice, LINC_MIX_ZERO_PAST + (((z * 12 + x->past) * 12 + x->past_around) * 3 +
                                                  linc_mix_min(before, 2)) * 2 + x->pass);
    linc_mix_under(&choice, LINC_MIX_ZERO_AROUND + (((z * 12 + linc_mix_twelve(x->inside)) * 12 +
                                                     linc_mix_twelve(x->around)) * 8 + x->class) * 2 + x->pass);
    linc_mix_under(&choice, LINC_MIX_ZERO_LOWER + linc_mix_lower(mix, x));
    linc_mix_under(&choice,
                   LINC_MIX_ZERO_BAND + ((z * 12 + x->past_band) * 12 + x->past) * 4 + linc_mix_min(x->rest, 3));
    return linc_mix_decide(mix, &choice, nonzero, mode);
}

/* Whether a magnitude is above `step`, 1 to 14. */
LINC_MIX_INLINE int linc_mix_above(LincMix *mix, const LincMixPlace *x, int step, int above, const int mode) {
    const LincMixPlane *p = x->spot.plane;
    const uint8_t *m = p->magnitude[x->spot.now] + x->spot.at;
    int which = linc_mix_min(step, 7) - 1, o = x->chroma * 7 + which;
    LincMixChoice choice = {.first = LINC_MIX_BY_STEP + o, .second = LINC_MIX_BY_STEP_SIZE + x->size};
    linc_mix_under(&choice, LINC_MIX_STEP + (x->plane * 7 + which) * 192 + x->table);
    linc_mix_under(&choice,
                   LINC_MIX_STEP_AROUND + (o * 12 + linc_mix_twelve(x->inside)) * 12 + linc_mix_twelve(x->around));
    linc_mix_under(&choice, LINC_MIX_STEP_INSIDE + (o * 6 + linc_mix_six(m[-p->at_v])) * 6 + linc_mix_six(m[-p->at_u]));
    linc_mix_under(&choice, LINC_MIX_STEP_PAST + (o * 12 + x->past) * 12 + x->past_around);
    return linc_mix_decide(mix, &choice, above, mode);
}

/* What a magnitude has beyond 14, at least 1. */
LINC_MIX_INLINE int32_t linc_mix_escape(LincMix *mix, const LincMixPlace *x, int32_t number, const int mode) {
    int exponent = 0;
    for (;; exponent++) {
        LincMixChoice choice = {.first = LINC_MIX_BY_ESCAPE, .second = LINC_MIX_BY_ESCAPE + 1};
        if (exponent == LINC_MIX_ESCAPE_BITS) break;
        linc_mix_under(&choice, LINC_MIX_ESCAPE + exponent * 32 + x->size);
        if (!linc_mix_decide(mix, &choice, number >> (exponent + 1) > 0, mode)) break;
    }
    return 1 << exponent | (int32_t)linc_mix_plain(mix, exponent, (uint32_t)number, mode);
}

LINC_MIX_INLINE int32_t linc_mix_magnitude(LincMix *mix, const LincMixPlace *x, int32_t magnitude, const int mode) {
    /* The last place of the outermost ring of a class that has had no coefficient there cannot be 0. */
    if (!(x->ring == 2 && x->left == 1) && !linc_mix_nonzero(mix, x, magnitude > 0, mode)) return 0;
    for (int step = 1; step < LINC_MIX_CAP; step++)
        if (!linc_mix_above(mix, x, step, magnitude > step, mode)) return step;
    return 14 + linc_mix_escape(mix, x, magnitude - 14, mode);
}

/* The magnitude that a chooser takes, see mix_choose.c. */
int32_t linc_mix_weigh(LincMix *mix, const LincMixPlace *x, int32_t block, float wish);

/* Tells what later contexts ask for. */
static inline void linc_mix_keep(LincMix *mix, const LincMixPlace *x, int32_t magnitude) {
    const LincMixPlane *p = x->spot.plane;
    uint8_t capped = (uint8_t)linc_mix_min(magnitude, LINC_MIX_CAP), root = linc_mix_root[capped];
    uint8_t *around = p->around[x->spot.now] + x->spot.at;
    p->magnitude[x->spot.now][x->spot.at] = capped;
    p->root[x->spot.now][x->spot.at] = root;
    around[-1] += root;
    around[1] += root;
    around[-p->at_row] += root;
    around[p->at_row] += root;
    (void)mix;
}

/* All blocks of one frequency and pass. */
LINC_MIX_INLINE void linc_mix_frequency(LincMix *mix, LincMixPlace *x, int v, int u, const int32_t *active, int count,
                                        const int32_t *left, const int mode) {
    LincMixPlane *p = &mix->plane[x->plane];
    const LincMixPlane *luma = &mix->plane[0];
    const uint8_t *classes = p->classes[x->spot.now];
    LincMixNet net = linc_mix_net(x->plane, x->pass);
    int columns = mix->shape.columns, diagonal = v + u;
    LincMixSum place = {{0}, {0}};
    linc_mix_add(&place, net, 21, linc_mix_min(8 * v, 255));
    linc_mix_add(&place, net, 22, linc_mix_min(8 * u, 255));
    for (int i = 0; i < count; i++) {
        int block = active[i], row = block / columns, column = block % columns;
        int32_t beside = row * p->at_row + column, *level = p->level + (int64_t)block * p->area + v * p->width + u;
        LincMixSum shared = mix->shared[block];
        x->class = classes[(row + 1) * mix->class_row + column + 1];
        x->rest = linc_mix_bounds[x->class] - 1 - diagonal;
        x->ring = diagonal < linc_mix_bounds[x->class - 1] ? 0 : mix->seen[block] ? 1 : 2;
        x->left = left[x->class];
        x->spot.at = p->origin + v * p->at_v + u * p->at_u + beside;
        x->spot.luma_at = luma->origin + v * luma->at_v + u * luma->at_u + beside;
        for (int j = 0; j < LINC_MIX_UNITS; j++) shared.unit[j] += place.unit[j];
        shared.said[0] += place.said[0];
        shared.said[1] += place.said[1];
        linc_mix_add(&shared, net, 23, linc_mix_min(4 * x->rest, 255));
        x->table = linc_mix_predict(mix, x->plane, x->pass, &x->spot, &shared);
        x->size = x->table / (LINC_MIX_TAILS + 1);
        linc_mix_look(mix, x);
        int32_t magnitude;
        if (mode == LINC_MIX_WEIGH)
            *level = magnitude = linc_mix_weigh(mix, x, block, mix->wish[level - p->level]);
        else
            magnitude = linc_mix_magnitude(mix, x, *level < 0 ? -*level : *level, mode);
        if (!magnitude) continue;
        if (mode == LINC_MIX_READ && magnitude > 65535) mix->reader.failed = 1;
        if (mode == LINC_MIX_READ) *level = magnitude;
        mix->seen[block] |= x->ring == 2;
        linc_mix_keep(mix, x, magnitude);
    }
}

/* The blocks of a pass that are coded at a diagonal, of those before; returns how many. */
static inline int linc_mix_still(const LincMix *mix, int plane, int diagonal, int32_t *active, int count) {
    const uint8_t *classes = mix->plane[plane].classes[linc_mix_slot(mix, 0)];
    int kept = 0, columns = mix->shape.columns;
    for (int i = 0; i < count; i++) {
        int block = active[i], at = (block / columns + 1) * mix->class_row + block % columns + 1;
        active[kept] = block;
        kept += diagonal < linc_mix_bounds[classes[at]];
    }
    return kept;
}

/* Fills the two passes with all blocks, and what each shares. */
void linc_mix_magnitudes_begin(LincMix *mix, int plane, int32_t *counts);

LINC_MIX_INLINE void linc_mix_magnitudes(LincMix *mix, int plane, const int mode) {
    LincMixPlane *p = &mix->plane[plane];
    LincMixPlace x = {.plane = plane, .chroma = plane > 0};
    int32_t counts[2], left[8] = {0}, *active[2] = {mix->active, mix->active + mix->blocks};
    x.spot.plane = p;
    x.spot.now = linc_mix_slot(mix, 0);
    x.spot.before = linc_mix_slot(mix, 1);
    x.spot.earlier = linc_mix_slot(mix, 2);
    linc_mix_magnitudes_begin(mix, plane, counts);
    for (int i = 0; i < p->area; i++) {
        int diagonal = p->scan[2 * i] + p->scan[2 * i + 1];
        for (int class = 1; class < 8; class++)
            left[class] += diagonal >= linc_mix_bounds[class - 1] && diagonal < linc_mix_bounds[class];
    }
    for (int i = 0, last = -1; i < p->area; i++) {
        int v = p->scan[2 * i], u = p->scan[2 * i + 1];
        if (v + u != last)
            for (int pass = 0; pass < 2; pass++)
                counts[pass] = linc_mix_still(mix, plane, v + u, active[pass], counts[pass]);
        last = v + u;
        if (!counts[0] && !counts[1]) break;
        for (x.pass = 0; x.pass < 2 && (mix->component || i); x.pass++)
            linc_mix_frequency(mix, &x, v, u, active[x.pass], counts[x.pass], left, mode);
        for (int class = 1; class < 8; class++)
            left[class] -= last >= linc_mix_bounds[class - 1] && last < linc_mix_bounds[class];
        if (mode == LINC_MIX_READ && mix->reader.failed) return;
    }
}

#endif
