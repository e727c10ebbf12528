/* Coarse motion between source pictures, a guess where the search of a block starts. */
#ifndef LINC_ENC_COARSE_H
#define LINC_ENC_COARSE_H

#include <stddef.h>
#include <stdint.h>

#include "block.h"

enum {
    ENC_SMALL_MARGIN = 40, /* samples around a small picture, so that a window may leave it */
    ENC_COARSE_CELL = 16,  /* samples of luma a vector of the field stands for, each way */
    ENC_COARSE_RANGE = 24, /* furthest vector, in quarter-size samples */
};

/* Luma taken down by averages, with a margin of repeated samples. */
typedef struct EncSmall {
    int16_t *samples; /* of the top left sample */
    void *memory;     /* of a picture that has its own, or NULL */
    ptrdiff_t stride;
    int width, height;
} EncSmall;

/* The two small pictures of a source picture: of a quarter and an eighth of its width. */
typedef struct EncShrunk {
    EncSmall quarter, eighth;
} EncShrunk;

/* Samples of storage that the shrunk pictures of width x height samples take. */
size_t enc_shrunk_samples(int width, int height);

/* Shrink a plane into storage of the caller's. */
void enc_shrink(const int16_t *plane, ptrdiff_t stride, int width, int height, int16_t *storage, EncShrunk *out);

/* Luma taken down to half its size, in memory of its own; NULL without memory. */
int16_t *enc_halve(const int16_t *plane, ptrdiff_t stride, int width, int height, EncSmall *out);

/* Cells of the field, and of that of an eighth, along a side of so many samples. */
int enc_coarse_cells(int side);
int enc_eighth_cells(int side);

/* Range of a search over so many frames. */
int enc_coarse_range(int distance);

/* Vectors from `current` into `reference`, one for each cell of 16 x 16 samples, in whole samples of luma.
 * `range` is in quarter-size samples, at most ENC_COARSE_RANGE; `price` is what a doubling of the difference
 * to the vector of the neighbour costs, in sums of absolute differences. `hasty`: fewer vectors are tried. `eighth`
 * is working space with a vector for every cell of 32 x 32, `field` gets one for every cell of 16 x 16, row by row. */
void enc_coarse_search(const EncShrunk *current, const EncShrunk *reference, int range, int price, int hasty,
                       LincVector *eighth, LincVector *field);

#endif
