/* Distances between blocks of samples, in lanes of 16 bits. */
#include "enc_distortion.h"

#include "lanes.h"

static uint32_t sad4(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int w, int h) {
    uint32_t sum = 0;
    for (int y = 0; y < h; y++, a += as, b += bs)
        for (int x = 0; x < w; x++)
            sum += (uint32_t)(a[x] < b[x] ? b[x] - a[x] : a[x] - b[x]);
    return sum;
}

/* Lanes of 16 bits hold the differences of four rows of samples of 14 bits. */
static inline LincUnsigned32 sad16x4(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs) {
    LincUnsigned16 part = (LincUnsigned16)linc_absolute(linc_load16(a) - linc_load16(b));
    part += (LincUnsigned16)linc_absolute(linc_load16(a + as) - linc_load16(b + bs));
    part += (LincUnsigned16)linc_absolute(linc_load16(a + 2 * as) - linc_load16(b + 2 * bs));
    part += (LincUnsigned16)linc_absolute(linc_load16(a + 3 * as) - linc_load16(b + 3 * bs));
    return linc_pair_sums(part);
}

static inline LincUnsigned16 sad8x4(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs) {
    LincLanes16 first = linc_load8x2(a, a + as) - linc_load8x2(b, b + bs);
    LincLanes16 last = linc_load8x2(a + 2 * as, a + 3 * as) - linc_load8x2(b + 2 * bs, b + 3 * bs);
    return (LincUnsigned16)linc_absolute(first) + (LincUnsigned16)linc_absolute(last);
}

uint32_t enc_sad(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int w, int h) {
    if (w < 8) return sad4(a, as, b, bs, w, h);
    LincUnsigned32 sum = {0};
    if (w == 8) {
        for (int y = 0; y < h; y += 4) sum += linc_pair_sums(sad8x4(a + y * as, as, b + y * bs, bs));
        return linc_total(sum);
    }
    for (int y = 0; y < h; y += 4)
        for (int x = 0; x < w; x += 16) sum += sad16x4(a + y * as + x, as, b + y * bs + x, bs);
    return linc_total(sum);
}

uint64_t enc_sse(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int w, int h) {
    LincUnsigned64 sum = {0};
    if (w < 8) {
        uint64_t few = 0;
        for (int y = 0; y < h; y++, a += as, b += bs)
            for (int x = 0; x < w; x++) few += (uint64_t)((a[x] - b[x]) * (a[x] - b[x]));
        return few;
    }
    /* Two differences of 14 bits squared stay below 2^30. */
    for (int y = 0; y < h; y += 2, a += 2 * as, b += 2 * bs) {
        if (w == 8) {
            LincLanes16 d = linc_load8x2(a, a + as) - linc_load8x2(b, b + bs);
            sum += linc_wide_pair_sums(linc_multiply_pairs(d, d));
            continue;
        }
        for (int x = 0; x < w; x += 16) {
            LincLanes16 d = linc_load16(a + x) - linc_load16(b + x);
            LincLanes16 e = linc_load16(a + as + x) - linc_load16(b + bs + x);
            sum += linc_wide_pair_sums(linc_multiply_pairs(d, d) + linc_multiply_pairs(e, e));
        }
    }
    return linc_wide_total(sum);
}

/* One stage of a Hadamard transform down the columns of eight rows. */
#define STAGE(r, k)                                                                             \
    do {                                                                                        \
        for (int i_ = 0; i_ < 8; i_++)                                                          \
            if (!(i_ & (k))) {                                                                  \
                LincLanes16 s_ = r[i_] + r[i_ + (k)], d_ = r[i_] - r[i_ + (k)];                 \
                r[i_] = s_;                                                                     \
                r[i_ + (k)] = d_;                                                               \
            }                                                                                   \
    } while (0)

/* Sum over two blocks of 8x8 differences, one in each half of the lanes. Interleaving two rows before a
 * butterfly makes it one along the rows; the last butterfly is |a+b| + |a-b| = 2 max(|a|, |b|). */
static inline LincUnsigned32 satd8x2(LincLanes16 r[8]) {
    STAGE(r, 1);
    STAGE(r, 2);
    STAGE(r, 4);
    for (int stage = 0; stage < 2; stage++)
        for (int i = 0; i < 8; i += 2) {
            LincLanes16 lo = linc_low_pairs(r[i], r[i + 1]), hi = linc_high_pairs(r[i], r[i + 1]);
            r[i] = lo + hi;
            r[i + 1] = lo - hi;
        }
    LincUnsigned32 sum = {0};
    for (int i = 0; i < 8; i += 2) {
        LincLanes16 lo = linc_absolute(linc_low_pairs(r[i], r[i + 1]));
        LincLanes16 hi = linc_absolute(linc_high_pairs(r[i], r[i + 1]));
        LincLanes16 above = lo > hi;
        sum += linc_pair_sums((LincUnsigned16)((lo & above) | (hi & ~above)));
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

/* Differences at 10 bits of 16 columns, or of two blocks of 8: the second one stands below the first or is nought. */
static inline void set_rows(LincLanes16 r[8], const int16_t *p, ptrdiff_t as, const int16_t *q, ptrdiff_t bs, int wide,
                            int two, int shift) {
    static const int16_t nought[8] = {0};
    int16_t half = (int16_t)((1 << shift) >> 1);
    for (int i = 0; i < 8; i++) {
        LincLanes16 a, b;
        if (wide) {
            a = linc_load16(p + i * as);
            b = linc_load16(q + i * bs);
        } else {
            a = linc_load8x2(p + i * as, two ? p + (i + 8) * as : nought);
            b = linc_load8x2(q + i * bs, two ? q + (i + 8) * bs : nought);
        }
        r[i] = (a - b + half) >> shift;
    }
}

uint32_t enc_satd(const int16_t *a, ptrdiff_t as, const int16_t *b, ptrdiff_t bs, int w, int h, int shift) {
    uint32_t sum = 0;
    if ((w | h) & 7) {
        for (int y = 0; y < h; y += 4)
            for (int x = 0; x < w; x += 4)
                sum += satd4(a + y * as + x, as, b + y * bs + x, bs, shift);
        return sum;
    }
    LincUnsigned32 sums = {0};
    for (int y = 0; y < h; y += 8)
        for (int x = 0; x < w; x += 16) {
            LincLanes16 r[8];
            const int16_t *p = a + y * as + x, *q = b + y * bs + x;
            int two = w == 8 && y + 8 < h;
            if (w > 8)
                set_rows(r, p, as, q, bs, 1, 0, shift);
            else
                set_rows(r, p, as, q, bs, 0, two, shift);
            sums += satd8x2(r);
            if (two) y += 8;
        }
    return 2 * linc_total(sums);
}
