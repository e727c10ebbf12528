/* Tables of costs made from context states. */
#include "enc_rates.h"

static void set_remainders(EncRates *rates, int kinds) {
    for (int kind = 0; kind < kinds; kind++)
        for (int around = 0; around < 4; around++) {
            static const int sums[4] = {0, 5, 9, 15};
            uint32_t ones = 0;
            for (int i = 0; i < LINC_REMAINDER_PREFIX; i++) {
                const uint16_t *cost = rates->costs.bit[linc_ctx_remainder(kind, sums[around], i)];
                rates->remainder[kind][around][i] = ones + cost[0];
                ones += cost[1];
            }
            rates->remainder[kind][around][LINC_REMAINDER_PREFIX] = ones;
        }
}

static void set_lasts(EncRates *rates, int kind, int size_log2, int axis) {
    uint32_t *last = rates->last[kind][size_log2 - 2][axis];
    int n = 1 << size_log2, most = linc_last_class[n - 1];
    for (int v = 0; v < n; v++) {
        int class = linc_last_class[v];
        uint32_t cost = (uint32_t)linc_last_extra(class) * LINC_COST_BIT;
        for (int i = 0; i < class; i++) cost += rates->costs.bit[linc_ctx_last(kind, size_log2, axis, i)][1];
        if (class < most) cost += rates->costs.bit[linc_ctx_last(kind, size_log2, axis, class)][0];
        last[v] = cost;
    }
}

void enc_rates_set(EncRates *rates, const LincStates *states, int plain) {
    int kinds = plain ? 4 : 2;
    linc_costs_set(&rates->costs, states);
    set_remainders(rates, kinds);
    for (int kind = 0; kind < kinds; kind++)
        for (int size_log2 = 2; size_log2 <= 5; size_log2++)
            for (int axis = 0; axis < 2; axis++) set_lasts(rates, kind, size_log2, axis);
}
