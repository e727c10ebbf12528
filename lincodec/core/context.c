/* Context states: initial values, limits and costs (spec 8.12.5). */
#include "context.h"

#include <string.h>

const uint16_t linc_rates[LINC_COUNT_MAX + 1] = {
    43690, 26214, 18724, 14563, 11915, 10082, 8738, 7710, 6898, 6241, 5698, 5242, 4854, 4519, 4228, 3971,
    3744, 3542, 3360, 3196, 3048, 2912, 2788, 2674, 2570, 2473, 2383, 2299, 2221, 2148, 2080, 2016,
    1956, 1899, 1846, 1795, 1747, 1702, 1659, 1618, 1579, 1542, 1506, 1472, 1440, 1409, 1379, 1351,
    1323, 1297, 1272, 1248, 1224, 1202, 1180, 1159, 1139, 1120, 1101, 1083, 1065, 1048, 1032, 1016,
    1000, 985, 970, 956, 942, 929, 916, 903, 891, 879, 868, 856, 845, 834, 824, 814,
    804, 794, 784, 775, 766, 757, 748, 740, 732, 724, 716, 708, 700, 693, 686, 679,
    672, 665, 658, 652, 645, 639, 633, 627, 621, 615, 609, 604, 598, 593, 587, 582,
    577, 572, 567, 562, 557, 553, 548, 543, 539, 534, 530, 526, 522, 518, 514, 510};

void linc_states_reset(LincStates *states) {
    for (int i = 0; i < LINC_CONTEXTS; i++) {
        states->context[i].fast = states->context[i].slow = 32768;
        states->context[i].count = 0;
    }
}

void linc_states_limit(LincStates *states, int limit) {
    for (int i = 0; i < LINC_CONTEXTS; i++)
        if (states->context[i].count > limit) states->context[i].count = (uint16_t)limit;
}

uint32_t linc_cost_of(uint32_t probability) {
    uint32_t whole = 0;
    while (probability >> (whole + 1)) whole++;
    /* The mantissa in [1, 2) as 1.31 bits; squaring it gives one bit of the logarithm after the other. */
    uint64_t mantissa = (uint64_t)probability << (31 - whole);
    uint32_t fraction = 0;
    for (int i = 0; i < LINC_COST_SHIFT; i++) {
        mantissa = mantissa * mantissa >> 31;
        uint32_t bit = (uint32_t)(mantissa >> 32);
        mantissa >>= bit;
        fraction = fraction << 1 | bit;
    }
    return (16u << LINC_COST_SHIFT) - (whole << LINC_COST_SHIFT) - fraction;
}

/* As linc_cost_of, to 1/64 of its unit, by a polynomial for the logarithm of the mantissa: loops over it become
 * vectors, for it is done for every context again and again. */
static inline uint32_t quick_cost(uint32_t probability) {
    float value = (float)probability;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    float whole = (float)(int32_t)((bits >> 23) - 127);
    bits = (bits & 0x7fffff) | 127u << 23;
    memcpy(&value, &bits, sizeof value);
    float m = value - 1;
    float low = 1.4390930e-5f + m * (1.4415921f + m * -0.70725346f);
    float high = 0.41156149f + m * (-0.18983245f + m * 0.043928627f), log = low + m * m * m * high;
    return (uint32_t)((16 - whole - log) * (1 << LINC_COST_SHIFT) + 0.5f);
}

void linc_costs_set(LincCosts *costs, const LincStates *states) {
    enum { SOME = 64 };
    for (int first = 0; first < LINC_CONTEXTS; first += SOME) {
        int count = LINC_CONTEXTS - first < SOME ? LINC_CONTEXTS - first : SOME;
        uint32_t ones[SOME], cost[2][SOME];
        for (int i = 0; i < SOME; i++) ones[i] = 32768;
        for (int i = 0; i < count; i++) ones[i] = linc_probability(&states->context[first + i]);
        for (int i = 0; i < SOME; i++) cost[0][i] = quick_cost(65536 - ones[i]);
        for (int i = 0; i < SOME; i++) cost[1][i] = quick_cost(ones[i]);
        for (int i = 0; i < count; i++)
            for (int bit = 0; bit < 2; bit++) costs->bit[first + i][bit] = (uint16_t)cost[bit][i];
    }
}
