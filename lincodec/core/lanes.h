/* Lanes of 16 bits and what is done with them, in the vector types of GCC and clang: nothing of one processor. */
#ifndef LINC_LANES_H
#define LINC_LANES_H

#include <stdint.h>
#include <string.h>

typedef int16_t LincLanes16 __attribute__((vector_size(32)));
typedef int16_t LincLanes16Half __attribute__((vector_size(16)));
typedef int32_t LincLanes32 __attribute__((vector_size(32)));
typedef int32_t LincLanes32Half __attribute__((vector_size(16)));

typedef uint16_t LincUnsigned16 __attribute__((vector_size(32)));
typedef uint32_t LincUnsigned32 __attribute__((vector_size(32)));
typedef uint64_t LincUnsigned64 __attribute__((vector_size(32)));

static inline LincLanes16 linc_load16(const int16_t *p) {
    LincLanes16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Two rows of eight as one vector. */
static inline LincLanes16 linc_load8x2(const int16_t *p, const int16_t *q) {
    LincLanes16Half v, w;
    memcpy(&v, p, sizeof v);
    memcpy(&w, q, sizeof w);
    return __builtin_shufflevector(v, w, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

static inline void linc_store16(int16_t *p, LincLanes16 v) {
    memcpy(p, &v, sizeof v);
}

/* A pair of 16-bit numbers in every lane of 32 bits. */
static inline LincLanes16 linc_pairs_of(int first, int second) {
    return (LincLanes16)((LincLanes32){0} + (int32_t)((uint32_t)(uint16_t)first | (uint32_t)second << 16));
}

/* Sums of the products of neighbouring lanes, in plain vectors. */
static inline LincLanes32 linc_multiply_pairs_plain(LincLanes16 a, LincLanes16 b) {
    LincLanes32 a0 = (LincLanes32)a << 16 >> 16, a1 = (LincLanes32)a >> 16;
    LincLanes32 b0 = (LincLanes32)b << 16 >> 16, b1 = (LincLanes32)b >> 16;
    return a0 * b0 + a1 * b1;
}

/* The same by the one instruction that most processors have for it; compilers do not find it by themselves. */
static inline LincLanes32 linc_multiply_pairs(LincLanes16 a, LincLanes16 b) {
#if defined(__AVX2__)
    return (LincLanes32)__builtin_ia32_pmaddwd256(a, b);
#elif defined(__SSE2__)
    LincLanes16Half low = __builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7);
    LincLanes16Half high = __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15);
    LincLanes16Half other_low = __builtin_shufflevector(b, b, 0, 1, 2, 3, 4, 5, 6, 7);
    LincLanes16Half other_high = __builtin_shufflevector(b, b, 8, 9, 10, 11, 12, 13, 14, 15);
    return __builtin_shufflevector(__builtin_ia32_pmaddwd128(low, other_low),
                                   __builtin_ia32_pmaddwd128(high, other_high), 0, 1, 2, 3, 4, 5, 6, 7);
#else
    return linc_multiply_pairs_plain(a, b);
#endif
}

/* The pairs of two rows, for linc_multiply_pairs: lanes 0 to 3 and 8 to 11, and the others. */
static inline LincLanes16 linc_low_pairs(LincLanes16 a, LincLanes16 b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27);
}

static inline LincLanes16 linc_high_pairs(LincLanes16 a, LincLanes16 b) {
    return __builtin_shufflevector(a, b, 4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31);
}

/* Sums of such pairs as 16 lanes in their order; what does not fit becomes the nearest that does. */
static inline LincLanes16 linc_pack_plain(LincLanes32 low, LincLanes32 high) {
    LincLanes32 most = (LincLanes32){0} + 32767, least = -most - 1;
    low = (low & (low < most)) | (most & (low >= most));
    low = (low & (low > least)) | (least & (low <= least));
    high = (high & (high < most)) | (most & (high >= most));
    high = (high & (high > least)) | (least & (high <= least));
    LincLanes16Half a = __builtin_convertvector(low, LincLanes16Half);
    LincLanes16Half b = __builtin_convertvector(high, LincLanes16Half);
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15);
}

static inline LincLanes16 linc_pack(LincLanes32 low, LincLanes32 high) {
#if defined(__AVX2__)
    return (LincLanes16)__builtin_ia32_packssdw256(low, high);
#elif defined(__SSE2__)
    LincLanes32Half low_first = __builtin_shufflevector(low, low, 0, 1, 2, 3);
    LincLanes32Half low_last = __builtin_shufflevector(low, low, 4, 5, 6, 7);
    LincLanes32Half high_first = __builtin_shufflevector(high, high, 0, 1, 2, 3);
    LincLanes32Half high_last = __builtin_shufflevector(high, high, 4, 5, 6, 7);
    return __builtin_shufflevector((LincLanes16Half)__builtin_ia32_packssdw128(low_first, high_first),
                                   (LincLanes16Half)__builtin_ia32_packssdw128(low_last, high_last), 0, 1, 2, 3, 4, 5,
                                   6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#else
    return linc_pack_plain(low, high);
#endif
}

/* The low halves of even and odd lanes, in their order. */
static inline LincLanes16 linc_interleave(LincLanes32 even, LincLanes32 odd) {
    return (LincLanes16)((even & 0xffff) | odd << 16);
}

static inline LincLanes16 linc_absolute(LincLanes16 v) {
    LincLanes16 sign = v >> 15;
    return (v ^ sign) - sign;
}

/* Lanes as numbers without a sign, added in pairs, and all of them. */
static inline LincUnsigned32 linc_pair_sums(LincUnsigned16 v) {
    LincUnsigned32 w = (LincUnsigned32)v;
    return (w & 0xffffu) + (w >> 16);
}

static inline uint32_t linc_total(LincUnsigned32 v) {
    v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
    return v[0] + v[1];
}

/* The same of wider ones. */
static inline LincUnsigned64 linc_wide_pair_sums(LincLanes32 v) {
    return ((LincUnsigned64)v & 0xffffffffu) + ((LincUnsigned64)v >> 32);
}

static inline uint64_t linc_wide_total(LincUnsigned64 v) {
    return v[0] + v[1] + v[2] + v[3];
}

static inline LincLanes16 linc_clip_lanes(LincLanes16 v, int maximum) {
    LincLanes16 most = (LincLanes16){0} + (int16_t)maximum, above = v > most;
    v = (most & above) | (v & ~above);
    return v & ~(v >> 15);
}

#endif
