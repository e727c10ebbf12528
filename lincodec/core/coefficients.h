/* How levels of a transform are coded: scan, contexts; shared by reader, writer, costs and the encoder's
 * rate-distortion optimised quantisation (spec 8.12.7). */
#ifndef LINC_COEFFICIENTS_H
#define LINC_COEFFICIENTS_H

#include "context.h"

enum {
    LINC_LEVEL_MAX = 32767,
    LINC_REMAINDER_PREFIX = 12, /* context coded positions of the remainder's unary part */
    LINC_REMAINDER_SUFFIX = 16, /* most bits of its Exp-Golomb part */
    LINC_HIDING_SPAN = 4        /* scan positions from first to last level of a group that hides a sign */
};

/* Order inside a group of 4x4 and of the groups: up-right diagonals, from the top left; x | y << 4. */
extern const uint8_t linc_scan_4[16];
/* Groups of transforms of side 4, 8, 16, 32 (1, 4, 16, 64 groups). */
extern const uint8_t *const linc_scan_groups[4];

/* Class of a last coordinate: unary part, and then `linc_last_extra` raw bits. */
extern const uint8_t linc_last_class[32];
extern const uint8_t linc_last_base[10];
static inline int linc_last_extra(int class) {
    return class < 4 ? 0 : (class >> 1) - 1;
}

/* Contexts. `kind` is 0 for luma and 1 for both chroma planes, 2 more where levels are of samples; axis 0 is x; i
 * counts the unary part. */
static inline int linc_level_kind(int plane, int plain) {
    return (plane > 0) + 2 * plain;
}

static inline int linc_ctx_last(int kind, int size_log2, int axis, int i) {
    return LINC_CTX_LAST + ((kind * 4 + size_log2 - 2) * 2 + axis) * 10 + i;
}

/* right, below: whether these groups have levels. */
static inline int linc_ctx_group(int kind, int size_log2, int right, int below) {
    return LINC_CTX_GROUP + (kind * 3 + size_log2 - 3) * 3 + right + below;
}

/* Five neighbours that are coded before: (x+1, y), (x+2, y), (x, y+1), (x, y+2), (x+1, y+1).
 * sum: of their magnitudes; diagonal: x + y. */
static inline int linc_ctx_significant(int kind, int size_log2, int diagonal, int sum) {
    int size = size_log2 < 4 ? size_log2 - 2 : 2;
    int place = diagonal == 0 ? 0 : diagonal < 2 ? 1 : diagonal < 5 ? 2 : 3;
    int around = sum < 4 ? sum : sum < 6 ? 4 : 5;
    return LINC_CTX_SIGNIFICANT + ((kind * 3 + size) * 4 + place) * 6 + around;
}

/* nonzero: how many of the five are not 0. Offset from LINC_CTX_GREATER_1 or LINC_CTX_GREATER_2. */
static inline int linc_ctx_greater(int kind, int diagonal, int sum, int nonzero) {
    int place = diagonal == 0 ? 0 : diagonal < 4 ? 1 : 2;
    int more = sum - nonzero;
    int around = nonzero == 0 ? 0 : 1 + (more < 4 ? more : 4);
    return (kind * 3 + place) * 6 + around;
}

static inline int linc_ctx_remainder(int kind, int sum, int i) {
    int around = sum <= 4 ? 0 : sum <= 8 ? 1 : sum <= 14 ? 2 : 3;
    return LINC_CTX_REMAINDER + (kind * 4 + around) * 12 + i;
}

#endif
