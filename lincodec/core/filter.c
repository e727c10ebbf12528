/* Wiener loop filter with signalled sets (spec 8.12.11). */
#include "filter.h"

#include <string.h>

#include "filter_row.h"

const int8_t linc_filter_luma[LINC_FILTER_TAPS_LUMA][2] = {{0, -3}, {-1, -2}, {0, -2}, {1, -2}, {-2, -1}, {-1, -1},
                                                           {0, -1}, {1, -1},  {2, -1}, {-3, 0}, {-2, 0},  {-1, 0}};
const int8_t linc_filter_chroma[LINC_FILTER_TAPS_CHROMA][2] = {{0, -2}, {-1, -1}, {0, -1}, {1, -1}, {-2, 0}, {-1, 0}};

enum { REACH = 3 };

typedef struct Area {
    const LincPlane *in;
    LincPlane *out;
    int x, y, width, height;
} Area;

static void filter_area(const Area *a, const int8_t *taps, int luma, int maximum) {
    ptrdiff_t offsets[LINC_FILTER_TAPS_LUMA];
    int count = luma ? LINC_FILTER_TAPS_LUMA : LINC_FILTER_TAPS_CHROMA;
    for (int k = 0; k < count; k++) {
        const int8_t *at = luma ? linc_filter_luma[k] : linc_filter_chroma[k];
        offsets[k] = at[1] * a->in->stride + at[0];
    }
    /* At the right edge whole vectors run into the margins: the input's repeat the edge, the output's do not matter. */
    for (int y = a->y; y < a->y + a->height; y++) {
        const LincSample *in = linc_at(a->in, a->x, y);
        LincSample *out = linc_at(a->out, a->x, y);
        if (luma)
            linc_filter_row(in, out, offsets, taps, LINC_FILTER_TAPS_LUMA, 32, maximum);
        else if (a->width <= 16)
            linc_filter_row(in, out, offsets, taps, LINC_FILTER_TAPS_CHROMA, 16, maximum);
        else
            linc_filter_row(in, out, offsets, taps, LINC_FILTER_TAPS_CHROMA, 32, maximum);
    }
}

static void copy_area(const Area *a) {
    int width = a->in->width - a->x < a->width ? a->in->width - a->x : a->width;
    for (int y = a->y; y < a->y + a->height; y++)
        memcpy(linc_at(a->out, a->x, y), linc_at(a->in, a->x, y), (size_t)width * sizeof(LincSample));
}

static void filter_plane(const LincFrame *f, int k, LincPlane *out) {
    const LincGeometry *g = f->geometry;
    LincPlane *in = &f->picture->plane[k];
    int width = LINC_FILTER_AREA >> g->shift_x[k], height = LINC_FILTER_AREA >> g->shift_y[k];
    linc_plane_pad(in, REACH);
    for (int ay = 0; ay < f->filter_rows; ay++)
        for (int ax = 0; ax < f->filter_columns; ax++) {
            int set = f->filter_set[k][ay * f->filter_columns + ax], rows = in->height - ay * height;
            Area a = {in, out, ax * width, ay * height, width, rows < height ? rows : height};
            if (set)
                filter_area(&a, f->header.filter[k][set - 1], k == 0, g->maximum);
            else
                copy_area(&a);
        }
    LincPlane filtered = *out;
    *out = *in;
    *in = filtered;
}

void linc_filter(const LincFrame *f, LincPicture *scratch) {
    for (int k = 0; k < f->geometry->planes; k++)
        if (f->header.filter_sets[k]) filter_plane(f, k, &scratch->plane[k]);
}
