/* How two planes match along a field (for spec 8.7). */
#include "flow_match.h"

#include <stddef.h>
#include <string.h>

/* Code values of mismatch that say nothing, squared: samples that do not match weigh less. */
#define NOISE 16.0f

static inline float clamped(float v, float limit) {
    return v > 0 ? v < limit ? v : limit : 0;
}

/* Between four samples; beyond the edge it repeats. */
static inline float sample(const float *plane, int height, int width, float x, float y) {
    x = clamped(x, (float)(width - 1));
    y = clamped(y, (float)(height - 1));
    int left = (int)x, top = (int)y;
    const float *at = plane + (ptrdiff_t)top * width + left;
    ptrdiff_t right = left + 1 < width, down = top + 1 < height ? width : 0;
    float fx = x - (float)left, fy = y - (float)top;
    float a = at[0] + fx * (at[right] - at[0]), b = at[down] + fx * (at[down + right] - at[down]);
    return a + fy * (b - a);
}

/* One row of one component of the field, at the samples of a line, halved. */
static void half_line(const LincFlowLevel *l, const float *field, int y, float *out) {
    int columns = l->across.cells, next = columns > 1;
    const float *top = field + (ptrdiff_t)l->down.left[y] * columns;
    const float *bottom = l->down.cells > 1 ? top + columns : top;
    float down = l->down.share[y];
    for (int x = 0; x < l->width; x++) {
        int left = l->across.left[x];
        float across = l->across.share[x];
        float a = top[left] + across * (top[left + next] - top[left]);
        float b = bottom[left] + across * (bottom[left + next] - bottom[left]);
        out[x] = 0.5f * (a + down * (b - a));
    }
}

void linc_flow_warp(LincFlowLevel *l, const float *field) {
    ptrdiff_t cells = (ptrdiff_t)l->down.cells * l->across.cells;
    float *dx = l->line, *dy = l->line + l->width;
    for (int y = 0; y < l->height; y++) {
        half_line(l, field, y, dx);
        half_line(l, field + cells, y, dy);
        float *mean = l->mean + (ptrdiff_t)y * l->width, *error = l->error + (ptrdiff_t)y * l->width;
        for (int x = 0; x < l->width; x++) {
            float back = sample(l->first, l->height, l->width, (float)x - dx[x], (float)y - dy[x]);
            float ahead = sample(l->second, l->height, l->width, (float)x + dx[x], (float)y + dy[x]);
            mean[x] = 0.5f * (back + ahead);
            error[x] = ahead - back;
        }
    }
}

/* The sums of one line of samples, spread over the columns of cells: [LINC_FLOW_SUMS + 1, columns + 1]. */
static void gather_line(const LincFlowLevel *l, int y, float *sums) {
    int width = l->width, room = l->across.cells + 1;
    const float *mean = l->mean + (ptrdiff_t)y * width, *error = l->error + (ptrdiff_t)y * width;
    const float *above = y ? mean - width : mean, *below = y + 1 < l->height ? mean + width : mean;
    memset(sums, 0, (size_t)(LINC_FLOW_SUMS + 1) * (size_t)room * sizeof *sums);
    for (int x = 0; x < width; x++) {
        float dx = (mean[x + 1 < width ? x + 1 : x] - mean[x ? x - 1 : x]) * 0.5f, dy = (below[x] - above[x]) * 0.5f;
        float e = error[x], weight = linc_flow_inverse_root(e * e + NOISE);
        float values[LINC_FLOW_SUMS + 1] = {dx * dx * weight, dx * dy * weight, dy * dy * weight,
                                            dx * e * weight,  dy * e * weight,  1};
        float *at = sums + l->across.left[x], share = l->across.share[x];
        for (int k = 0; k <= LINC_FLOW_SUMS; k++) {
            at[k * room] += (1 - share) * values[k];
            at[k * room + 1] += share * values[k];
        }
    }
}

void linc_flow_gather(LincFlowLevel *l) {
    int rows = l->down.cells, columns = l->across.cells, room = columns + 1;
    ptrdiff_t plane = (ptrdiff_t)(rows + 1) * room;
    memset(l->sums, 0, (size_t)(LINC_FLOW_SUMS + 1) * (size_t)plane * sizeof *l->sums);
    for (int y = 0; y < l->height; y++) {
        gather_line(l, y, l->line);
        float share = l->down.share[y];
        for (int k = 0; k <= LINC_FLOW_SUMS; k++) {
            float *top = l->sums + k * plane + (ptrdiff_t)l->down.left[y] * room, *bottom = top + room;
            const float *line = l->line + (ptrdiff_t)k * room;
            for (int c = 0; c < columns; c++) {
                top[c] += (1 - share) * line[c];
                bottom[c] += share * line[c];
            }
        }
    }
    const float *weights = l->sums + LINC_FLOW_SUMS * plane;
    for (int k = 0; k < LINC_FLOW_SUMS; k++)
        for (ptrdiff_t i = 0; i < plane; i++) l->sums[k * plane + i] /= weights[i] > 1e-6f ? weights[i] : 1e-6f;
}
