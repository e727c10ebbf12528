/* Integer transforms and dequantisation (spec 8.12.10). */
#include "transform.h"

#include <string.h>

#include "transform_tables.h"

const uint16_t linc_step_scale[16] = {4096, 4277, 4467, 4664, 4871, 5087, 5312, 5547,
                                      5793, 6049, 6317, 6597, 6889, 7194, 7512, 7845};

enum { FIRST_SHIFT = 11 };

static inline int16_t clip16(int v) {
    return (int16_t)(v < -32768 ? -32768 : v > 32767 ? 32767 : v);
}

int linc_step_index(int frame_step, int step_offset) {
    int index = frame_step + step_offset * 2;
    return index < 0 ? 0 : index >= 176 ? 175 : index;
}

typedef struct Block {
    const int16_t *levels;
    ptrdiff_t level_stride;
    const LincSample *prediction;
    ptrdiff_t prediction_stride;
    LincSample *out;
    ptrdiff_t out_stride;
    int step_index, depth, maximum;
} Block;

/* Dequantises what lies within the extent of the levels, which *rows and *columns become; columns are filled up to a
 * multiple of four. Anything outside stays as it was. */
static inline void dequantise(const Block *b, int n, int size_log2, int16_t *c, int *rows, int *columns) {
    int scale = linc_step_scale[b->step_index & 15], shift = 9 + size_log2 - (b->step_index >> 4);
    int half = 1 << (shift - 1), height = n, width = n;
    int16_t seen[32] = {0};
    for (int any = 0; height > 0 && !any; height -= !any) {
        const int16_t *in = b->levels + (height - 1) * b->level_stride;
        for (int x = 0; x < n; x++) any |= in[x];
    }
    for (int y = 0; y < height; y++)
        for (int x = 0; x < n; x++) seen[x] |= b->levels[y * b->level_stride + x];
    while (width > 0 && !seen[width - 1]) width--;
    for (int y = 0; y < height; y++) {
        const int16_t *in = b->levels + y * b->level_stride;
        for (int x = 0; x < width; x += 4)
            for (int i = x; i < x + 4; i++) c[y * n + i] = clip16((in[i] * scale + half) >> shift);
    }
    *rows = height;
    *columns = width;
}

/* One coefficient, the mean: every sample changes by the same amount, which the general way gives as well. */
static void add_constant(const Block *b, int n, int coefficient) {
    int dc = linc_dct[0][0], shift = 25 - b->depth;
    int first = clip16((coefficient * dc + (1 << (FIRST_SHIFT - 1))) >> FIRST_SHIFT);
    int change = (first * dc + (1 << (shift - 1))) >> shift;
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++)
            b->out[y * b->out_stride + x] = linc_clip(b->prediction[y * b->prediction_stride + x] + change, b->maximum);
}

static inline void add_row(const Block *b, int n, int y, const int32_t *sums) {
    const LincSample *in = b->prediction + y * b->prediction_stride;
    LincSample *out = b->out + y * b->out_stride;
    int shift = 25 - b->depth, half = 1 << (shift - 1);
    for (int x = 0; x < n; x++) out[x] = linc_clip(in[x] + ((sums[x] + half) >> shift), b->maximum);
}

/* Along rows, then down columns. Coefficients outside rows x columns are zero and left out; the matrix's symmetry
 * halves the second pass. Both are exact. */
static inline void inverse(const Block *b, int n, int size_log2) {
    int16_t c[32 * 32], t[32 * 32];
    int rows, columns, step = 32 >> size_log2;
    dequantise(b, n, size_log2, c, &rows, &columns);
    if (rows <= 1 && columns <= 1) {
        add_constant(b, n, rows ? c[0] : 0);
        return;
    }
    for (int y = 0; y < rows; y++) {
        int32_t sums[32];
        for (int x = 0; x < n; x++) sums[x] = 1 << (FIRST_SHIFT - 1);
        for (int k = 0; k < columns; k++) {
            const int16_t *row = linc_dct[k * step];
            int v = c[y * n + k];
            for (int x = 0; x < n; x++) sums[x] += v * row[x];
        }
        for (int x = 0; x < n; x++) t[y * n + x] = clip16(sums[x] >> FIRST_SHIFT);
    }
    for (int y = 0; y < n / 2; y++) {
        int32_t even[32] = {0}, odd[32] = {0};
        for (int k = 0; k < rows; k += 2) {
            int v = linc_dct[k * step][y];
            for (int x = 0; x < n; x++) even[x] += v * t[k * n + x];
        }
        for (int k = 1; k < rows; k += 2) {
            int v = linc_dct[k * step][y];
            for (int x = 0; x < n; x++) odd[x] += v * t[k * n + x];
        }
        int32_t first[32], last[32];
        for (int x = 0; x < n; x++) {
            first[x] = even[x] + odd[x];
            last[x] = even[x] - odd[x];
        }
        add_row(b, n, y, first);
        add_row(b, n, n - 1 - y, last);
    }
}

static void inverse_4(const Block *b) {
    inverse(b, 4, 2);
}

static void inverse_8(const Block *b) {
    inverse(b, 8, 3);
}

static void inverse_16(const Block *b) {
    inverse(b, 16, 4);
}

static void inverse_32(const Block *b) {
    inverse(b, 32, 5);
}

static void inverse_dst(const Block *b) {
    int16_t c[16] = {0}, t[16];
    int rows, columns;
    dequantise(b, 4, 2, c, &rows, &columns);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++) {
            int sum = 1 << (FIRST_SHIFT - 1);
            for (int k = 0; k < 4; k++) sum += c[y * 4 + k] * linc_dst[k][x];
            t[y * 4 + x] = clip16(sum >> FIRST_SHIFT);
        }
    for (int y = 0; y < 4; y++) {
        int32_t sums[4] = {0, 0, 0, 0};
        for (int k = 0; k < 4; k++)
            for (int x = 0; x < 4; x++) sums[x] += linc_dst[k][y] * t[k * 4 + x];
        add_row(b, 4, y, sums);
    }
}

void linc_residual_add(const int16_t *levels, ptrdiff_t level_stride, int size_log2, int kind, int step_index,
                       const LincGeometry *geometry, const LincSample *prediction, ptrdiff_t prediction_stride,
                       LincSample *out, ptrdiff_t out_stride) {
    Block b = {levels, level_stride, prediction, prediction_stride, out, out_stride,
               step_index, geometry->depth, geometry->maximum};
    if (kind == LINC_DST)
        inverse_dst(&b);
    else if (size_log2 == 2)
        inverse_4(&b);
    else if (size_log2 == 3)
        inverse_8(&b);
    else if (size_log2 == 4)
        inverse_16(&b);
    else
        inverse_32(&b);
}

/* Down columns, then along rows; matrix: [frequency][position] with row stride `step` * 32, columns: transposed. */
static inline void forward(const int16_t *residual, ptrdiff_t stride, int n, int size_log2, int depth,
                           const int16_t *columns, int16_t *out) {
    int32_t even[16][32], odd[16][32];
    int16_t t[32 * 32];
    int step = 32 >> size_log2, first = size_log2 + depth - 4, second = 10 + size_log2;
    for (int y = 0; y < n / 2; y++)
        for (int x = 0; x < n; x++) {
            int a = residual[y * stride + x], z = residual[(n - 1 - y) * stride + x];
            even[y][x] = a + z;
            odd[y][x] = a - z;
        }
    for (int k = 0; k < n; k++) {
        int32_t sums[32];
        const int16_t *row = linc_dct[k * step];
        for (int x = 0; x < n; x++) sums[x] = 1 << (first - 1);
        for (int y = 0; y < n / 2; y++) {
            const int32_t *in = k & 1 ? odd[y] : even[y];
            for (int x = 0; x < n; x++) sums[x] += row[y] * in[x];
        }
        for (int x = 0; x < n; x++) t[k * n + x] = clip16(sums[x] >> first);
    }
    for (int y = 0; y < n; y++) {
        int32_t sums[32];
        for (int k = 0; k < n; k++) sums[k] = 1 << (second - 1);
        for (int x = 0; x < n; x++) {
            int v = t[y * n + x];
            for (int k = 0; k < n; k++) sums[k] += v * columns[x * n + k];
        }
        for (int k = 0; k < n; k++) out[y * n + k] = clip16(sums[k] >> second);
    }
}

static void forward_dst(const int16_t *residual, ptrdiff_t stride, int depth, int16_t *out) {
    int16_t t[16];
    int first = 2 + depth - 4, second = 12;
    for (int k = 0; k < 4; k++)
        for (int x = 0; x < 4; x++) {
            int sum = 1 << (first - 1);
            for (int y = 0; y < 4; y++) sum += linc_dst[k][y] * residual[y * stride + x];
            t[k * 4 + x] = clip16(sum >> first);
        }
    for (int y = 0; y < 4; y++)
        for (int k = 0; k < 4; k++) {
            int sum = 1 << (second - 1);
            for (int x = 0; x < 4; x++) sum += linc_dst[k][x] * t[y * 4 + x];
            out[y * 4 + k] = clip16(sum >> second);
        }
}

void linc_transform_forward(const int16_t *residual, ptrdiff_t stride, int size_log2, int kind, int depth,
                            int16_t *coefficients) {
    if (kind == LINC_DST)
        forward_dst(residual, stride, depth, coefficients);
    else if (size_log2 == 2)
        forward(residual, stride, 4, 2, depth, &linc_dct_columns_4[0][0], coefficients);
    else if (size_log2 == 3)
        forward(residual, stride, 8, 3, depth, &linc_dct_columns_8[0][0], coefficients);
    else if (size_log2 == 4)
        forward(residual, stride, 16, 4, depth, &linc_dct_columns_16[0][0], coefficients);
    else
        forward(residual, stride, 32, 5, depth, &linc_dct_columns_32[0][0], coefficients);
}
