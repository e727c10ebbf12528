/* Weighted sums along lines and across them. Along lines eight of them lie side by side, one in each lane, so that
 * places which differ from sample to sample cost no gathering. */
#include "resample_lines.h"

#include <string.h>

typedef float Lanes __attribute__((vector_size(4 * LINC_BESIDE)));

static Lanes load(const float *p) {
    Lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

static void store(float *p, Lanes v) {
    memcpy(p, &v, sizeof v);
}

/* Eight by eight floats, rows and columns exchanged. */
static void transpose(const float *in, ptrdiff_t in_stride, float *out, ptrdiff_t out_stride) {
    Lanes row[8], pair[8], four[8];
    for (int i = 0; i < 8; i++) row[i] = load(in + i * in_stride);
    for (int i = 0; i < 8; i += 2) {
        pair[i] = __builtin_shufflevector(row[i], row[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pair[i + 1] = __builtin_shufflevector(row[i], row[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            four[i + 2 * k] = __builtin_shufflevector(pair[i + k], pair[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            four[i + 2 * k + 1] = __builtin_shufflevector(pair[i + k], pair[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int i = 0; i < 4; i++) {
        store(out + i * out_stride, __builtin_shufflevector(four[i], four[i + 4], 0, 1, 2, 3, 8, 9, 10, 11));
        store(out + (i + 4) * out_stride, __builtin_shufflevector(four[i], four[i + 4], 4, 5, 6, 7, 12, 13, 14, 15));
    }
}

void linc_lines_across(const LincAxis *axis, const float *in, ptrdiff_t in_stride, float *out, ptrdiff_t out_stride,
                       float *work) {
    float *native = work, *found = work + LINC_BESIDE * in_stride;
    for (ptrdiff_t x = 0; x < in_stride; x += LINC_BESIDE)
        transpose(in + x, in_stride, native + x * LINC_BESIDE, LINC_BESIDE);
    const int origin = axis->first[0], taps = axis->taps;
    for (int i = 0; i < axis->count; i++) {
        const float *at = native + (ptrdiff_t)(axis->first[i] - origin) * LINC_BESIDE;
        const float *weights = axis->weights + (ptrdiff_t)i * taps;
        Lanes sum = load(at) * weights[0];
        for (int k = 1; k < taps; k++) sum += load(at + k * LINC_BESIDE) * weights[k];
        store(found + (ptrdiff_t)i * LINC_BESIDE, sum);
    }
    for (ptrdiff_t i = axis->count; i < out_stride; i++) store(found + i * LINC_BESIDE, (Lanes){0});
    for (ptrdiff_t x = 0; x < out_stride; x += LINC_BESIDE)
        transpose(found + x * LINC_BESIDE, LINC_BESIDE, out + x, out_stride);
}

void linc_lines_sum(const float *const *lines, const float *weights, int taps, int count, float *out) {
    for (int x = 0; x < count; x += LINC_BESIDE) {
        Lanes sum = load(lines[0] + x) * weights[0];
        for (int k = 1; k < taps; k++) sum += load(lines[k] + x) * weights[k];
        store(out + x, sum);
    }
}

void linc_line_add(const float *line, float weight, int count, float *sum) {
    for (int x = 0; x < count; x++) sum[x] += line[x] * weight;
}
