/* Integer transforms and dequantisation (spec 8.12.10). */
#ifndef LINC_TRANSFORM_H
#define LINC_TRANSFORM_H

#include <stddef.h>
#include <stdint.h>

#include "sample.h"

enum { LINC_DCT = 0, LINC_DST = 1 /* 4x4 luma of intra leaves */, LINC_PLAIN = 2 /* none */ };

/* Orthonormal step of index i is linc_step_scale[i & 15] * 2^(i >> 4) / 4096 in units of a 12-bit sample. */
extern const uint16_t linc_step_scale[16];

/* Coefficients are kept with 16 bits whatever the size and the depth: an orthonormal coefficient of samples of
 * `depth` bits times 2^(15 - depth - size_log2). Dequantised: clip16((level * scale << (i >> 4) + half) >> s),
 * s = 9 + size_log2. */
static inline int linc_dequantise(int level, int index, int size_log2) {
    int shift = 9 + size_log2 - (index >> 4);
    int v = (level * linc_step_scale[index & 15] + (1 << (shift - 1))) >> shift;
    return v < -32768 ? -32768 : v > 32767 ? 32767 : v;
}

/* Step index of a leaf: the plane's index plus the leaf's offset, kept in range. */
int linc_step_index(int frame_step, int step_offset);

/* residual (stride) -> size x size coefficients, row by row, in the scale above. Encoder only. */
void linc_transform_forward(const int16_t *residual, ptrdiff_t stride, int size_log2, int kind, int depth,
                            int16_t *coefficients);

/* Dequantises signed levels (stride), transforms back, adds to the prediction and clips. prediction and out may
 * be the same memory with the same stride. */
void linc_residual_add(const int16_t *levels, ptrdiff_t level_stride, int size_log2, int kind, int step_index,
                       const LincGeometry *geometry, const LincSample *prediction, ptrdiff_t prediction_stride,
                       LincSample *out, ptrdiff_t out_stride);

/* The same in place, with levels only in the first `columns` and `rows` (multiples of 4). */
void linc_residual_add_within(const int16_t *levels, ptrdiff_t level_stride, int columns, int rows, int size_log2,
                              int kind, int step_index, const LincGeometry *geometry, LincSample *samples,
                              ptrdiff_t stride);

#endif
