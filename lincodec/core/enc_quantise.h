/* Quantisation that weighs the error of every level against its bits. */
#ifndef LINC_ENC_QUANTISE_H
#define LINC_ENC_QUANTISE_H

#include "enc_rates.h"

/* Working space of one quantisation. */
typedef struct EncQuantiser {
    float scaled[32 * 32];      /* magnitudes in steps, transposed */
    int16_t levels[34 * 34];    /* magnitudes with two columns and rows of zeros behind */
    float peak[64], energy[64]; /* largest magnitude and squares of each group, [x of group][y of group] */
    uint8_t coded[9][9];        /* groups that have levels, [y][x] */
    struct EncCandidate {       /* a coefficient that might be the last one */
        uint8_t group, place;
        float before, after;    /* cost of everything ahead of it, and what it need not pay */
    } candidates[32 * 32];
    int count;
    int hiding;                 /* 1: signs are hidden */
} EncQuantiser;

/* What a transform came to. */
typedef struct EncCoded {
    float error;   /* squared error in steps */
    uint32_t cost; /* bits of the levels in 1/1024 */
    int coded;     /* 0: no levels are left */
} EncCoded;

/* Levels of a transform of side 1 << size_log2, row by row, from its transposed coefficients.
 *
 * `lambda` is the price of 1/1024 bit in squared steps, `rdo` 0 rounds with a dead zone instead. Where nothing is
 * left, `levels` is not written. */
EncCoded enc_quantise(EncQuantiser *q, const EncRates *rates, const float *coefficients, int size_log2, int kind,
                      float step, float lambda, int rdo, int16_t *levels, ptrdiff_t stride);

#endif
