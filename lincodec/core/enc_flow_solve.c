/* The correction of a field that a match asks for, neighbouring cells held together: the linearised match of Horn and
 * Schunck on cells, with weights that let a field break where it bends much (for spec 8.7). */
#include "enc_flow_solve.h"

#include <stddef.h>
#include <string.h>

#define SMOOTHNESS 1.6f /* price of a bend, against code values of mismatch */
#define BEND 16.0f      /* square of the samples over which a bend gets no cheaper */
#define LARGEST 2.0f    /* samples of a correction */
enum { SWEEPS = 20 };

/* Field and step in `sum`, whose cells beyond an edge repeat it. */
static void add_up(const LincFlowLevel *l, const float *field, LincFlowHeld *held) {
    int rows = l->down.cells, columns = l->across.cells;
    ptrdiff_t stride = columns + 2;
    for (int k = 0; k < 2; k++) {
        float *plane = held->sum + k * (rows + 2) * stride;
        for (int r = 0; r < rows; r++) {
            float *line = plane + (r + 1) * stride + 1;
            ptrdiff_t at = ((ptrdiff_t)k * rows + r) * columns;
            for (int c = 0; c < columns; c++) line[c] = field[at + c] + held->step[at + c];
            line[-1] = line[0];
            line[columns] = line[columns - 1];
        }
        memcpy(plane, plane + stride, (size_t)stride * sizeof *plane);
        memcpy(plane + (rows + 1) * stride, plane + rows * stride, (size_t)stride * sizeof *plane);
    }
}

/* Weights of `count` pairs of cells, `apart` from each other. */
static void weigh(const float *x, const float *y, ptrdiff_t apart, int count, float *weights) {
    for (int i = 0; i < count; i++) {
        float dx = x[i + apart] - x[i], dy = y[i + apart] - y[i];
        weights[i] = linc_flow_inverse_root(dx * dx + dy * dy + BEND);
    }
}

/* Every cell's best step while its neighbours keep theirs. */
static void sweep_row(const LincFlowLevel *l, const float *field, LincFlowHeld *held, int r) {
    int rows = l->down.cells, columns = l->across.cells;
    ptrdiff_t cells = (ptrdiff_t)rows * columns, stride = columns + 2, room = columns + 1, sums = (rows + 1) * room;
    const float *x = held->sum + (r + 1) * stride + 1, *y = x + (rows + 2) * stride, *s = l->sums + r * room;
    const float *across = held->across + r * room, *above = held->down + r * columns, *below = above + columns;
    const float *field_x = field + r * columns, *field_y = field_x + cells;
    float *step_x = held->step + r * columns, *step_y = step_x + cells;
    for (int c = 0; c < columns; c++) {
        float left = across[c], right = across[c + 1], up = above[c], down = below[c];
        float total = left + right + up + down, hold = SMOOTHNESS * total, xy = s[c + sums];
        float pull_x = left * x[c - 1] + right * x[c + 1] + up * x[c - stride] + down * x[c + stride];
        float pull_y = left * y[c - 1] + right * y[c + 1] + up * y[c - stride] + down * y[c + stride];
        float to_x = SMOOTHNESS * (pull_x - total * field_x[c]) - s[c + 3 * sums];
        float to_y = SMOOTHNESS * (pull_y - total * field_y[c]) - s[c + 4 * sums];
        float top = s[c] + hold, bottom = s[c + 2 * sums] + hold, determinant = top * bottom - xy * xy;
        determinant = determinant > 1e-9f ? determinant : 1e-9f;
        step_x[c] = (bottom * to_x - xy * to_y) / determinant;
        step_y[c] = (top * to_y - xy * to_x) / determinant;
    }
}

static void sweep(const LincFlowLevel *l, const float *field, LincFlowHeld *held) {
    int rows = l->down.cells, columns = l->across.cells;
    ptrdiff_t stride = columns + 2, plane = (rows + 2) * stride;
    add_up(l, field, held);
    for (int r = 0; r <= rows; r++) {
        const float *x = held->sum + r * stride + 1; /* of the row above */
        weigh(x, x + plane, stride, columns, held->down + (ptrdiff_t)r * columns);
        x += stride - 1;
        if (r < rows) weigh(x, x + plane, 1, columns + 1, held->across + (ptrdiff_t)r * (columns + 1));
    }
    for (int r = 0; r < rows; r++) sweep_row(l, field, held, r);
}

void linc_flow_solve(const LincFlowLevel *l, float *field, LincFlowHeld *held) {
    ptrdiff_t count = (ptrdiff_t)2 * l->down.cells * l->across.cells;
    memset(held->step, 0, (size_t)count * sizeof *held->step);
    for (int i = 0; i < SWEEPS; i++) sweep(l, field, held);
    for (ptrdiff_t k = 0; k < count; k++) {
        float v = held->step[k];
        field[k] += v > -LARGEST ? v < LARGEST ? v : LARGEST : -LARGEST;
    }
}
