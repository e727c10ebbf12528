/* Distances between blocks of samples, for the decisions of the encoder. */
#ifndef LINC_ENC_DISTORTION_H
#define LINC_ENC_DISTORTION_H

#include <stddef.h>
#include <stdint.h>

/* Every block is w x h samples, w of 4, 8, 16, 32 or 64 and h a multiple of 4; strides in samples. */

/* Sum of absolute differences. */
uint32_t enc_sad(const int16_t *a, ptrdiff_t a_stride, const int16_t *b, ptrdiff_t b_stride, int w, int h);

/* Sum of squared differences. */
uint64_t enc_sse(const int16_t *a, ptrdiff_t a_stride, const int16_t *b, ptrdiff_t b_stride, int w, int h);

/* Sum of absolute Hadamard coefficients of the difference, 8x8 where both sides allow and 4x4 otherwise,
 * scaled as a sum of absolute differences of samples of 12 bits. `shift` brings samples to 10 bits, so that
 * 16-bit lanes hold every sum. */
uint32_t enc_satd(const int16_t *a, ptrdiff_t a_stride, const int16_t *b, ptrdiff_t b_stride, int w, int h,
                  int shift);

#endif
