/* The correction of a field that a match asks for, neighbouring cells held together: the linearised match of Horn and
 * Schunck on cells, with weights that let a field break where it bends much (for spec 8.7). */
#include "flow_solve.h"

#include <stddef.h>
#include <string.h>

#define SMOOTHNESS 1.6f /* price of a bend, against code values of mismatch */
#define BEND 16.0f      /* square of the samples over which a bend gets no cheaper */
#define LARGEST 2.0f    /* samples of a correction */
enum { SWEEPS = 20 };

typedef struct Pull {
    float total, x, y; /* weights of the neighbours, and their weighted displacements */
} Pull;

static void add(Pull *pull, const float *x, const float *y, ptrdiff_t here, ptrdiff_t other) {
    float dx = x[other] - x[here], dy = y[other] - y[here];
    float weight = linc_flow_inverse_root(dx * dx + dy * dy + BEND);
    pull->total += weight;
    pull->x += weight * x[other];
    pull->y += weight * y[other];
}

static Pull neighbours(const float *x, const float *y, int r, int c, int rows, int columns) {
    Pull pull = {0, 0, 0};
    ptrdiff_t here = (ptrdiff_t)r * columns + c; /* beyond an edge it repeats */
    add(&pull, x, y, here, c ? here - 1 : here);
    add(&pull, x, y, here, c + 1 < columns ? here + 1 : here);
    add(&pull, x, y, here, r ? here - columns : here);
    add(&pull, x, y, here, r + 1 < rows ? here + columns : here);
    return pull;
}

/* Every cell's best step while its neighbours keep theirs. */
static void sweep(const LincFlowLevel *l, const float *field, const float *sum, float *step) {
    int rows = l->down.cells, columns = l->across.cells, room = columns + 1;
    ptrdiff_t cells = (ptrdiff_t)rows * columns, plane = (ptrdiff_t)(rows + 1) * room;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            ptrdiff_t at = (ptrdiff_t)r * columns + c;
            const float *s = l->sums + (ptrdiff_t)r * room + c;
            Pull pull = neighbours(sum, sum + cells, r, c, rows, columns);
            float hold = SMOOTHNESS * pull.total, xy = s[plane];
            float x = SMOOTHNESS * (pull.x - pull.total * field[at]) - s[3 * plane];
            float y = SMOOTHNESS * (pull.y - pull.total * field[at + cells]) - s[4 * plane];
            float top = s[0] + hold, bottom = s[2 * plane] + hold, determinant = top * bottom - xy * xy;
            if (determinant < 1e-9f) determinant = 1e-9f;
            step[at] = (bottom * x - xy * y) / determinant;
            step[at + cells] = (top * y - xy * x) / determinant;
        }
}

void linc_flow_solve(const LincFlowLevel *l, float *field, float *step, float *sum) {
    ptrdiff_t count = (ptrdiff_t)2 * l->down.cells * l->across.cells;
    memset(step, 0, (size_t)count * sizeof *step);
    for (int i = 0; i < SWEEPS; i++) {
        for (ptrdiff_t k = 0; k < count; k++) sum[k] = field[k] + step[k];
        sweep(l, field, sum, step);
    }
    for (ptrdiff_t k = 0; k < count; k++) {
        float v = step[k];
        field[k] += v > -LARGEST ? v < LARGEST ? v : LARGEST : -LARGEST;
    }
}
