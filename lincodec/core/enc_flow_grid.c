/* Values on the cells of a grid that covers a plane evenly (spec 8.7). */
#include "enc_flow_grid.h"

/* The place of sample `i` of `size` in cells: between the middles of the outer ones. */
static int place(int i, int size, int cells, float *share) {
    double at = (i + 0.5) * cells / size - 0.5;
    at = at < 0 ? 0 : at > cells - 1 ? cells - 1 : at;
    int left = (int)at;
    if (left > cells - 2) left = cells < 2 ? 0 : cells - 2;
    *share = (float)(at - left);
    return left;
}

void linc_flow_axis_set(LincFlowAxis *axis, int size, int cells) {
    axis->size = size;
    axis->cells = cells;
    for (int c = 0; c <= cells; c++) axis->weight[c] = 0;
    for (int i = 0; i < size; i++) {
        int left = axis->left[i] = place(i, size, cells, &axis->share[i]);
        axis->weight[left] += 1 - axis->share[i];
        axis->weight[left + 1] += axis->share[i];
    }
}

void linc_flow_regrid(const float *in, int rows, int columns, float factor, float *out, int new_rows,
                      int new_columns) {
    for (int r = 0; r < new_rows; r++)
        for (int c = 0; c < new_columns; c++) {
            float down, across;
            int y = place(r, new_rows, rows, &down), x = place(c, new_columns, columns, &across);
            const float *top = in + y * columns + x, *bottom = rows > 1 ? top + columns : top;
            int next = columns > 1;
            float a = top[0] + across * (top[next] - top[0]), b = bottom[0] + across * (bottom[next] - bottom[0]);
            out[r * new_columns + c] = factor * (a + down * (b - a));
        }
}
