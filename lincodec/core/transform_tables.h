/* Matrices of the transforms (spec 8.12.10). */
#ifndef LINC_TRANSFORM_TABLES_H
#define LINC_TRANSFORM_TABLES_H

#include <stdint.h>

/* [frequency][position]. Smaller transforms use every second, fourth, eighth row and the first columns. */
extern const int16_t linc_dct[32][32];

/* [position][frequency] of each size, for the forward transforms. */
extern const int16_t linc_dct_columns_4[4][4];
extern const int16_t linc_dct_columns_8[8][8];
extern const int16_t linc_dct_columns_16[16][16];
extern const int16_t linc_dct_columns_32[32][32];

/* Sine transform of 4x4 luma inside a frame: 2048 sqrt(2) * 2/3 * sin(pi * (2 k + 1) * (n + 1) / 9), rounded. */
extern const int16_t linc_dst[4][4];
extern const int16_t linc_dst_columns[4][4];

#endif
