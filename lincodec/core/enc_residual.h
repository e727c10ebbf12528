/* Residuals of a leaf: transforms, levels, and what they cost. */
#ifndef LINC_ENC_RESIDUAL_H
#define LINC_ENC_RESIDUAL_H

#include "enc_search.h"

/* One transform of `plane` at (x, y), in the plane's samples, predicted by `prediction`. `context` is that of
 * its coded flag. `levels` is written where the result is coded. */
EncSpent enc_code_transform(EncSearch *s, int plane, int x, int y, int size_log2, int kind, int context,
                            const LincSample *prediction, ptrdiff_t stride, int16_t *levels, ptrdiff_t levels_stride);

/* Luma of a leaf between frames, as one transform or four (*split); the bits of `coded` are in z-order. */
EncSpent enc_code_luma(EncSearch *s, EncTrial *trial, int x, int y, int size_log2, int *split);

/* Both chroma planes of a leaf at luma (x, y); `coded` holds 4 bits a plane, as LincBlock.coded does. */
EncSpent enc_code_chroma(EncSearch *s, EncTrial *trial, int x, int y, int size_log2);

/* Weighted squared error of the whole prediction. */
double enc_prediction_error(const EncSearch *s, const EncTrial *trial, int x, int y, int size_log2);

/* Fills every cell of the leaf with the trial's block or two blocks. */
void enc_fill(EncSearch *s, const EncTrial *trial, int x, int y, int size_log2);

/* Cost of the leaf's decisions, in 1/1024 bit, levels not included. */
uint32_t enc_side_cost(EncSearch *s, const EncTrial *trial, int x, int y, int size_log2);

/* Samples of a leaf between frames from its prediction and levels. */
void enc_finish_inter(EncSearch *s, EncTrial *trial, int size_log2);

#endif
