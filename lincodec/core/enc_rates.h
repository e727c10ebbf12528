/* What symbols cost, frozen: tables that the search reads. */
#ifndef LINC_ENC_RATES_H
#define LINC_ENC_RATES_H

#include <stddef.h>

#include "coefficients.h"

typedef struct EncRates {
    LincCosts costs;
    uint32_t remainder[4][4][LINC_REMAINDER_PREFIX + 1]; /* [kind][neighbours][value], the last one: an escape */
    uint32_t last[4][4][2][32];                          /* [kind][size][axis][coordinate] */
} EncRates;

/* `plain`: 1 where levels may be of samples; else what they cost is not set. */
void enc_rates_set(EncRates *rates, const LincStates *states, int plain);

/* Cost of a magnitude above 0 with its sign. `greater` is that of linc_ctx_greater. */
static inline uint32_t enc_magnitude_cost(const EncRates *rates, int kind, int greater, int sum, int magnitude) {
    const uint16_t *g1 = rates->costs.bit[LINC_CTX_GREATER_1 + greater];
    const uint16_t *g2 = rates->costs.bit[LINC_CTX_GREATER_2 + greater];
    if (magnitude == 1) return LINC_COST_BIT + g1[0];
    if (magnitude == 2) return LINC_COST_BIT + (uint32_t)g1[1] + g2[0];
    int around = sum <= 4 ? 0 : sum <= 8 ? 1 : sum <= 14 ? 2 : 3, rest = magnitude - 3;
    uint32_t cost = LINC_COST_BIT + (uint32_t)g1[1] + g2[1];
    if (rest < LINC_REMAINDER_PREFIX) return cost + rates->remainder[kind][around][rest];
    unsigned escape = (unsigned)(rest - LINC_REMAINDER_PREFIX + 1);
    int bits = 2 * (31 - __builtin_clz(escape)) + 1;
    return cost + rates->remainder[kind][around][LINC_REMAINDER_PREFIX] + (uint32_t)bits * LINC_COST_BIT;
}

#endif
