/* Lines of floats, some at a time side by side (spec 8.4). */
#ifndef LINC_RESAMPLE_LINES_H
#define LINC_RESAMPLE_LINES_H

#include <stddef.h>

#include "linc_resample.h"

enum { LINC_BESIDE = 8 }; /* lines that are taken together, and what their lengths in memory are multiples of */

static inline int linc_beside(int count) {
    return (count + LINC_BESIDE - 1) & ~(LINC_BESIDE - 1);
}

/* LINC_BESIDE lines along an axis: `in` begins with sample first[0]; lines lie `in_stride` and `out_stride` floats
 * apart. `work` holds LINC_BESIDE times both strides. */
void linc_lines_across(const LincAxis *axis, const float *in, ptrdiff_t in_stride, float *out, ptrdiff_t out_stride,
                       float *work);

/* The weighted sum of lines of `count` floats, a multiple of LINC_BESIDE. */
void linc_lines_sum(const float *const *lines, const float *weights, int taps, int count, float *out);

/* Adds `weight` times a line. */
void linc_line_add(const float *line, float weight, int count, float *sum);

#endif
