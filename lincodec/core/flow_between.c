/* Vectors of two pictures as seen from between them (spec 8.7.2). */
#include <string.h>

#include "between.h"

enum {
    RANGE_LOG2 = 7,             /* vectors of so many times its length may differ by one more */
    TOLERANCE = 8192,           /* squared 64ths */
    FLOOR = 6,                  /* what cells count that are not seen, in 256ths */
    ERROR_LOG2 = 14,            /* squared sixteenths of a code that halve what a cell counts */
    REACH = 3,                  /* cells that a gap is filled from */
    OWN_LOG2 = 10, OTHERS_LOG2 = 6 /* of 4096 shares of the cells around: they count a sixteenth of... */
};

LincStatus linc_flow_seen(const int32_t *vectors, const int32_t *other, int32_t height, int32_t width,
                          int32_t *seen) {
    LincFlowGrid g;
    if (!vectors || !other || !seen || linc_flow_grid(height, width, &g)) return LINC_ARGUMENT;
    for (int r = 0; r < g.rows; r++)
        for (int c = 0; c < g.columns; c++) {
            const int32_t *v = vectors + 2 * ((ptrdiff_t)r * g.columns + c);
            const int32_t *w = other + 2 * linc_between_cell(&g, r, c, v[0], v[1]);
            int64_t x = v[0], y = v[1], back_x = w[0], back_y = w[1];
            int64_t apart = (x + back_x) * (x + back_x) + (y + back_y) * (y + back_y);
            int64_t length = x * x + y * y + back_x * back_x + back_y * back_y;
            int64_t allowed = (length >> RANGE_LOG2) + TOLERANCE;
            seen[(ptrdiff_t)r * g.columns + c] = (int32_t)(256 * allowed / (allowed + apart));
        }
    return LINC_OK;
}

/* What vectors that pass through a cell add up to. */
typedef struct Sum {
    int64_t weight, x, y;
} Sum;

static void add(Sum *sum, int64_t weight, const Sum *other) {
    sum->weight += weight * other->weight;
    sum->x += weight * other->x;
    sum->y += weight * other->y;
}

/* Lays the vectors of a picture's cells where they are when a share of the way is gone. `nearness`: 256 in that
 * picture, 0 in the other. */
static void lay(const LincFlowField *field, const LincFlowGrid *g, int32_t share, int nearness, int sign, Sum *sums) {
    int bits = linc_flow_log2(g->side) + LINC_FLOW_UNIT_LOG2, fine = bits - 6; /* places in 64ths of a cell */
    for (int r = 0; r < g->rows; r++)
        for (int c = 0; c < g->columns; c++) {
            ptrdiff_t at = (ptrdiff_t)r * g->columns + c;
            int32_t vx = field->vectors[2 * at], vy = field->vectors[2 * at + 1];
            int64_t error = (int64_t)field->left[at] * field->left[at], half = (int64_t)1 << ERROR_LOG2;
            int64_t weight = 1 + (field->seen[at] + FLOOR) * half / (half + error);
            int64_t x = ((int64_t)c << bits) + linc_flow_part(vx, share);
            int64_t y = ((int64_t)r << bits) + linc_flow_part(vy, share);
            int64_t column = x >> bits, row = y >> bits, across = (x >> fine) & 63, down = (y >> fine) & 63;
            for (int i = 0; i < 4; i++) {
                int64_t to_c = column + (i & 1), to_r = row + (i >> 1);
                if (to_c < 0 || to_r < 0 || to_c >= g->columns || to_r >= g->rows) continue;
                int64_t near = (i & 1 ? across : 64 - across) * (i >> 1 ? down : 64 - down);
                int64_t w = weight * near * nearness >> 12;
                Sum vector = {1, sign * vx, sign * vy};
                add(sums + to_r * g->columns + to_c, w, &vector);
            }
        }
}

/* Each sum with those of cells around it along an axis, binomially. */
static void smooth(const LincFlowGrid *g, const Sum *in, Sum *out, int down) {
    static const int taps[2 * REACH + 1] = {1, 6, 15, 20, 15, 6, 1};
    for (int r = 0; r < g->rows; r++)
        for (int c = 0; c < g->columns; c++, out++) {
            Sum sum = {0, 0, 0};
            for (int k = -REACH; k <= REACH; k++) {
                int row = linc_flow_clamp(down ? r + k : r, 0, g->rows - 1);
                int column = linc_flow_clamp(down ? c : c + k, 0, g->columns - 1);
                add(&sum, taps[k + REACH], in + (ptrdiff_t)row * g->columns + column);
            }
            *out = sum;
        }
}

LincStatus linc_flow_between(const LincBetween *job, int32_t *vectors, void *work) {
    LincFlowGrid g;
    if (!linc_between_is_known(job) || !vectors || !work) return LINC_ARGUMENT;
    linc_flow_grid(job->height, job->width, &g);
    ptrdiff_t cells = (ptrdiff_t)g.rows * g.columns;
    Sum *own = work, *across = own + cells, *around = across + cells;
    int32_t rest = (1 << LINC_FLOW_SHARE_LOG2) - job->share;
    memset(own, 0, (size_t)cells * sizeof *own);
    lay(&job->ahead, &g, job->share, rest >> 8, 1, own);
    lay(&job->back, &g, rest, job->share >> 8, -1, own);
    smooth(&g, own, across, 0);
    smooth(&g, across, around, 1);
    for (ptrdiff_t i = 0; i < cells; i++) {
        Sum sum = {around[i].weight >> OTHERS_LOG2, around[i].x >> OTHERS_LOG2, around[i].y >> OTHERS_LOG2};
        add(&sum, 1 << OWN_LOG2, own + i);
        vectors[2 * i] = sum.weight ? (int32_t)linc_flow_nearest(sum.x, sum.weight) : job->ahead.vectors[2 * i];
        vectors[2 * i + 1] = sum.weight ? (int32_t)linc_flow_nearest(sum.y, sum.weight) : job->ahead.vectors[2 * i + 1];
    }
    return LINC_OK;
}
