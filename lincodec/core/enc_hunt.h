/* Motion of one part of a leaf by estimates: merge candidates, one vector, two vectors. */
#ifndef LINC_ENC_HUNT_H
#define LINC_ENC_HUNT_H

#include "enc_search.h"

/* A way of moving a part, and its SATD with the price of its bits. */
typedef struct EncGuess {
    LincMotion motion;
    int8_t merge;      /* or LINC_MERGE_NONE */
    uint8_t predictor; /* as LincBlock.predictor */
    uint32_t estimate;
} EncGuess;

/* What was found for a part. Estimates that were not made are UINT32_MAX. */
typedef struct EncHunt {
    LincVector predictors[2][2];
    EncGuess one[2]; /* first, second reference */
    EncGuess both;
} EncHunt;

/* Luma of a part for a motion: where it lies, in the reference or in `buffer` (rows of LINC_UNIT). */
const LincSample *enc_predict_luma(const EncSearch *s, const LincPart *part, const LincMotion *motion,
                                   LincSample *buffer, ptrdiff_t *stride);

/* All planes of a part into a trial of a leaf of side `size`. */
void enc_predict_part(const EncSearch *s, EncTrial *trial, const LincPart *part, const LincMotion *motion);

/* Estimates of the first candidates of the merge list, `most` of them; returns how many there are. */
int enc_merge_guesses(EncSearch *s, const LincPart *part, int most, EncGuess guesses[LINC_MAX_MERGE]);

/* Searches vectors for a part. `hints`: merge candidates whose vectors are tried, and for each reference one more
 * vector in `more` (NULL without). */
void enc_hunt(EncSearch *s, const LincPart *part, const EncGuess *hints, int count, const LincVector more[2],
              EncHunt *hunt);

/* The better of two guesses. */
static inline const EncGuess *enc_better(const EncGuess *a, const EncGuess *b) {
    return b->estimate < a->estimate ? b : a;
}

#endif
