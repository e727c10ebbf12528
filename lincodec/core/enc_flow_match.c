/* How two planes match along a field (for spec 8.7). */
#include "enc_flow_match.h"

#include <stddef.h>
#include <string.h>

/* Code values of mismatch that say nothing, squared: samples that do not match weigh less. */
#define NOISE 16.0f

static inline float clamped(float v, float limit) {
    return v > 0 ? v < limit ? v : limit : 0;
}

/* Of a line of samples: its displacements, halved, and where it looks in a plane. Every step is a loop of its own, so
 * that all but the loads from places known late become vectors. */
typedef struct Line {
    float *dx, *dy, *share_x, *share_y;
    int32_t *at;
} Line;

static Line line_of(const LincFlowLevel *l) {
    ptrdiff_t width = l->width;
    Line line = {l->line, l->line + width, l->line + 2 * width, l->line + 3 * width, l->places};
    return line;
}

/* One row of one component of the field, at the samples of a line, halved; `row` has room for the row of cells. */
static void half_line(const LincFlowLevel *l, const float *field, int y, float *row, float *out) {
    int columns = l->across.cells, next = columns > 1;
    const float *top = field + (ptrdiff_t)l->down.left[y] * columns;
    const float *bottom = l->down.cells > 1 ? top + columns : top;
    float down = l->down.share[y];
    for (int c = 0; c < columns; c++) row[c] = 0.5f * (top[c] + down * (bottom[c] - top[c]));
    for (int x = 0, stop; x < l->width; x = stop) {
        const float *at = row + l->across.left[x];
        float start = at[0], change = at[next] - at[0];
        stop = linc_flow_run(&l->across, x);
        for (int i = x; i < stop; i++) out[i] = start + l->across.share[i] * change;
    }
}

/* Samples of a plane, `sign` times the displacement away, between four of its own; beyond the edge it repeats. */
static void look(const LincFlowLevel *l, const float *plane, const Line *line, int y, float sign, float *out) {
    int width = l->width, height = l->height, last_x = width > 1 ? width - 2 : 0, last_y = height > 1 ? height - 2 : 0;
    for (int x = 0; x < width; x++) {
        float across = clamped((float)x + sign * line->dx[x], (float)(width - 1));
        float down = clamped((float)y + sign * line->dy[x], (float)(height - 1));
        int left = (int)across, top = (int)down;
        left = left < last_x ? left : last_x;
        top = top < last_y ? top : last_y;
        line->share_x[x] = across - (float)left;
        line->share_y[x] = down - (float)top;
        line->at[x] = top * width + left;
    }
    ptrdiff_t right = width > 1, below = height > 1 ? width : 0;
    for (int x = 0; x < width; x++) {
        const float *at = plane + line->at[x];
        float a = at[0] + line->share_x[x] * (at[right] - at[0]);
        float b = at[below] + line->share_x[x] * (at[below + right] - at[below]);
        out[x] = a + line->share_y[x] * (b - a);
    }
}

void linc_flow_warp(LincFlowLevel *l, const float *field) {
    ptrdiff_t cells = (ptrdiff_t)l->down.cells * l->across.cells;
    Line line = line_of(l);
    for (int y = 0; y < l->height; y++) {
        float *mean = l->mean + (ptrdiff_t)y * l->width, *error = l->error + (ptrdiff_t)y * l->width;
        half_line(l, field, y, mean, line.dx); /* a row of cells is no longer than one of samples */
        half_line(l, field + cells, y, mean, line.dy);
        look(l, l->first, &line, y, -1, mean);
        look(l, l->second, &line, y, 1, error);
        for (int x = 0; x < l->width; x++) {
            float back = mean[x], ahead = error[x];
            mean[x] = 0.5f * (back + ahead);
            error[x] = ahead - back;
        }
    }
}

static void add_products(const float *restrict a, const float *restrict b, int width, float share,
                         float *restrict now, float *restrict next) {
    for (int x = 0; x < width; x++) {
        float product = a[x] * b[x];
        now[x] += (1 - share) * product;
        next[x] += share * product;
    }
}

/* Adds what the samples of a line say to two rows of sums, [LINC_FLOW_SUMS, width] each. */
static void add_line(const LincFlowLevel *l, int y, float *now, float *next) {
    int width = l->width;
    const float *mean = l->mean + (ptrdiff_t)y * width, *error = l->error + (ptrdiff_t)y * width;
    const float *above = y ? mean - width : mean, *below = y + 1 < l->height ? mean + width : mean;
    float share = l->down.share[y], *across = l->line;
    for (int x = 1; x < width - 1; x++) across[x] = (mean[x + 1] - mean[x - 1]) * 0.5f;
    across[0] = width > 1 ? (mean[1] - mean[0]) * 0.5f : 0;
    if (width > 1) across[width - 1] = (mean[width - 1] - mean[width - 2]) * 0.5f;
    /* One sum after the other, each a loop that the compiler makes vectors of. */
    float *weighted_x = across + width, *weighted_y = weighted_x + width, *dy = weighted_y + width;
    for (int x = 0; x < width; x++) {
        float e = error[x], weight = linc_flow_inverse_root(e * e + NOISE), dx = across[x];
        dy[x] = (below[x] - above[x]) * 0.5f;
        weighted_x[x] = dx * weight;
        weighted_y[x] = dy[x] * weight;
    }
    add_products(across, weighted_x, width, share, now, next);
    add_products(across, weighted_y, width, share, now + width, next + width);
    add_products(dy, weighted_y, width, share, now + 2 * width, next + 2 * width);
    add_products(error, weighted_x, width, share, now + 3 * width, next + 3 * width);
    add_products(error, weighted_y, width, share, now + 4 * width, next + 4 * width);
}

/* A row of sums of samples to one of cells, [columns + 1]. */
static void spread(const LincFlowAxis *axis, const float *values, float *sums) {
    for (int x = 0, stop; x < axis->size; x = stop) {
        float whole = 0, later = 0;
        stop = linc_flow_run(axis, x);
        for (int i = x; i < stop; i++) {
            whole += values[i];
            later += axis->share[i] * values[i];
        }
        sums[axis->left[x]] += whole - later;
        sums[axis->left[x] + 1] += later;
    }
}

static void spread_row(LincFlowLevel *l, int row, const float *values) {
    int room = l->across.cells + 1;
    for (int k = 0; k < LINC_FLOW_SUMS; k++)
        spread(&l->across, values + (ptrdiff_t)k * l->width,
               l->sums + ((ptrdiff_t)k * (l->down.cells + 1) + row) * room);
}

/* Sums to means: by the weights that the samples have in a cell. */
static void divide(LincFlowLevel *l) {
    int rows = l->down.cells, columns = l->across.cells, room = columns + 1;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            float weight = l->down.weight[r] * l->across.weight[c];
            for (int k = 0; k < LINC_FLOW_SUMS; k++)
                l->sums[((ptrdiff_t)k * (rows + 1) + r) * room + c] /= weight > 1e-6f ? weight : 1e-6f;
        }
}

void linc_flow_gather(LincFlowLevel *l) {
    int rows = l->down.cells, at = 0;
    size_t row = (size_t)LINC_FLOW_SUMS * (size_t)l->width;
    float *now = l->rows, *next = now + row;
    memset(l->sums, 0, (size_t)LINC_FLOW_SUMS * (size_t)(rows + 1) * (size_t)(l->across.cells + 1) * sizeof *now);
    memset(now, 0, 2 * row * sizeof *now);
    for (int y = 0; y < l->height; y++) {
        for (; at < l->down.left[y]; at++) {
            spread_row(l, at, now);
            memset(now, 0, row * sizeof *now);
            float *done = now;
            now = next;
            next = done;
        }
        add_line(l, y, now, next);
    }
    spread_row(l, at, now);
    spread_row(l, at + 1, next);
    divide(l);
}
