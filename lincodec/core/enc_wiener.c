/* Least squares for the loop filter: each set is solved for the areas that take it, each area takes the best set. */
#include "enc_wiener.h"

#include <stdlib.h>
#include <string.h>

#include "filter.h"

enum { TAPS = LINC_FILTER_TAPS_LUMA, PAIRS = TAPS * (TAPS + 1) / 2, ROUNDS = 5, LARGEST = 120 };

typedef float lanes8 __attribute__((vector_size(32)));

/* Normal equations of one area. */
typedef struct Area {
    double products[PAIRS]; /* of features k >= m at k (k + 1) / 2 + m */
    double target[TAPS];
} Area;

/* A choice for a plane. */
typedef struct Choice {
    int sets;
    double gain; /* squared error saved, less the price of the bits */
    int8_t taps[LINC_MAX_FILTER_SETS][TAPS];
    uint8_t *set; /* of each area */
} Choice;

typedef struct Plane {
    EncSearch *s;
    int plane, taps, count;
    int stride; /* of the rows that are measured */
    const int8_t (*places)[2];
    Area *areas;
    double weight;
} Plane;

static float lane_sum(lanes8 v) {
    return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

/* Features and error of up to eight samples of a row; what lies beyond `w` is zero. */
static void take_features(const Plane *p, const LincSample *at, ptrdiff_t stride, const LincSample *source, int w,
                          lanes8 features[TAPS], lanes8 *error) {
    for (int k = 0; k < p->taps; k++) {
        ptrdiff_t offset = p->places[k][1] * stride + p->places[k][0];
        float row[8] = {0};
        for (int x = 0; x < w; x++) row[x] = (float)(at[x + offset] + at[x - offset] - 2 * at[x]);
        memcpy(&features[k], row, sizeof row);
    }
    float row[8] = {0};
    for (int x = 0; x < w; x++) row[x] = (float)(source[x] - at[x]);
    memcpy(error, row, sizeof row);
}

static void measure_area(const Plane *p, int x, int y, int w, int h, Area *area) {
    const LincPlane *picture = &p->s->frame->picture->plane[p->plane], *source = &p->s->source->plane[p->plane];
    lanes8 products[PAIRS], target[TAPS];
    memset(products, 0, sizeof products);
    memset(target, 0, sizeof target);
    for (int j = 0; j < h; j += p->stride)
        for (int i = 0; i < w; i += 8) {
            lanes8 features[TAPS], error;
            int lanes = w - i < 8 ? w - i : 8, n = 0;
            take_features(p, linc_at(picture, x + i, y + j), picture->stride, linc_at(source, x + i, y + j), lanes,
                          features, &error);
            for (int k = 0; k < p->taps; k++) {
                target[k] += features[k] * error;
                for (int m = 0; m <= k; m++) products[n++] += features[k] * features[m];
            }
        }
    for (int k = 0; k < p->taps; k++) area->target[k] = p->stride * (double)lane_sum(target[k]);
    for (int n = 0; n < p->taps * (p->taps + 1) / 2; n++) area->products[n] = p->stride * (double)lane_sum(products[n]);
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

/* Squared error that taps save in an area. */
static double gain_of(const Plane *p, const Area *area, const int8_t *taps) {
    double linear = 0, square = 0;
    int n = 0;
    for (int k = 0; k < p->taps; k++) {
        linear += area->target[k] * taps[k];
        for (int m = 0; m < k; m++) square += 2 * area->products[n++] * taps[k] * taps[m];
        square += area->products[n++] * taps[k] * taps[k];
    }
    return (2 * linear / 128 - square / (128 * 128)) * p->weight;
}

/* Solves the symmetric system by elimination and rounds the solution to taps. */
static void solve(const Plane *p, const Area *sum, int8_t *taps) {
    double a[TAPS][TAPS + 1], trace = 0;
    int t = p->taps;
    for (int k = 0, n = 0; k < t; k++)
        for (int m = 0; m <= k; m++, n++) a[k][m] = a[m][k] = sum->products[n];
    for (int k = 0; k < t; k++) trace += a[k][k];
    for (int k = 0; k < t; k++) {
        a[k][k] += 1e-3 * trace / t + 1;
        a[k][t] = sum->target[k];
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
    Area sum;
    memset(&sum, 0, sizeof sum);
    for (int a = 0; a < p->count; a++) {
        if (c->set[a] != set + 1) continue;
        for (int n = 0; n < PAIRS; n++) sum.products[n] += p->areas[a].products[n];
        for (int k = 0; k < TAPS; k++) sum.target[k] += p->areas[a].target[k];
    }
    memset(c->taps[set], 0, sizeof c->taps[set]);
    solve(p, &sum, c->taps[set]);
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
            double v = gain_of(p, &p->areas[a], c->taps[set - 1]) - price[set];
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

/* Areas by how busy they are, in as many groups of equal size as there are sets. */
static void start(const Plane *p, Choice *c) {
    for (int a = 0; a < p->count; a++) {
        int below = 0;
        int stride = 1 + p->count / 256;
        for (int b = 0; b < p->count; b += stride) below += p->areas[b].products[0] < p->areas[a].products[0];
        int of = (p->count - 1) / stride + 1, set = below * c->sets / of;
        c->set[a] = (uint8_t)(1 + (set < c->sets ? set : c->sets - 1));
    }
}

static void choose(const Plane *p, Choice *best, Choice *trial) {
    for (int sets = 1; sets <= LINC_MAX_FILTER_SETS && sets <= p->count; sets++) {
        trial->sets = sets;
        start(p, trial);
        for (int round = 0; round < ROUNDS; round++) {
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

LincStatus enc_choose_filter(EncSearch *s, int plane) {
    LincFrame *f = s->frame;
    Plane p = {s, plane, plane ? LINC_FILTER_TAPS_CHROMA : LINC_FILTER_TAPS_LUMA, f->filter_columns * f->filter_rows,
               s->effort.early > 1 ? 2 : 1, /* a hasty search looks at every second row */
               plane ? linc_filter_chroma : linc_filter_luma, NULL, s->weight[plane]};
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
