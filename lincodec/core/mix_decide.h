/* One decision of the mixing coder, read or written; what both sides share is included by both (spec 7.5.2). */
#ifndef LINC_MIX_DECIDE_H
#define LINC_MIX_DECIDE_H

#include "mix.h"

static const uint8_t linc_mix_coarse[16] = {0, 1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5};
static const uint8_t linc_mix_fine[41] = {0, 1, 2, 3, 4, 5, 5, 6, 6, 7,  7,  7,  8,  8,  8,  8,  9,  9,  9,  9, 9,
                                          9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 11};

/* 6 and 12 ranges of numbers from 0. */
static inline int linc_mix_six(int32_t x) {
    return linc_mix_coarse[linc_mix_min(x, 15)];
}

static inline int linc_mix_twelve(int32_t x) {
    return linc_mix_fine[linc_mix_min(x, 40)];
}

/* Four ranges an octave, 64 in all. */
static inline int linc_mix_range(int64_t x) {
    int64_t number = x + 16;
    int octave = 4;
    while (number >> (octave + 1)) octave++;
    int range = (octave - 4) * 4 + (int)(number >> (octave - 2) & 3);
    return range < 63 ? range : 63;
}

LINC_MIX_INLINE int linc_mix_decide(LincMix *mix, const LincMixChoice *choice, int bit, const int mode) {
    LincMixGuess guess;
    linc_mix_guess(&mix->model, choice, &guess);
    if (mode == LINC_MIX_WEIGH) {
        mix->cost[0] = linc_cost_of(65536 - (uint32_t)guess.both);
        mix->cost[1] = linc_cost_of((uint32_t)guess.both);
        return bit;
    }
    if (mode == LINC_MIX_READ)
        bit = linc_mix_get(&mix->reader, (uint32_t)guess.both);
    else
        linc_mix_put(&mix->writer, (uint32_t)guess.both, bit);
    linc_mix_learn(&mix->model, choice, &guess, bit);
    return bit;
}

/* `count` bits of equal probability. */
LINC_MIX_INLINE uint32_t linc_mix_plain(LincMix *mix, int count, uint32_t value, const int mode) {
    if (!count) return 0;
    if (mode == LINC_MIX_READ) return linc_rans_raw(&mix->reader, count);
    linc_rans_put_raw(&mix->writer, count, value & ((1u << count) - 1));
    return value & ((1u << count) - 1);
}

#endif
