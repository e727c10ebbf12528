/* How much later frames gain from every area of a frame, and what finer a step that is worth. */
#ifndef LINC_ENC_IMPORTANCE_H
#define LINC_ENC_IMPORTANCE_H

#include "enc_encoder.h"

enum { ENC_AREA = 16 }; /* luma samples a side of what one offset is for: a cell of the coarse field */

static inline int enc_areas(int side) {
    return enc_coarse_cells(side);
}

/* Base 2 logarithm, to about 1/1000. */
double enc_log2(double v);

#endif
