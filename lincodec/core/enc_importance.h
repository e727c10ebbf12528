/* How much later frames gain from every area of a frame, and what finer a step that is worth. */
#ifndef LINC_ENC_IMPORTANCE_H
#define LINC_ENC_IMPORTANCE_H

#include "enc_encoder.h"

enum { ENC_AREA = 16 }; /* luma samples a side of what one offset is for */

static inline int enc_areas(int side) {
    return (side + ENC_AREA - 1) / ENC_AREA;
}

/* Base 2 logarithm, to about 1/1000. */
double enc_log2(double v);

#endif
