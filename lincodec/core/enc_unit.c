/* The quadtree of a unit: a leaf against four smaller squares, at every size. */
#include "enc_importance.h"
#include "enc_residual.h"
#include "syntax.h"

/* Of a step a sample, in an estimate. */
static const double LITTLE = 0.5;

void enc_set_offset(EncSearch *s, int offset) {
    const EncScale *scale = &s->scales[offset + LINC_MAX_STEP_OFFSET];
    s->offset = scale->offset;
    s->price = scale->price;
    for (int k = 0; k < 3; k++) {
        s->step[k] = (float)scale->step[k];
        s->weight[k] = scale->weight[k];
    }
}

/* The mean of the offsets of the areas in a square. */
static void set_mean_offset(EncSearch *s, int x, int y, int size) {
    int columns = enc_areas(s->geometry->width), sum = 0, count = 0;
    if (!s->offsets) return;
    for (int row = y / ENC_AREA; row * ENC_AREA < y + size; row++)
        for (int column = x / ENC_AREA; column * ENC_AREA < x + size; column++, count++)
            sum += s->offsets[row * columns + column] + LINC_MAX_STEP_OFFSET;
    enc_set_offset(s, (2 * sum + count) / (2 * count) - LINC_MAX_STEP_OFFSET);
}

/* Best way to code a square as one leaf, left in the frame; returns its cost. */
static double search_leaf(EncSearch *s, int x, int y, int size_log2) {
    EncTrial **best = &s->best[size_log2 - 3];
    uint32_t estimate = UINT32_MAX;
    set_mean_offset(s, x, y, 1 << size_log2);
    (*best)->cost = 1e300;
    (*best)->block[0].skip = 0;
    if (s->frame->header.references) estimate = enc_inter_leaf(s, x, y, size_log2);
    /* Where motion leaves nothing to add, prediction inside the frame will not do better. */
    int done = (*best)->cost < 1e300 && (s->effort.early > 1 ? !(*best)->block[0].residual : (*best)->block[0].skip);
    /* A hasty search looks for it only where motion leaves much to add. */
    if (s->effort.early > 3 && estimate != UINT32_MAX)
        done |= (double)estimate < (double)s->step[0] * (double)(1 << (2 * size_log2)) * LITTLE;
    if (size_log2 < LINC_UNIT_LOG2 && !done) enc_intra_leaf(s, x, y, size_log2, estimate);
    if ((*best)->block[0].mode == LINC_MODE_INTER) enc_finish_inter(s, *best, size_log2);
    enc_commit(s, *best, x, y, size_log2);
    return (*best)->cost;
}

/* Whether smaller squares need not be tried. */
static int stop_here(const EncSearch *s, int size_log2, double cost) {
    const EncTrial *best = s->best[size_log2 - 3];
    if (s->effort.early < 1 || !best->block[0].skip) return 0;
    static const double shares[5] = {0, 0.02, 0.08, 0.2, 0.6}; /* bits a sample */
    return cost < s->lambda * LINC_COST_BIT * (double)(1 << (2 * size_log2)) * shares[s->effort.early];
}

static double search_square(EncSearch *s, int x, int y, int size_log2) {
    const LincGeometry *g = s->geometry;
    int size = 1 << size_log2, half = size >> 1;
    if (x >= g->width || y >= g->height) return 0;
    int whole = x + size <= g->width && y + size <= g->height;
    if (size_log2 == LINC_UNIT_LOG2 && !s->frame->header.references) whole = 0;
    double leaf = 1e300, four = 0;
    if (whole) {
        leaf = search_leaf(s, x, y, size_log2);
        if (size_log2 == LINC_CELL_LOG2) return leaf;
        const uint16_t *flag = s->rates.costs.bit[linc_ctx_split(s->frame, x, y, size_log2)];
        leaf += s->lambda * flag[0];
        four = s->lambda * flag[1];
        if (stop_here(s, size_log2, leaf)) return leaf;
    }
    for (int i = 0; i < 4 && four < leaf; i++)
        four += search_square(s, x + (i & 1) * half, y + (i >> 1) * half, size_log2 - 1);
    if (four < leaf) return four;
    enc_commit(s, s->best[size_log2 - 3], x, y, size_log2);
    return leaf;
}

void enc_unit(EncSearch *s, int x, int y) {
    search_square(s, x, y, LINC_UNIT_LOG2);
}
