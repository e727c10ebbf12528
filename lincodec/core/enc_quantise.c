/* Rate-distortion optimised quantisation over the scan of a transform (its order and contexts: spec 8.12.7). */
#include "enc_quantise.h"

#include <string.h>

#include "enc_hiding.h"
#include "syntax.h"

enum { ROW = 34 }; /* of EncQuantiser.levels */

static const float LARGEST = 32000; /* level */

/* The walk over one transform. Costs are in squared steps. */
typedef struct Walk {
    EncQuantiser *q;
    const EncRates *rates;
    int size_log2, n, kind;
    float lambda;
    float total;  /* cost of everything so far */
    float head;   /* energy of everything so far: its cost if the last coefficient comes after it */
} Walk;

static inline float larger(float a, float b) {
    return a > b ? a : b;
}

/* Whether a magnitude is at least `least` steps. */
static int any_above(const float *coefficients, int n, float inverse, float least) {
    enum { SOME = 16 };
    float most[SOME] = {0}, whole = 0;
    for (int i = 0; i < n * n; i += SOME)
        for (int k = 0; k < SOME; k++) {
            float v = coefficients[i + k];
            v = v < 0 ? -v : v;
            most[k] = larger(most[k], v);
        }
    for (int k = 0; k < SOME; k++) whole = larger(whole, most[k]);
    return whole * inverse >= least;
}

/* Magnitudes in steps, the largest one and the energy of each group. Returns the whole energy. */
static float scale(EncQuantiser *q, const float *coefficients, int n, float inverse) {
    float whole = 0;
    for (int i = 0; i < n * n; i++) {
        float v = coefficients[i] * inverse;
        v = v < 0 ? -v : v;
        q->scaled[i] = v < LARGEST ? v : LARGEST;
    }
    for (int x = 0; x < n; x += 4) {
        const float *in = q->scaled + x * n;
        float peak[32], energy[32];
        for (int y = 0; y < n; y++) {
            float p = larger(in[y], in[n + y]), r = larger(in[2 * n + y], in[3 * n + y]);
            peak[y] = larger(p, r);
            energy[y] = (in[y] * in[y] + in[n + y] * in[n + y]) +
                        (in[2 * n + y] * in[2 * n + y] + in[3 * n + y] * in[3 * n + y]);
        }
        for (int y = 0; y < n; y += 4) {
            int group = (x >> 2) * (n >> 2) + (y >> 2);
            q->peak[group] = larger(larger(peak[y], peak[y + 1]), larger(peak[y + 2], peak[y + 3]));
            q->energy[group] = (energy[y] + energy[y + 1]) + (energy[y + 2] + energy[y + 3]);
            whole += q->energy[group];
        }
    }
    return whole;
}

/* Last group of the scan with a magnitude of at least `least`, or -1. */
static int last_group(const EncQuantiser *q, int size_log2, float least) {
    const uint8_t *groups = linc_scan_groups[size_log2 - 2];
    int side = 1 << (size_log2 - 2);
    for (int g = side * side - 1; g >= 0; g--)
        if (q->peak[(groups[g] & 15) * side + (groups[g] >> 4)] >= least) return g;
    return -1;
}

/* Best magnitude of one coefficient with scaled magnitude `u`; returns what it costs. */
static float choose(const Walk *w, float u, int diagonal, int16_t *at, float *magnitude_only) {
    int t1 = at[1], t2 = at[2], t3 = at[ROW], t4 = at[2 * ROW], t5 = at[ROW + 1], sum = t1 + t2 + t3 + t4 + t5;
    const uint16_t *significant =
        w->rates->costs.bit[linc_ctx_significant(w->kind, w->size_log2, diagonal, sum)];
    int level = (int)(u + 0.5f);
    float zero = u * u + w->lambda * significant[0];
    if (!level) return zero;
    int nonzero = (t1 > 0) + (t2 > 0) + (t3 > 0) + (t4 > 0) + (t5 > 0);
    int greater = linc_ctx_greater(w->kind, diagonal, sum, nonzero);
    float one = w->lambda * significant[1], best = 3e38f;
    for (int v = level; v >= 1 && v >= level - 1; v--) {
        float error = u - (float)v;
        float cost = error * error + w->lambda * (float)enc_magnitude_cost(w->rates, w->kind, greater, sum, v);
        if (cost + one < best) {
            best = cost + one;
            *magnitude_only = cost;
            *at = (int16_t)v;
        }
    }
    if (level <= 2 && zero < best) {
        *at = 0;
        return zero;
    }
    return best;
}

/* One group; `first` is the place in it where its scan starts. */
static void walk_group(Walk *w, int g, int place, int first, int top) {
    EncQuantiser *q = w->q;
    int gx = place & 15, gy = place >> 4, n = w->n, count = q->count, any = 0;
    const uint16_t *flag = NULL;
    if (!top && g > 0)
        flag = w->rates->costs.bit[linc_ctx_group(w->kind, w->size_log2, q->coded[gy][gx + 1], q->coded[gy + 1][gx])];
    float group = flag ? w->lambda * flag[1] : 0, energy = q->energy[gx * (n >> 2) + gy];
    if (flag && q->peak[gx * (n >> 2) + gy] < 0.5f) {
        w->head += energy;
        w->total += energy + w->lambda * flag[0];
        return;
    }
    energy = 0;
    for (int k = first; k >= 0; k--) {
        int x = 4 * gx + (linc_scan_4[k] & 15), y = 4 * gy + (linc_scan_4[k] >> 4);
        float u = q->scaled[x * n + y], bare = 0;
        int16_t *at = q->levels + y * ROW + x;
        group += choose(w, u, x + y, at, &bare);
        energy += u * u;
        if (*at) {
            any = 1;
            q->candidates[q->count++] =
                (struct EncCandidate){(uint8_t)g, (uint8_t)k, w->head + energy - u * u, w->total + group - bare};
        }
    }
    w->head += energy;
    if (flag && (!any || energy + w->lambda * flag[0] < group)) {
        for (int k = 0; k < 16; k++)
            q->levels[(4 * gy + (linc_scan_4[k] >> 4)) * ROW + 4 * gx + (linc_scan_4[k] & 15)] = 0;
        q->count = count;
        any = 0;
        group = energy + w->lambda * flag[0];
    }
    q->coded[gy][gx] = (uint8_t)any;
    w->total += group;
}

/* Sets the levels behind the best last coefficient to zero; returns the cost of all, or less than 0 if none is left. */
static float cut(const Walk *w, int top) {
    EncQuantiser *q = w->q;
    const uint8_t *groups = linc_scan_groups[w->size_log2 - 2];
    float best = 3e38f;
    int at = -1;
    for (int i = 0; i < q->count; i++) {
        const struct EncCandidate *c = &q->candidates[i];
        int place = groups[c->group], k = linc_scan_4[c->place];
        int x = 4 * (place & 15) + (k & 15), y = 4 * (place >> 4) + (k >> 4);
        const uint32_t(*last)[32] = w->rates->last[w->kind][w->size_log2 - 2];
        float cost = c->before + w->total - c->after + w->lambda * (float)(last[0][x] + last[1][y]);
        if (cost < best) {
            best = cost;
            at = i;
        }
    }
    if (at < 0) return -1;
    for (int g = top; g >= q->candidates[at].group; g--) {
        int end = g == q->candidates[at].group ? q->candidates[at].place + 1 : 0;
        for (int k = 15; k >= end; k--)
            q->levels[(4 * (groups[g] >> 4) + (linc_scan_4[k] >> 4)) * ROW + 4 * (groups[g] & 15) +
                      (linc_scan_4[k] & 15)] = 0;
    }
    return best;
}

/* Rounds towards zero with a dead zone, without a look at the bits; returns 0, or -1 if no level is left. */
static float round_all(EncQuantiser *q, int n) {
    int any = 0;
    memset(q->coded, 0, sizeof q->coded);
    for (int x = 0; x < n; x++)
        for (int y = 0; y < n; y++) {
            int v = (int)(q->scaled[x * n + y] + 0.36f);
            q->levels[y * ROW + x] = (int16_t)v;
            q->coded[y >> 2][x >> 2] |= v != 0;
            any |= v;
        }
    return any ? 0 : -1;
}

/* Returns the cost of the whole transform, or less than 0 if no level is left. */
static float optimise(EncQuantiser *q, const EncRates *rates, int size_log2, int kind, float lambda, int top) {
    const uint8_t *groups = linc_scan_groups[size_log2 - 2];
    int n = 1 << size_log2, side = n >> 2, place = groups[top], first = 15;
    memset(q->coded, 0, sizeof q->coded);
    q->count = 0;
    Walk w = {q, rates, size_log2, n, kind, lambda, 0, 0};
    for (; first > 0; first--) {
        int x = 4 * (place & 15) + (linc_scan_4[first] & 15), y = 4 * (place >> 4) + (linc_scan_4[first] >> 4);
        float u = q->scaled[x * n + y];
        if (u >= 0.5f) break;
        w.head += u * u;
    }
    for (int g = side * side - 1; g > top; g--) w.head += q->energy[(groups[g] & 15) * side + (groups[g] >> 4)];
    w.total = w.head;
    for (int g = top; g >= 0; g--) walk_group(&w, g, groups[g], g == top ? first : 15, g == top);
    return cut(&w, top);
}

/* Signed levels of one group; returns how they change the squared error. */
static float write_group(const EncQuantiser *q, const float *coefficients, int n, int gx, int gy, int16_t *levels,
                         ptrdiff_t stride) {
    float change = 0;
    for (int x = gx; x < gx + 4; x++)
        for (int y = gy; y < gy + 4; y++) {
            int v = q->levels[y * ROW + x];
            if (!v) continue;
            float u = q->scaled[x * n + y], error = u - (float)v;
            change += error * error - u * u;
            levels[y * stride + x] = (int16_t)(coefficients[x * n + y] < 0 ? -v : v);
        }
    return change;
}

EncCoded enc_quantise(EncQuantiser *q, const EncRates *rates, const float *coefficients, int size_log2, int kind,
                      float step, float lambda, int rdo, int16_t *levels, ptrdiff_t stride) {
    int n = 1 << size_log2;
    float least = rdo ? 0.5f : 0.64f;
    EncCoded out = {0, 0, 0};
    if (!any_above(coefficients, n, 1 / step, least)) return out;
    out.error = scale(q, coefficients, n, 1 / step);
    int top = last_group(q, size_log2, least);
    for (int y = 0; y < n + 2; y++) memset(q->levels + y * ROW, 0, (size_t)(n + 2) * sizeof(int16_t));
    float cost = rdo ? optimise(q, rates, size_log2, kind, lambda, top) : round_all(q, n);
    out.coded = cost >= 0;
    if (!out.coded) return out;
    float saved = q->hiding ? enc_hide_signs(q, rates, coefficients, size_log2, kind, lambda) : 0;
    for (int y = 0; y < n; y++) memset(levels + y * stride, 0, (size_t)n * sizeof *levels);
    for (int y = 0; y < n; y += 4)
        for (int x = 0; x < n; x += 4)
            if (q->coded[y >> 2][x >> 2]) out.error += write_group(q, coefficients, n, x, y, levels, stride);
    if (rdo)
        out.cost = cost - saved > out.error ? (uint32_t)((cost - saved - out.error) / lambda) : 0;
    else
        out.cost = linc_cost_levels(levels, stride, size_log2, kind, &rates->costs);
    return out;
}
