/* Interpolation of whole planes (its arithmetic: spec 8.12.8): a row is filtered along once for each fraction, and
 * the rows so made down columns. */
#include "enc_phases.h"

#include "lanes.h"
#include "inter.h"

enum { TAPS = 8, BEFORE = 3, SPARE = 16 /* samples that whole vectors may write behind a row */ };

/* Rows between the two passes: the last eight of each fraction. */
typedef struct Rows {
    int16_t *row[3][TAPS];
} Rows;

typedef struct Work {
    const LincGeometry *geometry;
    const LincPlane *luma;
    EncPhases *phases;
    int reach, width; /* samples of the margin that are made, samples of a row */
    int step;         /* 1: quarters, 2: halves */
    Rows between;
} Work;

static int row_samples(const LincGeometry *g) {
    return (g->width + 2 * LINC_MARGIN + 15) & ~15;
}

size_t enc_phases_bytes(const LincGeometry *g, int halves_only) {
    size_t row = (size_t)row_samples(g), plane = row * (size_t)(g->height + 2 * LINC_MARGIN);
    return ((halves_only ? 3 : 15) * plane + 3 * TAPS * (row + SPARE) + SPARE) * sizeof(int16_t);
}

/* Along row y by each fraction: to the phase's plane, and with more bits to the rows between. */
static void filter_along(const Work *w, int y, int shown) {
    const int16_t *in = linc_at(w->luma, -w->reach, y) - BEFORE;
    int maximum = w->geometry->maximum, first = w->geometry->depth - 8;
    for (int fx = w->step; fx < 4; fx += w->step) {
        int16_t *between = w->between.row[fx - 1][y & (TAPS - 1)];
        int16_t *out = (int16_t *)(uintptr_t)w->phases->plane[fx] + y * w->phases->stride - w->reach;
        const int8_t *t = linc_luma_taps[fx];
        LincLanes16 taps[4];
        for (int k = 0; k < 4; k++) taps[k] = linc_pairs_of(t[2 * k], t[2 * k + 1]);
        for (int x = 0; x < w->width; x += 16) {
            LincLanes32 even = {0}, odd = {0};
            for (int k = 0; k < 4; k++) {
                even += linc_multiply_pairs(linc_load16(in + x + 2 * k), taps[k]);
                odd += linc_multiply_pairs(linc_load16(in + x + 2 * k + 1), taps[k]);
            }
            int half = 1 << (first - 1);
            linc_store16(between + x, linc_interleave((even + half) >> first, (odd + half) >> first));
            if (shown)
                linc_store16(out + x, linc_clip_lanes(linc_interleave((even + 32) >> 6, (odd + 32) >> 6), maximum));
        }
    }
}

/* Down columns from eight rows to the sample after the fourth, by one fraction, for rows of 16 bits. */
static inline __attribute__((always_inline)) void filter_down(const int16_t *const rows[TAPS], const int8_t *t,
                                                              int shift, int width, int maximum, int16_t *out) {
    LincLanes16 taps[4];
    for (int k = 0; k < 4; k++) taps[k] = linc_pairs_of(t[2 * k], t[2 * k + 1]);
    for (int x = 0; x < width; x += 16) {
        LincLanes32 low = (LincLanes32){0} + (1 << (shift - 1)), high = low;
        for (int k = 0; k < 4; k++) {
            LincLanes16 a = linc_load16(rows[2 * k] + x), b = linc_load16(rows[2 * k + 1] + x);
            low += linc_multiply_pairs(linc_low_pairs(a, b), taps[k]);
            high += linc_multiply_pairs(linc_high_pairs(a, b), taps[k]);
        }
        linc_store16(out + x, linc_clip_lanes(linc_pack(low >> shift, high >> shift), maximum));
    }
}

static void filter_columns(const Work *w, int y) {
    int depth = w->geometry->depth, maximum = w->geometry->maximum;
    for (int fx = 0; fx < 4; fx += w->step) {
        const int16_t *rows[TAPS];
        for (int k = 0; k < TAPS; k++) {
            int at = y + k - BEFORE;
            rows[k] = fx ? w->between.row[fx - 1][at & (TAPS - 1)] : linc_at(w->luma, -w->reach, at);
        }
        for (int fy = w->step; fy < 4; fy += w->step) {
            int16_t *out = (int16_t *)(uintptr_t)w->phases->plane[4 * fy + fx] + y * w->phases->stride - w->reach;
            filter_down(rows, linc_luma_taps[fy], fx ? 20 - depth : 6, w->width, maximum, out);
        }
    }
}

/* Planes as the luma plane lies in its memory, one after the other, then the rows between. */
static void lay_out(Work *w, void *memory) {
    const LincPlane *luma = w->luma;
    ptrdiff_t plane = luma->stride * (luma->height + 2 * luma->margin), row = luma->stride + SPARE;
    int16_t *at = memory;
    memset(w->phases, 0, sizeof *w->phases);
    w->phases->stride = luma->stride;
    w->phases->plane[0] = luma->data;
    for (int i = 1; i < 16; i++) {
        if (w->step == 2 && i & 5) continue;
        w->phases->plane[i] = at + luma->margin * (luma->stride + 1);
        at += plane;
    }
    at += SPARE;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < TAPS; k++, at += row) w->between.row[i][k] = at;
}

void enc_phases_make(const LincGeometry *geometry, const LincPlane *luma, int halves_only, void *memory,
                     EncPhases *phases) {
    Work w = {.geometry = geometry, .luma = luma, .phases = phases, .reach = luma->margin - 8,
              .step = halves_only ? 2 : 1};
    w.width = luma->width + 2 * w.reach;
    lay_out(&w, memory);
    int top = -w.reach, bottom = luma->height + w.reach;
    for (int y = top - BEFORE; y < bottom + TAPS - BEFORE - 1; y++) {
        filter_along(&w, y, y >= top && y < bottom);
        int done = y - (TAPS - BEFORE - 1);
        if (done >= top) filter_columns(&w, done);
    }
}
