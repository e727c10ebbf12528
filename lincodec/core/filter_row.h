/* One row of the Wiener loop filter (spec 8.12.11): the plain form, and one in vectors of pairs of 16-bit products,
 * which compilers do not find. Both give the same samples. */
#ifndef LINC_FILTER_ROW_H
#define LINC_FILTER_ROW_H

#include "filter.h"

static inline int linc_filter_middle(const int8_t *taps, int count) {
    int middle = 1 << LINC_FILTER_SHIFT;
    for (int k = 0; k < count; k++) middle -= 2 * taps[k];
    return middle;
}

/* `lanes` samples. The middle's weight makes the weights add up to one. */
static inline void linc_filter_row_plain(const LincSample *in, LincSample *out, const ptrdiff_t *offsets,
                                         const int8_t *taps, int count, int lanes, int maximum) {
    int32_t sums[LINC_FILTER_AREA];
    int middle = linc_filter_middle(taps, count);
    for (int i = 0; i < lanes; i++) sums[i] = in[i] * middle + (1 << (LINC_FILTER_SHIFT - 1));
    for (int k = 0; k < count; k++) {
        const LincSample *a = in + offsets[k], *b = in - offsets[k];
        int tap = taps[k];
        for (int i = 0; i < lanes; i++) sums[i] += tap * (int16_t)(a[i] + b[i]);
    }
    for (int i = 0; i < lanes; i++) out[i] = linc_clip(sums[i] >> LINC_FILTER_SHIFT, maximum);
}

#if defined(__AVX2__) && (defined(__clang__) || __GNUC__ >= 12)

typedef int16_t LincLanes __attribute__((vector_size(32)));
typedef int32_t LincSums __attribute__((vector_size(32)));
typedef int16_t LincLoad __attribute__((vector_size(32), aligned(2), may_alias));

/* What two vectors of samples add to sums, with the weights of each: samples 0 to 3 and 8 to 11, then the others. */
#define LINC_PAIRS(low, high, a, b, weights)                                                                       \
    do {                                                                                                           \
        LincLanes first = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27); \
        LincLanes last = __builtin_shufflevector(a, b, 4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31); \
        low += (LincSums)__builtin_ia32_pmaddwd256(first, weights);                                                \
        high += (LincSums)__builtin_ia32_pmaddwd256(last, weights);                                                \
    } while (0)

static inline LincLanes linc_weights(int a, int b) {
    int16_t p = (int16_t)a, q = (int16_t)b;
    return (LincLanes){p, q, p, q, p, q, p, q, p, q, p, q, p, q, p, q};
}

static inline LincLanes linc_pair_sum(const LincSample *in, ptrdiff_t offset) {
    return (LincLanes)(*(const LincLoad *)(in + offset) + *(const LincLoad *)(in - offset));
}

static inline void linc_filter_row(const LincSample *in, LincSample *out, const ptrdiff_t *offsets, const int8_t *taps,
                                   int count, int lanes, int maximum) {
    int half = 1 << (LINC_FILTER_SHIFT - 1);
    LincLanes one = linc_weights(1, 1), middle = linc_weights(linc_filter_middle(taps, count), half);
    LincLanes zero = linc_weights(0, 0), top = linc_weights(maximum, maximum);
    for (int x = 0; x < lanes; x += 16, in += 16, out += 16) {
        LincSums low = {0}, high = {0};
        LincLanes here = (LincLanes) * (const LincLoad *)in;
        LINC_PAIRS(low, high, here, one, middle);
        for (int k = 0; k < count; k += 2) {
            LincLanes a = linc_pair_sum(in, offsets[k]), b = linc_pair_sum(in, offsets[k + 1]);
            LINC_PAIRS(low, high, a, b, linc_weights(taps[k], taps[k + 1]));
        }
        low >>= LINC_FILTER_SHIFT;
        high >>= LINC_FILTER_SHIFT;
        LincLanes sum = (LincLanes)__builtin_ia32_packssdw256(low, high), over = sum > top;
        sum &= sum > zero;
        *(LincLoad *)out = (sum & ~over) | (top & over);
    }
}

#else
#define linc_filter_row linc_filter_row_plain
#endif

#endif
