/* Fixed tables of the mixing coder (spec 7.8). */
#ifndef LINC_MIX_TABLES_H
#define LINC_MIX_TABLES_H

#include <stdint.h>

enum {
    LINC_MIX_TERMS = 28, /* what a magnitude is predicted from */
    LINC_MIX_UNITS = 32, /* of the hidden layer */
    LINC_MIX_SIZES = 31, /* thresholds */
    LINC_MIX_TAILS = 5,
    LINC_MIX_UNIT_SHIFT = 8,
    LINC_MIX_LARGEST_UNIT = 1023
};

extern const int32_t linc_mix_hidden[3][2][LINC_MIX_TERMS + 1][LINC_MIX_UNITS]; /* plane, pass; the constant last */
extern const int32_t linc_mix_output[3][2][2][LINC_MIX_TERMS + LINC_MIX_UNITS + 1];
extern const int32_t linc_mix_sizes[LINC_MIX_SIZES], linc_mix_tails[LINC_MIX_TAILS];
extern const uint32_t linc_mix_usual[(LINC_MIX_SIZES + 1) * (LINC_MIX_TAILS + 1)][16];
extern const uint8_t linc_mix_root[16];
extern const int32_t linc_mix_bounds[8];

#endif
