/* How two planes match along a field: what a correction of it is solved from (for spec 8.7). */
#ifndef LINC_FLOW_MATCH_H
#define LINC_FLOW_MATCH_H

#include "enc_flow_grid.h"

enum { LINC_FLOW_SUMS = 5 }; /* dx dx, dx dy, dy dy, dx error, dy error: weighted means around a cell */

/* Memory of one level. */
typedef struct LincFlowLevel {
    const float *first, *second; /* [height, width] */
    int height, width;
    LincFlowAxis down, across;
    float *mean, *error;         /* [height, width] */
    float *line;                 /* [4 width] */
    int32_t *places;             /* [width] */
    float *rows;                 /* [2, LINC_FLOW_SUMS, width] */
    float *sums;                 /* [LINC_FLOW_SUMS, rows + 1, columns + 1] */
} LincFlowLevel;

/* Both planes as the field [2, rows, columns] sees them from halfway: their mean and what they differ by. */
void linc_flow_warp(LincFlowLevel *level, const float *field);

/* The sums of every cell, from `mean` and `error`. */
void linc_flow_gather(LincFlowLevel *level);

#endif
