/* Forward transforms of the encoder, in binary32: nothing that the decoder has to repeat. */
#ifndef LINC_ENC_TRANSFORM_H
#define LINC_ENC_TRANSFORM_H

#include <stdint.h>

#include "transform.h"

/* Cosines for every stage of folding: `odd[s]` turns the differences of 2^(s + 1) samples into the odd frequencies
 * of a transform of that size, [frequency / 2][sample], with the scale of the largest size left out. */
typedef struct EncMatrices {
    float odd[5][16 * 16];
} EncMatrices;

void enc_matrices_set(EncMatrices *matrices);

/* Orthonormal coefficients of a residual of size x size samples, rows without gaps. The result is transposed:
 * coefficients[x * size + y] is that of horizontal frequency x and vertical frequency y. */
void enc_transform(const EncMatrices *matrices, const int16_t *residual, int size_log2, int kind,
                   float *coefficients);

#endif
