/* Values on the cells of a grid that covers a plane evenly (spec 8.7). */
#ifndef LINC_FLOW_GRID_H
#define LINC_FLOW_GRID_H

#include <stdint.h>

/* Where the samples of an axis lie between the middles of its cells. */
typedef struct LincFlowAxis {
    int32_t *left; /* [size]: the cell before, */
    float *share;  /* [size]: how far on to the next one, 0 to 1 */
    float *weight; /* [cells + 1]: of all samples in a cell */
    int size, cells;
} LincFlowAxis;

/* Past the last sample that lies between the same middles as `x`. */
static inline int linc_flow_run(const LincFlowAxis *axis, int x) {
    int left = axis->left[x];
    while (x < axis->size && axis->left[x] == left) x++;
    return x;
}

/* Fills `left`, `share` and `weight`, which have room. */
void linc_flow_axis_set(LincFlowAxis *axis, int size, int cells);

/* `in` [rows, columns] at the middles of the cells of another grid, times `factor`. */
void linc_flow_regrid(const float *in, int rows, int columns, float factor, float *out, int new_rows, int new_columns);

/* 1 / sqrt(x) of x > 0, the same on every machine. */
static inline float linc_flow_inverse_root(float x) {
    union {
        float number;
        uint32_t bits;
    } guess = {x};
    guess.bits = 0x5f375a86u - (guess.bits >> 1);
    float half = 0.5f * x, y = guess.number;
    for (int i = 0; i < 3; i++) y *= 1.5f - half * y * y;
    return y;
}

#endif
