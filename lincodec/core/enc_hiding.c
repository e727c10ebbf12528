/* Hidden signs: where a group's parity does not say the sign of its last level, the cheapest level changes by one
 * (rule of the parity: spec 8.12.7). */
#include "enc_hiding.h"

#include "coefficients.h"

enum { ROW = 34 }; /* of EncQuantiser.levels */

/* A group whose signs are looked at. */
typedef struct Group {
    EncQuantiser *q;
    const EncRates *rates;
    int size_log2, kind, x, y, highest, lowest;
    float lambda;
} Group;

/* Costs of a coefficient at levels v and v + change, in squared steps: the difference. */
static float change_cost(const Group *g, int k, int change) {
    int x = g->x + (linc_scan_4[k] & 15), y = g->y + (linc_scan_4[k] >> 4), n = 1 << g->size_log2;
    const int16_t *at = g->q->levels + y * ROW + x;
    int t1 = at[1], t2 = at[2], t3 = at[ROW], t4 = at[2 * ROW], t5 = at[ROW + 1], sum = t1 + t2 + t3 + t4 + t5;
    int nonzero = (t1 > 0) + (t2 > 0) + (t3 > 0) + (t4 > 0) + (t5 > 0), v = at[0], w = v + change;
    int greater = linc_ctx_greater(g->kind, x + y, sum, nonzero);
    const uint16_t *flag = g->rates->costs.bit[linc_ctx_significant(g->kind, g->size_log2, x + y, sum)];
    float u = g->q->scaled[x * n + y], before = u - (float)v, after = u - (float)w;
    float bits = (float)flag[w > 0] - (float)flag[v > 0];
    if (w) bits += (float)enc_magnitude_cost(g->rates, g->kind, greater, sum, w);
    if (v) bits -= (float)enc_magnitude_cost(g->rates, g->kind, greater, sum, v);
    return after * after - before * before + g->lambda * bits;
}

/* Changes the level for which that is cheapest. The first and last levels stay, so that the sign stays hidden. */
static float fix_parity(const Group *g) {
    float best = 3e38f;
    int place = -1, change = 0;
    for (int k = g->highest; k >= g->lowest; k--) {
        int x = g->x + (linc_scan_4[k] & 15), y = g->y + (linc_scan_4[k] >> 4), v = g->q->levels[y * ROW + x];
        for (int d = -1; d <= 1; d += 2) {
            if (v + d < 0 || (v + d == 0 && (k == g->highest || k == g->lowest))) continue;
            float cost = change_cost(g, k, d);
            if (cost >= best) continue;
            best = cost;
            place = k;
            change = d;
        }
    }
    int16_t *at = g->q->levels + (g->y + (linc_scan_4[place] >> 4)) * ROW + g->x + (linc_scan_4[place] & 15);
    *at = (int16_t)(*at + change);
    return best;
}

float enc_hide_signs(EncQuantiser *q, const EncRates *rates, const float *coefficients, int size_log2, int kind,
                     float lambda) {
    int n = 1 << size_log2;
    float saved = 0;
    for (int y = 0; y < n; y += 4)
        for (int x = 0; x < n; x += 4) {
            if (!q->coded[y >> 2][x >> 2]) continue;
            Group g = {q, rates, size_log2, kind, x, y, -1, 16, lambda};
            int total = 0;
            for (int k = 0; k < 16; k++) {
                int v = q->levels[(y + (linc_scan_4[k] >> 4)) * ROW + x + (linc_scan_4[k] & 15)];
                if (!v) continue;
                g.highest = k;
                if (g.lowest == 16) g.lowest = k;
                total += v;
            }
            if (g.highest - g.lowest < LINC_HIDING_SPAN) continue;
            int place = linc_scan_4[g.lowest];
            int negative = coefficients[(x + (place & 15)) * n + y + (place >> 4)] < 0;
            saved += lambda * LINC_COST_BIT;
            if ((total & 1) != negative) saved -= fix_parity(&g);
        }
    return saved;
}
