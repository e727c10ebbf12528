/* Motion search of a block in one reference. */
#ifndef LINC_ENC_MOTION_H
#define LINC_ENC_MOTION_H

#include <stddef.h>
#include <stdint.h>

#include "block.h"

/* Luma of a reference at the 16 quarter-sample positions, [4 * fraction of y + fraction of x]; each points at
 * the sample of position (0, 0) and has a margin. NULL where a position was not made. */
typedef struct EncPhases {
    const int16_t *plane[16];
    ptrdiff_t stride;
} EncPhases;

/* A block to be found, and what a vector for it costs. Vectors are in quarter samples. */
typedef struct EncAim {
    const int16_t *target;
    ptrdiff_t stride;
    const EncPhases *reference;
    int x, y, width, height;
    LincVector low, high;      /* vectors are searched between these */
    LincVector predictors[2];  /* a vector costs its difference to the nearer one */
    int price;                 /* of a bit, in sums of absolute differences, times 16 */
    int satd_shift;            /* of enc_satd; one more than for a picture where the target is doubled */
    int sad_shift;             /* 1 where the target is doubled (search of the second reference), else 0 */
    int patience;              /* steps at each fraction of a sample, 0: the fewest positions, -1: only halves */
} EncAim;

/* Bits that a vector difference takes, by estimate. */
int enc_vector_bits(LincVector v, const LincVector predictors[2]);

/* Which predictor is nearer. */
int enc_nearer_predictor(LincVector v, const LincVector predictors[2]);

/* Whether the reference was made at the fraction of a vector. */
static inline int enc_phase_made(const EncPhases *p, LincVector v) {
    return p->plane[4 * (v.y & 3) + (v.x & 3)] != NULL;
}

/* Place of the block at a vector in the reference. */
static inline const int16_t *enc_phase_at(const EncPhases *p, int x, int y, LincVector v) {
    return p->plane[4 * (v.y & 3) + (v.x & 3)] + (y + (v.y >> 2)) * p->stride + x + (v.x >> 2);
}

/* Best vector among `count` starts and what a search around the best one finds; returns its cost, a SATD with
 * the price of its bits. `wide` searches in a hexagon first. */
uint32_t enc_motion_search(const EncAim *aim, const LincVector *starts, int count, int wide, LincVector *best);

/* The same at fractions of a sample only, from a vector found before. */
uint32_t enc_motion_refine(const EncAim *aim, LincVector start, LincVector *best);

#endif
