/* Prediction from other frames: interpolation in two passes (spec 8.12.8). */
#include "inter.h"

#include <string.h>

#include "lanes.h"

const int8_t linc_luma_taps[4][8] = {{0, 0, 0, 64, 0, 0, 0, 0},
                                     {-1, 4, -10, 58, 17, -5, 1, 0},
                                     {-1, 4, -11, 40, 40, -11, 4, -1},
                                     {0, 1, -5, 17, 58, -10, 4, -1}};
const int8_t linc_chroma_taps[8][4] = {{0, 64, 0, 0},     {-2, 58, 10, -2}, {-4, 54, 16, -2}, {-6, 46, 28, -4},
                                       {-4, 36, 36, -4}, {-4, 28, 46, -6}, {-2, 16, 54, -4}, {-2, 10, 58, -2}};

enum { ROWS_MAX = LINC_UNIT + 7, LANES = 16 };

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

typedef struct Output {
    LincSample *data;
    ptrdiff_t stride;
    int maximum, average;
} Output;

/* `lanes` results of a row, clipped and averaged where they are final. */
INLINE void put_row(LincLanes16 v, int lanes, int final, const Output *out, int y) {
    LincSample *at = out->data + y * out->stride;
    if (final) {
        v = linc_clip_lanes(v, out->maximum);
        if (out->average) {
            LincLanes16 old = {0};
            memcpy(&old, at, (size_t)lanes * sizeof *at);
            v = (v + old + 1) >> 1;
        }
    }
    memcpy(at, &v, (size_t)lanes * sizeof *at);
}

/* Along rows; count, lanes and final are constants at each call. Reads whole vectors: up to 16 samples behind what
 * the taps reach, which the margins have. */
INLINE void filter_along(const int16_t *in, ptrdiff_t stride, const int8_t *taps, int count, int shift, int rows,
                         int lanes, int final, Output out) {
    LincLanes16 t[4];
    for (int k = 0; k < count / 2; k++) t[k] = linc_pairs_of(taps[2 * k], taps[2 * k + 1]);
    for (int y = 0; y < rows; y++, in += stride) {
        LincLanes32 even = (LincLanes32){0} + (1 << (shift - 1)), odd = even;
        for (int k = 0; k < count / 2; k++) {
            even += linc_multiply_pairs(linc_load16(in + 2 * k), t[k]);
            odd += linc_multiply_pairs(linc_load16(in + 2 * k + 1), t[k]);
        }
        put_row(linc_interleave(even >> shift, odd >> shift), lanes, final, &out, y);
    }
}

/* Down columns, to final results. */
INLINE void filter_down(const int16_t *in, ptrdiff_t stride, const int8_t *taps, int count, int shift, int rows,
                        int lanes, Output out) {
    LincLanes16 t[4];
    for (int k = 0; k < count / 2; k++) t[k] = linc_pairs_of(taps[2 * k], taps[2 * k + 1]);
    for (int y = 0; y < rows; y++, in += stride) {
        LincLanes32 low = (LincLanes32){0} + (1 << (shift - 1)), high = low;
        for (int k = 0; k < count / 2; k++) {
            LincLanes16 a = linc_load16(in + 2 * k * stride), b = linc_load16(in + (2 * k + 1) * stride);
            low += linc_multiply_pairs(linc_low_pairs(a, b), t[k]);
            high += linc_multiply_pairs(linc_high_pairs(a, b), t[k]);
        }
        put_row(linc_pack(low >> shift, high >> shift), lanes, 1, &out, y);
    }
}

/* A strip displaced by a fraction: along rows only, down columns only, or both with 16 bits between. */
INLINE void predict_strip(const LincSample *in, ptrdiff_t stride, const int8_t *along, const int8_t *down, int count,
                          int depth, int rows, int lanes, Output out) {
    int before = count / 2 - 1;
    if (!down) {
        filter_along(in - before, stride, along, count, 6, rows, lanes, 1, out);
    } else if (!along) {
        filter_down(in - before * stride, stride, down, count, 6, rows, lanes, out);
    } else {
        int16_t between[ROWS_MAX * LANES];
        Output middle = {between, LANES, 0, 0};
        filter_along(in - before * stride - before, stride, along, count, depth - 8, rows + count - 1, LANES, 0,
                     middle);
        filter_down(between, LANES, down, count, 20 - depth, rows, lanes, out);
    }
}

static void copy_block(const LincSample *in, ptrdiff_t stride, int w, int h, Output out) {
    for (int y = 0; y < h; y++, in += stride, out.data += out.stride) {
        if (!out.average) {
            memcpy(out.data, in, (size_t)w * sizeof *in);
            continue;
        }
        for (int x = 0; x < w; x++) out.data[x] = (int16_t)((out.data[x] + in[x] + 1) >> 1);
    }
}

/* Widths are multiples of 4: strips of 16, then 8, then 4. NULL taps: no fraction on that axis. */
INLINE void predict_block(const LincSample *in, ptrdiff_t stride, const int8_t *along, const int8_t *down, int count,
                          int depth, int w, int h, Output out) {
    if (!along && !down) {
        copy_block(in, stride, w, h, out);
        return;
    }
    int x = 0;
    for (; x + 16 <= w; x += 16, out.data += 16) predict_strip(in + x, stride, along, down, count, depth, h, 16, out);
    for (; x + 8 <= w; x += 8, out.data += 8) predict_strip(in + x, stride, along, down, count, depth, h, 8, out);
    if (x < w) predict_strip(in + x, stride, along, down, count, depth, h, 4, out);
}

static void predict_luma(const LincSample *in, ptrdiff_t stride, int fx, int fy, int depth, int w, int h, Output out) {
    predict_block(in, stride, fx ? linc_luma_taps[fx] : NULL, fy ? linc_luma_taps[fy] : NULL, 8, depth, w, h, out);
}

static void predict_chroma(const LincSample *in, ptrdiff_t stride, int fx, int fy, int depth, int w, int h,
                           Output out) {
    predict_block(in, stride, fx ? linc_chroma_taps[fx] : NULL, fy ? linc_chroma_taps[fy] : NULL, 4, depth, w, h, out);
}

/* Edges repeat without end, so a block that lies beyond them may be moved closer: it sees the same samples. */
static int keep_near(int position, int size, int limit) {
    if (position < -(size + 8)) return -(size + 8);
    return position > limit + 7 ? limit + 7 : position;
}

void linc_predict_plane(const LincGeometry *g, const LincPicture *reference, int k, int x, int y, int w, int h,
                        LincVector vector, LincSample *out, ptrdiff_t stride, int average) {
    const LincPlane *plane = &reference->plane[k];
    Output o = {out, stride, g->maximum, average};
    int sx = g->shift_x[k], sy = g->shift_y[k];
    x = keep_near(x + (vector.x >> (2 + sx)), w, plane->width);
    y = keep_near(y + (vector.y >> (2 + sy)), h, plane->height);
    const LincSample *in = linc_at(plane, x, y);
    if (k == 0) {
        predict_luma(in, plane->stride, vector.x & 3, vector.y & 3, g->depth, w, h, o);
        return;
    }
    /* Eighths of a chroma sample: quarters of luma where the axis is halved, else twice the quarters. */
    int fx = sx ? vector.x & 7 : (vector.x & 3) * 2, fy = sy ? vector.y & 7 : (vector.y & 3) * 2;
    predict_chroma(in, plane->stride, fx, fy, g->depth, w, h, o);
}

void linc_predict_motion(const LincGeometry *g, const LincPicture *const reference[2], int k, int x, int y, int w,
                         int h, const LincMotion *motion, LincSample *out, ptrdiff_t stride) {
    int average = 0, sx = g->shift_x[k], sy = g->shift_y[k];
    for (int r = 0; r < 2; r++) {
        if (!(motion->direction & 1 << r)) continue;
        linc_predict_plane(g, reference[r], k, x >> sx, y >> sy, w >> sx, h >> sy, motion->vector[r], out, stride,
                           average);
        average = 1;
    }
}
