/* Least squares for the loop filter: each set is solved for the areas that take it, each area takes the best set. */
#include "enc_wiener.h"

#include <stdlib.h>
#include <string.h>

#include "lanes.h"
#include "filter.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    TAPS = LINC_FILTER_TAPS_LUMA,
    PAIRS = (TAPS * (TAPS + 1) / 2 + 7) & ~7, /* in whole vectors: the last ones stay zero */
    LINEAR = (TAPS + 7) & ~7,
    ROUNDS = 5,
    HASTY_ROUNDS = 3,
    SORTED = 256, /* areas that the first assignment looks at */
    LARGE = 600000, /* samples of luma */
    LARGEST = 120,
    CHUNK = 16 /* vectors whose products of 27 bits add up in lanes of 32 */
};

/* Normal equations of one area. */
typedef struct Area {
    float products[PAIRS]; /* of features k >= m at k (k + 1) / 2 + m */
    float target[LINEAR];
} Area;

/* Taps as what the normal equations are multiplied with to give the gain. */
typedef struct Gain {
    float products[PAIRS], target[LINEAR];
} Gain;

/* A choice for a plane. */
typedef struct Choice {
    int sets;
    double gain; /* squared error saved, less the price of the bits */
    int8_t taps[LINC_MAX_FILTER_SETS][TAPS];
    uint8_t *set; /* of each area */
} Choice;

typedef struct Plane {
    EncSearch *s;
    int plane, taps, pairs, count;
    int stride; /* of the rows that are measured */
    int shift;  /* from samples to 12 bits */
    int rounds; /* of assigning areas to sets */
    ptrdiff_t offsets[TAPS]; /* of the samples that a tap is of */
    Area *areas;
    double weight;
} Plane;

/* Features and errors of some samples, 16 a vector. */
typedef struct Chunk {
    LincLanes16 feature[TAPS][CHUNK], error[CHUNK];
    int count;
} Chunk;

/* Adds 16 samples of a row, of which those outside are zero. */
INLINE void take_features(const Plane *p, Chunk *c, const LincSample *at, const LincSample *source, int taps, int shift,
                          LincLanes16 inside) {
    LincLanes16 middle = linc_load16(at), twice = 2 * middle;
    for (int k = 0; k < taps; k++) {
        LincLanes16 feature = linc_load16(at + p->offsets[k]) + linc_load16(at - p->offsets[k]) - twice;
        c->feature[k][c->count] = (feature >> shift) & inside;
    }
    c->error[c->count] = ((linc_load16(source) - middle) >> shift) & inside;
    c->count++;
}

/* Adds up to 16 samples of a row; what lies beyond `w` is zero. */
static void take(const Plane *p, Chunk *c, const LincSample *at, const LincSample *source, int w) {
    static const int16_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    LincLanes16 inside = linc_load16(numbers) < (LincLanes16){0} + (int16_t)w, all = (LincLanes16){0} - 1;
    if (w < 16 || p->shift)
        take_features(p, c, at, source, p->taps, p->shift, inside);
    else if (p->plane)
        take_features(p, c, at, source, LINC_FILTER_TAPS_CHROMA, 0, all);
    else
        take_features(p, c, at, source, LINC_FILTER_TAPS_LUMA, 0, all);
}

static float product_sum(const LincLanes16 *a, const LincLanes16 *b, int count) {
    LincLanes32 sum = {0};
    for (int i = 0; i < count; i++) sum += linc_multiply_pairs(a[i], b[i]);
    float lanes[8];
    for (int i = 0; i < 8; i++) lanes[i] = (float)sum[i];
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

static void add_chunk(const Plane *p, Chunk *c, Area *area) {
    for (int k = 0, n = 0; k < p->taps; k++) {
        area->target[k] += product_sum(c->feature[k], c->error, c->count);
        for (int m = 0; m <= k; m++) area->products[n++] += product_sum(c->feature[k], c->feature[m], c->count);
    }
    c->count = 0;
}

static void measure_area(const Plane *p, int x, int y, int w, int h, Area *area) {
    const LincPicture *picture = p->s->frame->picture;
    const LincPlane *made = &picture->plane[p->plane], *source = &p->s->source->plane[p->plane];
    float scale = (float)(p->stride << (2 * p->shift));
    Chunk c;
    c.count = 0;
    for (int j = 0; j < h; j += p->stride)
        for (int i = 0; i < w; i += 16) {
            take(p, &c, linc_at(made, x + i, y + j), linc_at(source, x + i, y + j), w - i);
            if (c.count == CHUNK) add_chunk(p, &c, area);
        }
    if (c.count) add_chunk(p, &c, area);
    for (int k = 0; k < p->taps; k++) area->target[k] *= scale;
    for (int n = 0; n < p->pairs; n++) area->products[n] *= scale;
}

static void measure(const Plane *p) {
    const LincFrame *f = p->s->frame;
    const LincGeometry *g = f->geometry;
    int w = LINC_FILTER_AREA >> g->shift_x[p->plane], h = LINC_FILTER_AREA >> g->shift_y[p->plane];
    int width = g->plane_width[p->plane], height = g->plane_height[p->plane];
    for (int a = 0; a < p->count; a++) {
        int x = a % f->filter_columns * w, y = a / f->filter_columns * h;
        measure_area(p, x, y, width - x < w ? width - x : w, height - y < h ? height - y : h, &p->areas[a]);
    }
}

static void set_gain(const Plane *p, const int8_t *taps, Gain *gain) {
    memset(gain, 0, sizeof *gain);
    for (int k = 0, n = 0; k < p->taps; k++) {
        gain->target[k] = (float)taps[k] * (float)(2 / 128.0);
        for (int m = 0; m <= k; m++)
            gain->products[n++] = (float)(taps[k] * taps[m] * (m < k ? 2 : 1)) * (float)(1 / (128.0 * 128));
    }
}

/* Squared error that taps save in an area. */
static double gain_of(const Plane *p, const Area *area, const Gain *gain) {
    float sums[8] = {0};
    for (int n = 0; n < p->pairs; n += 8)
        for (int i = 0; i < 8; i++) sums[i] -= area->products[n + i] * gain->products[n + i];
    for (int k = 0; k < p->taps; k += 8)
        for (int i = 0; i < 8; i++) sums[i] += area->target[k + i] * gain->target[k + i];
    float sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    return (double)sum * p->weight;
}

/* Solves the symmetric system by elimination and rounds the solution to taps. */
static void solve(const Plane *p, const double *products, const double *target, int8_t *taps) {
    double a[TAPS][TAPS + 1], trace = 0;
    int t = p->taps;
    for (int k = 0, n = 0; k < t; k++)
        for (int m = 0; m <= k; m++, n++) a[k][m] = a[m][k] = products[n];
    for (int k = 0; k < t; k++) trace += a[k][k];
    for (int k = 0; k < t; k++) {
        a[k][k] += 1e-3 * trace / t + 1;
        a[k][t] = target[k];
    }
    for (int k = 0; k < t; k++)
        for (int r = k + 1; r < t; r++) {
            double f = a[r][k] / a[k][k];
            for (int c = k; c <= t; c++) a[r][c] -= f * a[k][c];
        }
    for (int k = t - 1; k >= 0; k--) {
        for (int c = k + 1; c < t; c++) a[k][t] -= a[k][c] * a[c][t];
        a[k][t] /= a[k][k];
        double v = a[k][t] * 128;
        v = v < -LARGEST ? -LARGEST : v > LARGEST ? LARGEST : v;
        taps[k] = (int8_t)(v < 0 ? v - 0.5 : v + 0.5);
    }
}

static void refit(const Plane *p, Choice *c, int set) {
    double products[PAIRS] = {0}, target[LINEAR] = {0};
    for (int a = 0; a < p->count; a++) {
        if (c->set[a] != set + 1) continue;
        const Area *area = &p->areas[a];
        for (int n = 0; n < p->pairs; n++) products[n] += (double)area->products[n];
        for (int k = 0; k < LINEAR; k++) target[k] += (double)area->target[k];
    }
    memset(c->taps[set], 0, sizeof c->taps[set]);
    solve(p, products, target, c->taps[set]);
}

static double taps_price(const Plane *p, const Choice *c) {
    double bits = 2;
    for (int set = 0; set < c->sets; set++)
        for (int k = 0; k < p->taps; k++) {
            int size = c->taps[set][k] < 0 ? -c->taps[set][k] : c->taps[set][k], n = 0;
            while (n < 4 && size >= (2 << (n + 2)) - 4) n++;
            bits += (n < 4) + 2 * n + 2 + (size > 0);
        }
    return bits * p->s->lambda * LINC_COST_BIT;
}

/* Gives every area its best set at the prices that the last assignment makes; returns the gain. */
static double assign(const Plane *p, Choice *c) {
    uint32_t uses[LINC_MAX_FILTER_SETS + 1];
    double price[LINC_MAX_FILTER_SETS + 1], gain = 0;
    Gain gains[LINC_MAX_FILTER_SETS];
    for (int set = 0; set < c->sets; set++) set_gain(p, c->taps[set], &gains[set]);
    for (int set = 0; set <= c->sets; set++) uses[set] = 1;
    for (int a = 0; a < p->count; a++) uses[c->set[a]]++;
    for (int set = 0; set <= c->sets; set++) {
        uint32_t share = (uint32_t)((uint64_t)uses[set] * 65535 / (uint64_t)(p->count + c->sets + 1));
        price[set] = p->s->lambda * linc_cost_of(share ? share : 1);
    }
    for (int a = 0; a < p->count; a++) {
        double best = -price[0];
        int chosen = 0;
        for (int set = 1; set <= c->sets; set++) {
            double v = gain_of(p, &p->areas[a], &gains[set - 1]) - price[set];
            if (v > best) {
                best = v;
                chosen = set;
            }
        }
        c->set[a] = (uint8_t)chosen;
        gain += best;
    }
    return gain;
}

/* How busy some of the areas are, ascending; returns how many. */
static int sort_some(const Plane *p, float sorted[SORTED]) {
    int count = 0, stride = 1 + (p->count - 1) / SORTED;
    for (int a = 0; a < p->count; a += stride, count++) {
        float v = p->areas[a].products[0];
        int at = count;
        for (; at > 0 && sorted[at - 1] > v; at--) sorted[at] = sorted[at - 1];
        sorted[at] = v;
    }
    return count;
}

/* Areas by how busy they are, in as many groups of about equal size as there are sets. */
static void start(const Plane *p, const float *sorted, int count, Choice *c) {
    for (int a = 0; a < p->count; a++) {
        int set = 0;
        while (set + 1 < c->sets && p->areas[a].products[0] >= sorted[(set + 1) * count / c->sets]) set++;
        c->set[a] = (uint8_t)(1 + set);
    }
}

static void choose(const Plane *p, Choice *best, Choice *trial) {
    float sorted[SORTED];
    int some = sort_some(p, sorted);
    for (int sets = 1; sets <= LINC_MAX_FILTER_SETS && sets <= p->count; sets++) {
        trial->sets = sets;
        start(p, sorted, some, trial);
        for (int round = 0; round < p->rounds; round++) {
            for (int set = 0; set < sets; set++) refit(p, trial, set);
            trial->gain = assign(p, trial) - taps_price(p, trial);
        }
        if (trial->gain > best->gain) {
            Choice swap = *best;
            *best = *trial;
            *trial = swap;
        }
    }
}

/* A hasty search looks at some rows only, of large pictures at fewer. */
static int row_stride(const EncSearch *s) {
    if (s->effort.early < 2) return 1;
    return s->geometry->width * s->geometry->height < LARGE ? 2 : 4;
}

LincStatus enc_choose_filter(EncSearch *s, int plane) {
    LincFrame *f = s->frame;
    Plane p = {.s = s, .plane = plane, .taps = plane ? LINC_FILTER_TAPS_CHROMA : LINC_FILTER_TAPS_LUMA,
               .count = f->filter_columns * f->filter_rows, .shift = s->geometry->depth - 12,
               .stride = row_stride(s), .rounds = s->effort.early > 1 ? HASTY_ROUNDS : ROUNDS,
               .weight = s->weight[plane]};
    for (int k = 0; k < p.taps; k++) {
        const int8_t *at = plane ? linc_filter_chroma[k] : linc_filter_luma[k];
        p.offsets[k] = at[1] * f->picture->plane[plane].stride + at[0];
    }
    p.pairs = (p.taps * (p.taps + 1) / 2 + 7) & ~7;
    Choice best, trial;
    memset(&best, 0, sizeof best);
    memset(&trial, 0, sizeof trial);
    p.areas = calloc((size_t)p.count, sizeof *p.areas);
    best.set = calloc((size_t)p.count, 2);
    if (!p.areas || !best.set) {
        free(p.areas);
        free(best.set);
        return LINC_MEMORY;
    }
    uint8_t *memory = best.set;
    trial.set = best.set + p.count;
    measure(&p);
    choose(&p, &best, &trial);
    f->header.filter_sets[plane] = best.sets;
    memcpy(f->header.filter[plane], best.taps, sizeof best.taps);
    memcpy(f->filter_set[plane], best.set, (size_t)p.count);
    free(memory);
    free(p.areas);
    return LINC_OK;
}
