/* The correction of a field that a match asks for, neighbouring cells held together (for spec 8.7). */
#ifndef LINC_FLOW_SOLVE_H
#define LINC_FLOW_SOLVE_H

#include "flow_match.h"

/* Adds to the field [2, rows, columns] what the sums of the level ask for. `step` and `sum` have its size. */
void linc_flow_solve(const LincFlowLevel *level, float *field, float *step, float *sum);

#endif
