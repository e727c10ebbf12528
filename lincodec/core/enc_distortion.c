/* Distances between blocks of samples, in lanes of 16 bits. */
#include "enc_distortion.h"

#include <string.h>

typedef int16_t lanes16 __attribute__((vector_size(32)));
typedef int16_t lanes8s __attribute__((vector_size(16)));
typedef uint16_t ulanes16 __attribute__((vector_size(32)));
typedef int32_t lanes8i __attribute__((vector_size(32)));
typedef uint64_t lanes4 __attribute__((vector_size(32)));
typedef uint32_t lanes8 __attribute__((vector_size(32)));

static inline lanes16 load16(const int16_t *p) {
    lanes16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Two rows of eight samples as one vector. */
static inline lanes16 load8x2(const int16_t *p, const int16_t *q) {
    lanes8s v, w;
    memcpy(&v, p, sizeof v);
    memcpy(&w, q, sizeof w);
    return __builtin_shufflevector(v, w, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

static inline lanes16 absolute(lanes16 v) {
    lanes16 sign = v >> 15;
    return (v ^ sign) - sign;
}

/* Unsigned lanes of 16 bits added in pairs. */
static inline lanes8 widened(lanes16 v) {
    lanes8 w = (lanes8)v;
    return (w & 0xffffu) + (w >> 16);
}

static inline uint32_t total(lanes8 v) {
    return v[0] + v[1] + v[2] + v[3] + v[4] + v[5] + v[6] + v[7];
}

static inline uint64_t wide_total(lanes8 v) {
    lanes4 w = ((lanes4)v & 0xffffffffu) + ((lanes4)v >> 32);
    return w[0] + w[1] + w[2] + w[3];
}

static uint32_t sad4(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int w, int h) {
    uint32_t sum = 0;
    for (int y = 0; y < h; y++, a += as, b += bs)
        for (int x = 0; x < w; x++)
            sum += (uint32_t)(a[x] < b[x] ? b[x] - a[x] : a[x] - b[x]);
    return sum;
}

uint32_t enc_sad(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int w, int h) {
    if (w < 8)
        return sad4(a, as, b, bs, w, h);
    lanes8 sum = {0};
    if (w == 8) {
        for (int y = 0; y < h; y += 2, a += 2 * as, b += 2 * bs)
            sum += widened(absolute(load8x2(a, a + as) - load8x2(b, b + bs)));
        return total(sum);
    }
    /* Lanes of 16 bits hold the differences of four rows of samples of 14 bits. */
    for (int x = 0; x < w; x += 16)
        for (int y = 0; y < h; y += 4) {
            const int16_t *p = a + x + y * as, *q = b + x + y * bs;
            ulanes16 part = (ulanes16)absolute(load16(p) - load16(q));
            part += (ulanes16)absolute(load16(p + as) - load16(q + bs));
            part += (ulanes16)absolute(load16(p + 2 * as) - load16(q + 2 * bs));
            part += (ulanes16)absolute(load16(p + 3 * as) - load16(q + 3 * bs));
            sum += widened((lanes16)part);
        }
    return total(sum);
}

/* Squares of 16 differences added up in eight lanes: two of 14 bits squared stay below 2^30. */
static inline lanes8 squares(lanes16 d) {
    lanes8i even = (lanes8i)((lanes8)d << 16) >> 16, odd = (lanes8i)d >> 16;
    return (lanes8)(even * even) + (lanes8)(odd * odd);
}

uint64_t enc_sse(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int w, int h) {
    uint64_t sum = 0;
    if (w < 8) {
        for (int y = 0; y < h; y++, a += as, b += bs)
            for (int x = 0; x < w; x++)
                sum += (uint64_t)((a[x] - b[x]) * (a[x] - b[x]));
        return sum;
    }
    if (w == 8) {
        for (int y = 0; y < h; y += 2, a += 2 * as, b += 2 * bs)
            sum += wide_total(squares(load8x2(a, a + as) - load8x2(b, b + bs)));
        return sum;
    }
    for (int y = 0; y < h; y += 2, a += 2 * as, b += 2 * bs)
        for (int x = 0; x < w; x += 16)
            sum += wide_total(squares(load16(a + x) - load16(b + x)) +
                              squares(load16(a + as + x) - load16(b + bs + x)));
    return sum;
}

/* One stage of a Hadamard transform down the columns of eight rows. */
#define STAGE(r, k)                                                                                                    \
    do {                                                                                                               \
        for (int i_ = 0; i_ < 8; i_++)                                                                                 \
            if (!(i_ & (k))) {                                                                                         \
                lanes16 s_ = r[i_] + r[i_ + (k)], d_ = r[i_] - r[i_ + (k)];                                            \
                r[i_] = s_;                                                                                            \
                r[i_ + (k)] = d_;                                                                                      \
            }                                                                                                          \
    } while (0)

static inline lanes16 low_halves(lanes16 a, lanes16 b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27);
}

static inline lanes16 high_halves(lanes16 a, lanes16 b) {
    return __builtin_shufflevector(a, b, 4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31);
}

/* Sum over two blocks of 8x8 differences, one in each half of the lanes. Interleaving two rows before a
 * butterfly makes it one along the rows; the last butterfly is |a+b| + |a-b| = 2 max(|a|, |b|). */
static inline lanes8 satd8x2(lanes16 r[8]) {
    STAGE(r, 1);
    STAGE(r, 2);
    STAGE(r, 4);
    for (int stage = 0; stage < 2; stage++)
        for (int i = 0; i < 8; i += 2) {
            lanes16 lo = low_halves(r[i], r[i + 1]), hi = high_halves(r[i], r[i + 1]);
            r[i] = lo + hi;
            r[i + 1] = lo - hi;
        }
    lanes8 sum = {0};
    for (int i = 0; i < 8; i += 2) {
        lanes16 lo = absolute(low_halves(r[i], r[i + 1])), hi = absolute(high_halves(r[i], r[i + 1]));
        lanes16 above = lo > hi;
        sum += widened((lo & above) | (hi & ~above));
    }
    return sum;
}

static uint32_t satd4(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int shift) {
    int d[16], sum = 0;
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            d[4 * y + x] = (a[y * as + x] - b[y * bs + x]) >> shift;
    for (int y = 0; y < 16; y += 4) {
        int p = d[y] + d[y + 2], q = d[y + 1] + d[y + 3], r = d[y] - d[y + 2], s = d[y + 1] - d[y + 3];
        d[y] = p + q, d[y + 1] = p - q, d[y + 2] = r + s, d[y + 3] = r - s;
    }
    for (int x = 0; x < 4; x++) {
        int p = d[x] + d[x + 8], q = d[x + 4] + d[x + 12], r = d[x] - d[x + 8], s = d[x + 4] - d[x + 12];
        p = p < 0 ? -p : p, q = q < 0 ? -q : q, r = r < 0 ? -r : r, s = s < 0 ? -s : s;
        sum += 2 * ((p > q ? p : q) + (r > s ? r : s));
    }
    return (uint32_t)sum * 2;
}

uint32_t enc_satd(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int w, int h, int shift) {
    uint32_t sum = 0;
    if ((w | h) & 7) {
        for (int y = 0; y < h; y += 4)
            for (int x = 0; x < w; x += 4)
                sum += satd4(a + y * as + x, as, b + y * bs + x, bs, shift);
        return sum;
    }
    int16_t half = (int16_t)((1 << shift) >> 1);
    static const int16_t nought[8] = {0};
    lanes8 sums = {0};
    for (int y = 0; y < h; y += 8)
        for (int x = 0; x < w; x += 16) {
            lanes16 r[8];
            const int16_t *p = a + y * as + x, *q = b + y * bs + x;
            int two = w == 8 && y + 8 < h; /* blocks of 8 go in pairs, one below the other */
            if (w > 8)
                for (int i = 0; i < 8; i++)
                    r[i] = (load16(p + i * as) - load16(q + i * bs) + half) >> shift;
            else if (two)
                for (int i = 0; i < 8; i++)
                    r[i] = (load8x2(p + i * as, p + (i + 8) * as) -
                            load8x2(q + i * bs, q + (i + 8) * bs) + half) >> shift;
            else
                for (int i = 0; i < 8; i++)
                    r[i] = (load8x2(p + i * as, nought) - load8x2(q + i * bs, nought) + half) >> shift;
            sums += satd8x2(r);
            if (two)
                y += 8;
        }
    return 2 * total(sums);
}
