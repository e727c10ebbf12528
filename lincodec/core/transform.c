/* Integer transforms and dequantisation (spec 8.12.10). */
#include "transform.h"

#include <string.h>

#include "lanes.h"
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
    int columns, rows; /* where levels may be, multiples of 4 */
} Block;

/* Finds the extent of the levels, in groups of 4. */
static void find_extent(Block *b, int n) {
    int columns = 0, rows = 0;
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x += 4) {
            const int16_t *in = b->levels + y * b->level_stride + x;
            if (!(in[0] | in[1] | in[2] | in[3])) continue;
            rows = (y | 3) + 1;
            if (x + 4 > columns) columns = x + 4;
        }
    b->columns = columns;
    b->rows = rows;
}

/* Coefficients within the extent; what lies outside is not set. */
static inline void dequantise(const Block *b, int n, int size_log2, int16_t *c) {
    int scale = linc_step_scale[b->step_index & 15], shift = 9 + size_log2 - (b->step_index >> 4);
    int half = 1 << (shift - 1), columns = b->columns, lanes = n < 8 ? 4 : 8;
    for (int y = 0; y < b->rows; y++) {
        const int16_t *in = b->levels + y * b->level_stride;
        for (int x = 0; x < columns; x += lanes)
            for (int i = x; i < x + lanes; i++) c[y * n + i] = clip16((in[i] * scale + half) >> shift);
    }
}

/* Whether at most the first level is not 0. */
static int is_constant(const Block *b) {
    if (b->columns > 4 || b->rows > 4) return 0;
    int any = 0;
    for (int y = 0; y < b->rows; y++)
        for (int x = y == 0; x < 4; x++) any |= b->levels[y * b->level_stride + x];
    return !any;
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

/* Along rows in steps of 16 samples, two coefficients at a time. */
static inline void along_rows(const int16_t *c, int n, int rows, int columns, int16_t *t) {
    int step = 32 / n;
    for (int x = 0; x < n; x += 16) {
        LincLanes16 low[16], high[16];
        for (int k = 0; k < columns; k += 2) {
            LincLanes16 first = linc_load16(&linc_dct[k * step][x]), second = linc_load16(&linc_dct[(k + 1) * step][x]);
            low[k / 2] = linc_low_pairs(first, second);
            high[k / 2] = linc_high_pairs(first, second);
        }
        for (int y = 0; y < rows; y++) {
            LincLanes32 a = (LincLanes32){0} + (1 << (FIRST_SHIFT - 1)), b = a;
            for (int k = 0; k < columns; k += 2) {
                LincLanes16 pair = linc_pairs_of(c[y * n + k], c[y * n + k + 1]);
                a += linc_multiply_pairs(low[k / 2], pair);
                b += linc_multiply_pairs(high[k / 2], pair);
            }
            linc_store16(t + y * n + x, linc_pack(a >> FIRST_SHIFT, b >> FIRST_SHIFT));
        }
    }
}

/* 16 sums added to the prediction. Beyond 2^14 either way a residual clips any sample. */
static inline void add_lanes(const Block *b, int x, int y, LincLanes32 low, LincLanes32 high) {
    int shift = 25 - b->depth, half = 1 << (shift - 1);
    LincLanes16 most = (LincLanes16){0} + (1 << 14), v = linc_pack((low + half) >> shift, (high + half) >> shift);
    v = (v & (v < most)) | (most & (v >= most));
    v = (v & (v > -most)) | (-most & (v <= -most));
    v += linc_load16(b->prediction + y * b->prediction_stride + x);
    linc_store16(b->out + y * b->out_stride + x, linc_clip_lanes(v, b->maximum));
}

/* Down columns likewise; the matrix's symmetry halves the work. */
static inline void down_columns(const Block *b, const int16_t *t, int n, int rows) {
    int step = 32 / n;
    for (int x = 0; x < n; x += 16) {
        LincLanes16 low[16], high[16]; /* of rows k and k + 2, k = 0, 1, 4, 5 .. */
        for (int i = 0; i < rows / 2; i++) {
            const int16_t *row = t + (2 * i - (i & 1)) * n + x;
            LincLanes16 first = linc_load16(row), second = linc_load16(row + 2 * n);
            low[i] = linc_low_pairs(first, second);
            high[i] = linc_high_pairs(first, second);
        }
        for (int y = 0; y < n / 2; y++) {
            LincLanes32 even_low = {0}, even_high = {0}, odd_low = {0}, odd_high = {0};
            for (int i = 0; i < rows / 2; i += 2) {
                const int16_t *tap = &linc_dct[2 * i * step][y];
                LincLanes16 even = linc_pairs_of(tap[0], tap[2 * 32 * step]);
                LincLanes16 odd = linc_pairs_of(tap[32 * step], tap[3 * 32 * step]);
                even_low += linc_multiply_pairs(low[i], even);
                even_high += linc_multiply_pairs(high[i], even);
                odd_low += linc_multiply_pairs(low[i + 1], odd);
                odd_high += linc_multiply_pairs(high[i + 1], odd);
            }
            add_lanes(b, x, y, even_low + odd_low, even_high + odd_high);
            add_lanes(b, x, n - 1 - y, even_low - odd_low, even_high - odd_high);
        }
    }
}

/* Along rows, then down columns. Coefficients outside rows x columns are zero and left out; the matrix's symmetry
 * halves the second pass. Both are exact. */
static inline void inverse(const Block *b, int n, int size_log2) {
    int16_t c[32 * 32], t[32 * 32];
    int step = 32 >> size_log2, rows = b->rows, columns = b->columns;
    dequantise(b, n, size_log2, c);
    if (is_constant(b)) {
        add_constant(b, n, rows ? c[0] : 0);
        return;
    }
    if (n >= 16) {
        along_rows(c, n, rows, columns, t);
        down_columns(b, t, n, rows);
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
    dequantise(b, 4, 2, c);
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

/* Levels are residuals of samples in steps. */
static void add_plain(const Block *b, int n) {
    int scale = linc_step_scale[b->step_index & 15], shift = 24 - b->depth - (b->step_index >> 4);
    int half = shift ? 1 << (shift - 1) : 0;
    for (int y = 0; y < n; y++) {
        const int16_t *levels = b->levels + y * b->level_stride;
        const LincSample *in = b->prediction + y * b->prediction_stride;
        LincSample *out = b->out + y * b->out_stride;
        int columns = y < b->rows ? b->columns : 0;
        for (int x = 0; x < columns; x++) out[x] = linc_clip(in[x] + ((levels[x] * scale + half) >> shift), b->maximum);
        for (int x = columns; x < n; x++) out[x] = in[x];
    }
}

static void add_residual(const Block *b, int size_log2, int kind) {
    if (kind == LINC_PLAIN)
        add_plain(b, 1 << size_log2);
    else if (kind == LINC_DST)
        inverse_dst(b);
    else if (size_log2 == 2)
        inverse_4(b);
    else if (size_log2 == 3)
        inverse_8(b);
    else if (size_log2 == 4)
        inverse_16(b);
    else
        inverse_32(b);
}

void linc_residual_add(const int16_t *levels, ptrdiff_t level_stride, int size_log2, int kind, int step_index,
                       const LincGeometry *geometry, const LincSample *prediction, ptrdiff_t prediction_stride,
                       LincSample *out, ptrdiff_t out_stride) {
    Block b = {levels, level_stride, prediction, prediction_stride, out, out_stride,
               step_index, geometry->depth, geometry->maximum, 0, 0};
    find_extent(&b, 1 << size_log2);
    add_residual(&b, size_log2, kind);
}

void linc_residual_add_within(const int16_t *levels, ptrdiff_t level_stride, int columns, int rows, int size_log2,
                              int kind, int step_index, const LincGeometry *geometry, LincSample *samples,
                              ptrdiff_t stride) {
    Block b = {levels, level_stride, samples, stride, samples, stride,
               step_index, geometry->depth, geometry->maximum, columns, rows};
    add_residual(&b, size_log2, kind);
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
