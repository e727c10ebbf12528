/* Pictures between two others (spec 8.7.2, 8.7.3). */
#ifndef LINC_BETWEEN_H
#define LINC_BETWEEN_H

#include "flow.h"

/* The cell that lies where a vector leads from the middle of cell (row, column); the outer ones go on. */
static inline ptrdiff_t linc_between_cell(const LincFlowGrid *grid, int row, int column, int64_t x, int64_t y) {
    int64_t unit = (int64_t)grid->side << LINC_FLOW_UNIT_LOG2;
    int64_t r = row + linc_flow_nearest(y, unit), c = column + linc_flow_nearest(x, unit);
    r = r < 0 ? 0 : r >= grid->rows ? grid->rows - 1 : r;
    c = c < 0 ? 0 : c >= grid->columns ? grid->columns - 1 : c;
    return (ptrdiff_t)(r * grid->columns + c);
}

/* Whether a job can be done. */
int linc_between_is_known(const LincBetween *job);

#endif
