/* Differences between pictures as RGB, some samples of a row at a time. */
#include "linc_compare.h"

#include "sample.h"

enum { SOME = 128 };

typedef struct Colour {
    int width, height, planes, shift_x, shift_y, depth;
    const float *c; /* see linc_compare.h */
} Colour;

typedef struct Pixels {
    float channel[3][SOME];
} Pixels;

static void load(const Colour *k, const void *row, int x, int count, float *out) {
    if (k->depth == 8) {
        const uint8_t *in = (const uint8_t *)row + x;
        for (int i = 0; i < count; i++) out[i] = (float)in[i];
    } else {
        const uint16_t *in = (const uint16_t *)row + x;
        for (int i = 0; i < count; i++) out[i] = (float)in[i];
    }
}

static void repeat(const float *in, int shift, int count, float *out) {
    if (shift)
        for (int i = 0; i < count; i++) out[2 * i] = out[2 * i + 1] = in[i];
    else
        for (int i = 0; i < count; i++) out[i] = in[i];
}

/* `count` pixels from x on, an even place; what lies behind them is not set. */
static void convert(const Colour *k, const void *const rows[3], int x, int count, Pixels *out) {
    float luma[SOME], u[SOME], v[SOME], add[3][SOME + 1];
    load(k, rows[0], x, count, luma);
    for (int i = 0; i < count; i++) luma[i] = luma[i] * k->c[0] - k->c[1];
    if (k->planes == 1) {
        for (int p = 0; p < 3; p++)
            for (int i = 0; i < count; i++) out->channel[p][i] = luma[i];
    } else {
        int half = (count + (1 << k->shift_x) - 1) >> k->shift_x;
        load(k, rows[1], x >> k->shift_x, half, u);
        load(k, rows[2], x >> k->shift_x, half, v);
        float red[SOME], green[SOME], blue[SOME];
        for (int i = 0; i < half; i++) {
            float cb = u[i] - k->c[6], cr = v[i] - k->c[6];
            red[i] = cr * k->c[2];
            green[i] = cb * k->c[3] + cr * k->c[4];
            blue[i] = cb * k->c[5];
        }
        repeat(red, k->shift_x, half, add[0]);
        repeat(green, k->shift_x, half, add[1]);
        repeat(blue, k->shift_x, half, add[2]);
        for (int p = 0; p < 3; p++)
            for (int i = 0; i < count; i++) out->channel[p][i] = luma[i] + add[p][i];
    }
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < count; i++) {
            float w = out->channel[p][i];
            w = w < 0 ? 0 : w;
            out->channel[p][i] = w > 255 ? 255 : w;
        }
}

static float difference(const Pixels *a, const Pixels *b, int count) {
    float sums[8] = {0}, rest = 0;
    for (int p = 0; p < 3; p++) {
        int x = 0;
        for (; x + 8 <= count; x += 8)
            for (int i = 0; i < 8; i++) {
                float d = a->channel[p][x + i] - b->channel[p][x + i];
                sums[i] += d * d;
            }
        for (; x < count; x++) rest += (a->channel[p][x] - b->channel[p][x]) * (a->channel[p][x] - b->channel[p][x]);
    }
    for (int i = 0; i < 8; i++) rest += sums[i];
    return rest;
}

LincStatus linc_rgb_difference(const int32_t how[6], const float colour[7], const void *const first[3],
                               const size_t first_strides[3], const void *const second[3],
                               const size_t second_strides[3], double *sum) {
    if (!how || !colour || !first || !first_strides || !second || !second_strides || !sum) return LINC_ARGUMENT;
    Colour k = {how[0], how[1], how[2], how[3], how[4], how[5], colour};
    if (k.width < 1 || k.height < 1 || (k.planes != 1 && k.planes != 3)) return LINC_ARGUMENT;
    if (k.shift_x < 0 || k.shift_x > 1 || k.shift_y < 0 || k.shift_y > 1) return LINC_ARGUMENT;
    double total = 0;
    for (int y = 0; y < k.height; y++) {
        const void *a[3] = {0}, *b[3] = {0};
        for (int p = 0; p < k.planes; p++) {
            size_t row = (size_t)(p ? y >> k.shift_y : y);
            a[p] = (const uint8_t *)first[p] + row * first_strides[p];
            b[p] = (const uint8_t *)second[p] + row * second_strides[p];
        }
        for (int x = 0; x < k.width; x += SOME) {
            int count = k.width - x < SOME ? k.width - x : SOME;
            Pixels one, other;
            convert(&k, a, x, count, &one);
            convert(&k, b, x, count, &other);
            total += (double)difference(&one, &other, count);
        }
    }
    *sum = total;
    return LINC_OK;
}

static uint64_t row_of_bytes(const uint8_t *a, const uint8_t *b, int count) {
    uint32_t sum = 0; /* enough for LINC_MAX_SIDE of the largest squares */
    for (int i = 0; i < count; i++) sum += (uint32_t)((a[i] - b[i]) * (a[i] - b[i]));
    return sum;
}

static uint64_t row_of_words(const uint16_t *a, const uint16_t *b, int count) {
    uint64_t sum = 0;
    for (int i = 0; i < count; i++) {
        uint32_t d = (uint32_t)(a[i] < b[i] ? b[i] - a[i] : a[i] - b[i]);
        sum += d * d;
    }
    return sum;
}

LincStatus linc_squared_difference(const int32_t size[2], int32_t depth, const void *first, size_t first_stride,
                                   const void *second, size_t second_stride, uint64_t *sum) {
    if (!size || !first || !second || !sum || size[0] < 1 || size[1] < 1) return LINC_ARGUMENT;
    if (size[0] > LINC_MAX_SIDE || size[1] > LINC_MAX_SIDE) return LINC_LIMIT;
    uint64_t total = 0;
    for (int y = 0; y < size[1]; y++) {
        const uint8_t *a = (const uint8_t *)first + (size_t)y * first_stride;
        const uint8_t *b = (const uint8_t *)second + (size_t)y * second_stride;
        if (depth == 8)
            total += row_of_bytes(a, b, size[0]);
        else
            total += row_of_words((const uint16_t *)(const void *)a, (const uint16_t *)(const void *)b, size[0]);
    }
    *sum = total;
    return LINC_OK;
}
