/* The mixing coder's tables and what it knows before the first decision (spec 7.5.2). */
#include "mix_model.h"

#include <string.h>

#include "mix_tables.h"

/* e^(x / 256) by repeated multiplication in fixed point, so that every machine has the same table. */
static void fill_scale(LincMixModel *model) {
    uint64_t power = 1 << 24;
    for (int x = 0; x <= LINC_MIX_FAR; x++) {
        int32_t p = (int32_t)((power << 16) / (power + (1 << 24)));
        if (p > 65520) p = 65520;
        model->squash[LINC_MIX_FAR + x] = p;
        model->squash[LINC_MIX_FAR - x] = 65536 - p;
        power += power * 65664 >> 24;
    }
    int x = -2047;
    for (int i = 0; i < 4096; i++) {
        while (x < 2047 && model->squash[LINC_MIX_FAR + x] < 16 * i + 8) x++;
        model->stretch[i] = (int16_t)x;
    }
    for (int seen = 0; seen <= LINC_MIX_SEEN_MAX; seen++) model->rate[seen] = 655360 / (10 * seen + 16);
}

/* What the tables of earlier files say of a magnitude above `step`, as a slot that has seen a hundred. */
static uint32_t usual(const uint32_t *table, int step) {
    uint64_t from = 0, above = 0;
    for (int i = step; i < 16; i++) from += table[i];
    for (int i = step + 1; i < 16; i++) above += table[i];
    return (uint32_t)((above * (LINC_MIX_ONE - 1)) / from) << 10 | 100;
}

static void fill_weights(LincMixModel *model, int from, int to, int32_t weight) {
    for (int set = from; set < to; set++)
        for (int i = 0; i < LINC_MIX_INPUTS; i++) model->weights[set].weight[i] = weight;
}

void linc_mix_model_reset(LincMixModel *model) {
    memset(model, 0, sizeof *model);
    fill_scale(model);
    for (int i = 0; i < LINC_MIX_SLOTS; i++) model->slot[i] = (uint32_t)LINC_MIX_ONE / 2 << 10;
    for (int plane = 0; plane < 3; plane++)
        for (int id = 0; id < 192; id++) {
            const uint32_t *table = linc_mix_usual[id];
            model->slot[LINC_MIX_ZERO + plane * 192 + id] = usual(table, 0);
            for (int step = 1; step < 8; step++)
                model->slot[LINC_MIX_STEP + (plane * 7 + step - 1) * 192 + id] = usual(table, step);
        }
    fill_weights(model, 0, LINC_MIX_SETS, 65536 / 5);
    fill_weights(model, LINC_MIX_BY_EMPTY, LINC_MIX_BY_CLASS, 65536);
    fill_weights(model, LINC_MIX_BY_ESCAPE, LINC_MIX_BY_SIGN, 65536);
    fill_weights(model, LINC_MIX_BY_FIRST_BIT, LINC_MIX_BY_FIRST_SIGN, 65536);
}
