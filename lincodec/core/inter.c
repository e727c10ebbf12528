/* Prediction from other frames: interpolation in two passes (spec 8.12.8). */
#include "inter.h"

#include <string.h>

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

/* `lanes` columns, `rows` rows; taps lie `distance` apart. count, lanes and final are constants at each call, so
 * that loops over lanes become vectors. Final results are clipped and averaged, others keep 16 bits. */
INLINE void filter_strip(const int16_t *in, ptrdiff_t stride, ptrdiff_t distance, const int8_t *taps, int count,
                         int shift, int rows, int lanes, int final, Output out) {
    int t[8], half = 1 << (shift - 1);
    for (int k = 0; k < count; k++) t[k] = taps[k];
    for (int y = 0; y < rows; y++, in += stride, out.data += out.stride) {
        int32_t sums[LANES];
        for (int x = 0; x < lanes; x++) {
            int s = half;
            for (int k = 0; k < count; k++) s += t[k] * in[x + k * distance];
            sums[x] = s >> shift;
        }
        if (!final) {
            for (int x = 0; x < lanes; x++) out.data[x] = (int16_t)sums[x];
            continue;
        }
        for (int x = 0; x < lanes; x++) sums[x] = linc_clip(sums[x], out.maximum);
        if (out.average)
            for (int x = 0; x < lanes; x++) out.data[x] = (int16_t)((out.data[x] + sums[x] + 1) >> 1);
        else
            for (int x = 0; x < lanes; x++) out.data[x] = (int16_t)sums[x];
    }
}

/* A strip displaced by a fraction: along rows only, down columns only, or both with 16 bits between. */
INLINE void predict_strip(const LincSample *in, ptrdiff_t stride, const int8_t *along, const int8_t *down, int count,
                          int depth, int rows, int lanes, Output out) {
    int before = count / 2 - 1;
    if (!down) {
        filter_strip(in - before, stride, 1, along, count, 6, rows, lanes, 1, out);
    } else if (!along) {
        filter_strip(in - before * stride, stride, stride, down, count, 6, rows, lanes, 1, out);
    } else {
        int16_t between[ROWS_MAX * LANES];
        Output middle = {between, LANES, 0, 0};
        filter_strip(in - before * stride - before, stride, 1, along, count, depth - 8, rows + count - 1, lanes, 0,
                     middle);
        filter_strip(between, LANES, LANES, down, count, 20 - depth, rows, lanes, 1, out);
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
