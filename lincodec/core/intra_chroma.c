/* Chroma from luma: a line fitted on the neighbours (spec 8.12.9). */
#include "intra.h"

typedef struct Fit {
    int64_t luma, chroma, luma_2, product;
    int count;
} Fit;

/* Luma at the place of chroma sample (i, j) relative to (x, y) of the chroma plane: the mean of what it covers. */
static inline int luma_at(const LincSample *luma, ptrdiff_t stride, int i, int j, int sx, int sy) {
    const LincSample *p = luma + (j * (1 << sy)) * stride + i * (1 << sx);
    if (sy) return (p[0] + p[1] + p[stride] + p[stride + 1] + 2) >> 2;
    return sx ? (p[0] + p[1] + 1) >> 1 : p[0];
}

static void fit_add(Fit *fit, int luma, int chroma) {
    fit->luma += luma;
    fit->chroma += chroma;
    fit->luma_2 += luma * luma;
    fit->product += luma * chroma;
    fit->count++;
}

/* Slope in 1/64, rounded to nearest (halves away from zero), at most 2 either way; 0 where luma is flat. */
static int slope(const Fit *fit, int depth) {
    int64_t n = fit->count, spread = n * fit->luma_2 - fit->luma * fit->luma;
    int64_t common = n * fit->product - fit->luma * fit->chroma;
    if (spread <= n * n * (INT64_C(64) << 2 * (depth - 12))) return 0;
    int64_t size = ((common < 0 ? -common : common) * 64 + spread / 2) / spread;
    if (size > 128) size = 128;
    return (int)(common < 0 ? -size : size);
}

void linc_intra_from_luma(const LincFrame *f, int k, int x, int y, int size_log2, LincSample *out, ptrdiff_t stride) {
    const LincGeometry *g = f->geometry;
    const LincPlane *plane = &f->picture->plane[k], *luma_plane = &f->picture->plane[0];
    int n = 1 << size_log2, sx = g->shift_x[k], sy = g->shift_y[k], lx = x << sx, ly = y << sy;
    const LincSample *luma = linc_at(luma_plane, lx, ly), *chroma = linc_at(plane, x, y);
    ptrdiff_t luma_stride = luma_plane->stride;
    Fit fit = {0, 0, 0, 0, 0};
    if (linc_available(g, lx, ly, lx, ly - 1))
        for (int i = 0; i < n; i++) fit_add(&fit, luma_at(luma, luma_stride, i, -1, sx, sy), chroma[i - plane->stride]);
    if (linc_available(g, lx, ly, lx - 1, ly))
        for (int j = 0; j < n; j++)
            fit_add(&fit, luma_at(luma, luma_stride, -1, j, sx, sy), chroma[j * plane->stride - 1]);
    int a = 0, b = 64 << (g->depth - 1);
    if (fit.count) {
        int shift = size_log2 + (fit.count > n);
        a = slope(&fit, g->depth);
        b = (int)((64 * fit.chroma - a * fit.luma + (1 << shift >> 1)) >> shift);
    }
    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++)
            out[j * stride + i] = linc_clip((a * luma_at(luma, luma_stride, i, j, sx, sy) + b + 32) >> 6, g->maximum);
}
