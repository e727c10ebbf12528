/* The correction of a field that a match asks for, neighbouring cells held together (for spec 8.7). */
#ifndef LINC_FLOW_SOLVE_H
#define LINC_FLOW_SOLVE_H

#include "enc_flow_match.h"

/* Memory for it. */
typedef struct LincFlowHeld {
    float *step;   /* [2, rows, columns] */
    float *sum;    /* [2, rows + 2, columns + 2]: field and step, edges repeated */
    float *across; /* [rows, columns + 1]: weights between neighbours in a row, */
    float *down;   /* [rows + 1, columns]: and in a column */
} LincFlowHeld;

/* Adds to the field [2, rows, columns] what the sums of the level ask for. */
void linc_flow_solve(const LincFlowLevel *level, float *field, LincFlowHeld *held);

#endif
