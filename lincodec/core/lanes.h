/* Lanes of 16 bits and what is done with them, in the vector types of GCC and clang: nothing of one processor. */
#ifndef LINC_LANES_H
#define LINC_LANES_H

#include <stdint.h>
#include <string.h>

typedef int16_t LincLanes16 __attribute__((vector_size(32)));
typedef int16_t LincLanes16Half __attribute__((vector_size(16)));
typedef int32_t LincLanes32 __attribute__((vector_size(32)));

static inline LincLanes16 linc_load16(const int16_t *p) {
    LincLanes16 v;
    memcpy(&v, p, sizeof v);
    return v;
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

/* The pairs of two rows at even and at odd places, for linc_multiply_pairs: (a0, b0), (a2, b2) .. and (a1, b1) .. */
static inline LincLanes16 linc_even_pairs(LincLanes16 a, LincLanes16 b) {
    return (LincLanes16)(((LincLanes32)a & 0xffff) | (LincLanes32)b << 16);
}

static inline LincLanes16 linc_odd_pairs(LincLanes16 a, LincLanes16 b) {
    return (LincLanes16)(((LincLanes32)a >> 16 & 0xffff) | ((LincLanes32)b & (int32_t)0xffff0000));
}

/* The low halves of even and odd lanes, in their order. */
static inline LincLanes16 linc_interleave(LincLanes32 even, LincLanes32 odd) {
    return (LincLanes16)((even & 0xffff) | odd << 16);
}

static inline LincLanes16 linc_clip_lanes(LincLanes16 v, int maximum) {
    LincLanes16 most = (LincLanes16){0} + (int16_t)maximum, above = v > most;
    v = (most & above) | (v & ~above);
    return v & ~(v >> 15);
}

#endif
