/* Prediction of the table of a magnitude (spec 7.5.6). */
#include "mix_predict.h"

void linc_mix_predict_block(const LincMix *mix, int plane, int pass, int32_t at, LincMixSum *sum) {
    const LincMixPlane *p = &mix->plane[plane];
    const uint8_t *here = p->classes[linc_mix_slot(mix, 0)] + at;
    LincMixNet net = linc_mix_net(plane, pass);
    int row = mix->class_row;
    for (int i = 0; i < LINC_MIX_UNITS; i++) sum->unit[i] = net.hidden[LINC_MIX_TERMS][i];
    for (int i = 0; i < 2; i++) sum->said[i] = net.output[i][LINC_MIX_TERMS + LINC_MIX_UNITS];
    linc_mix_add(sum, net, 20, 16 * here[0]);
    linc_mix_add(sum, net, 24, 8 * linc_mix_min(mix->component, 15));
    linc_mix_add(sum, net, 25, 4 * (here[-1] + here[1] + here[-row] + here[row]));
    linc_mix_add(sum, net, 26, 16 * p->classes[linc_mix_slot(mix, 1)][at]);
    if (plane) linc_mix_add(sum, net, 27, 16 * mix->plane[0].classes[linc_mix_slot(mix, 0)][at]);
}

/* Terms of the block itself and of the blocks beside it. */
static void add_own(LincMixSum *sum, LincMixNet net, int pass, const LincMixSpot *spot) {
    const uint8_t *root = spot->plane->root[spot->now] + spot->at;
    const uint8_t *around = spot->plane->around[spot->now] + spot->at;
    int v = spot->plane->at_v, u = spot->plane->at_u;
    linc_mix_add(sum, net, 0, root[-v]);
    linc_mix_add(sum, net, 1, root[-u]);
    linc_mix_add(sum, net, 2, root[-v - u]);
    linc_mix_add(sum, net, 3, root[-2 * v]);
    linc_mix_add(sum, net, 4, root[-2 * u]);
    linc_mix_add(sum, net, 5, root[-2 * v - u] + root[-v - 2 * u]);
    linc_mix_add(sum, net, 12, around[-v]);
    linc_mix_add(sum, net, 13, around[-u]);
    if (pass) linc_mix_add(sum, net, 14, around[0]);
}

/* Terms of the two components before. */
static void add_earlier(LincMixSum *sum, LincMixNet net, const LincMixSpot *spot) {
    const uint8_t *root = spot->plane->root[spot->before] + spot->at;
    int v = spot->plane->at_v, u = spot->plane->at_u;
    linc_mix_add(sum, net, 6, root[0]);
    linc_mix_add(sum, net, 7, spot->plane->root[spot->earlier][spot->at]);
    linc_mix_add(sum, net, 8, spot->plane->around[spot->before][spot->at]);
    linc_mix_add(sum, net, 9, root[v] + root[u]);
    linc_mix_add(sum, net, 10, root[-v] + root[-u]);
    linc_mix_add(sum, net, 11, spot->plane->around[spot->earlier][spot->at]);
}

/* Terms of the planes before. */
static void add_planes(LincMixSum *sum, LincMixNet net, const LincMix *mix, int plane, const LincMixSpot *spot) {
    const LincMixPlane *luma = &mix->plane[0];
    const uint8_t *root = luma->root[spot->now] + spot->luma_at;
    linc_mix_add(sum, net, 15, root[0]);
    linc_mix_add(sum, net, 16, luma->around[spot->now][spot->luma_at]);
    linc_mix_add(sum, net, 17, root[-luma->at_v] + root[luma->at_v] + root[-luma->at_u] + root[luma->at_u]);
    if (plane < 2) return;
    linc_mix_add(sum, net, 18, mix->plane[1].root[spot->now][spot->at]);
    linc_mix_add(sum, net, 19, mix->plane[1].around[spot->now][spot->at]);
}

static int rank(const int32_t *thresholds, int count, int32_t number) {
    int low = 0;
    while (low < count) {
        int middle = (low + count) / 2;
        if (thresholds[middle] <= number)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

int linc_mix_predict(const LincMix *mix, int plane, int pass, const LincMixSpot *spot, const LincMixSum *shared) {
    LincMixSum sum = *shared;
    LincMixNet net = linc_mix_net(plane, pass);
    add_own(&sum, net, pass, spot);
    add_earlier(&sum, net, spot);
    if (plane) add_planes(&sum, net, mix, plane, spot);
    for (int i = 0; i < LINC_MIX_UNITS; i++) {
        int32_t unit = sum.unit[i] >> LINC_MIX_UNIT_SHIFT;
        unit = unit < 0 ? 0 : linc_mix_min(unit, LINC_MIX_LARGEST_UNIT);
        sum.said[0] += net.output[0][LINC_MIX_TERMS + i] * unit;
        sum.said[1] += net.output[1][LINC_MIX_TERMS + i] * unit;
    }
    return rank(linc_mix_sizes, LINC_MIX_SIZES, sum.said[0]) * (LINC_MIX_TAILS + 1) +
           rank(linc_mix_tails, LINC_MIX_TAILS, sum.said[1]);
}
