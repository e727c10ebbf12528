/* Lanes of 16 bits and what is done with them, in the vector types of GCC and clang: nothing of one processor. */
#ifndef LINC_ENC_LANES_H
#define LINC_ENC_LANES_H

#include <stdint.h>
#include <string.h>

typedef int16_t Lanes16 __attribute__((vector_size(32)));
typedef int16_t Lanes16Half __attribute__((vector_size(16)));
typedef int32_t Lanes32 __attribute__((vector_size(32)));

static inline Lanes16 enc_load16(const int16_t *p) {
    Lanes16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void enc_store16(int16_t *p, Lanes16 v) {
    memcpy(p, &v, sizeof v);
}

/* A pair of 16-bit numbers in every lane of 32 bits. */
static inline Lanes16 enc_pairs_of(int first, int second) {
    return (Lanes16)((Lanes32){0} + (int32_t)((uint32_t)(uint16_t)first | (uint32_t)second << 16));
}

/* Sums of the products of neighbouring lanes. Written so that compilers find the one instruction for it. */
static inline Lanes32 enc_multiply_pairs(Lanes16 a, Lanes16 b) {
    Lanes16Half a0 = __builtin_shufflevector(a, a, 0, 2, 4, 6, 8, 10, 12, 14);
    Lanes16Half a1 = __builtin_shufflevector(a, a, 1, 3, 5, 7, 9, 11, 13, 15);
    Lanes16Half b0 = __builtin_shufflevector(b, b, 0, 2, 4, 6, 8, 10, 12, 14);
    Lanes16Half b1 = __builtin_shufflevector(b, b, 1, 3, 5, 7, 9, 11, 13, 15);
    return __builtin_convertvector(a0, Lanes32) * __builtin_convertvector(b0, Lanes32) +
           __builtin_convertvector(a1, Lanes32) * __builtin_convertvector(b1, Lanes32);
}

/* The low halves of even and odd lanes, in their order. */
static inline Lanes16 enc_interleave(Lanes32 even, Lanes32 odd) {
    return (Lanes16)((even & 0xffff) | odd << 16);
}

static inline Lanes16 enc_clip_lanes(Lanes16 v, int maximum) {
    Lanes16 most = (Lanes16){0} + (int16_t)maximum, above = v > most;
    v = (most & above) | (v & ~above);
    return v & ~(v >> 15);
}

#endif
