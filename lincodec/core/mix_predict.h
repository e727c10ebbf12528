/* The table that a magnitude would have had, predicted from what is around it (spec 7.5.6): a sum of terms to two
 * numbers, in part through a hidden layer. What a block or a frequency adds is summed once. */
#ifndef LINC_MIX_PREDICT_H
#define LINC_MIX_PREDICT_H

#include "mix.h"

/* Where a coefficient and what it depends on stand in the arrays. */
typedef struct LincMixSpot {
    const LincMixPlane *plane;
    int now, before, earlier; /* kept components: this one and those one and two ago */
    int32_t at, luma_at;      /* in arrays of the plane and of channel 0 */
} LincMixSpot;

typedef struct LincMixSum {
    int32_t unit[LINC_MIX_UNITS];
    int32_t said[2];
} LincMixSum;

typedef struct LincMixNet {
    const int32_t (*hidden)[LINC_MIX_UNITS];
    const int32_t (*output)[LINC_MIX_TERMS + LINC_MIX_UNITS + 1];
} LincMixNet;

static inline LincMixNet linc_mix_net(int plane, int pass) {
    LincMixNet net = {linc_mix_hidden[plane][pass], linc_mix_output[plane][pass]};
    return net;
}

static inline void linc_mix_add(LincMixSum *sum, LincMixNet net, int term, int32_t value) {
    if (!value) return;
    for (int i = 0; i < LINC_MIX_UNITS; i++) sum->unit[i] += net.hidden[term][i] * value;
    sum->said[0] += net.output[0][term] * value;
    sum->said[1] += net.output[1][term] * value;
}

/* What all coefficients of a block share. */
void linc_mix_predict_block(const LincMix *mix, int plane, int pass, int32_t at, LincMixSum *sum);

/* The index of the table, six tails for each size. */
int linc_mix_predict(const LincMix *mix, int plane, int pass, const LincMixSpot *spot, const LincMixSum *shared);

#endif
