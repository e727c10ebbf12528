/* Prediction from other frames (spec 8.12.8). */
#ifndef LINC_INTER_H
#define LINC_INTER_H

#include "block.h"

extern const int8_t linc_luma_taps[4][8];   /* quarters; tap k applies to sample k - 3 */
extern const int8_t linc_chroma_taps[8][4]; /* eighths; tap k applies to sample k - 1 */

/* Predicts a w x h rectangle at (x, y) of `plane` (in that plane's samples) from `reference` (padded) displaced
 * by `vector`. average = 1: out = (out + prediction + 1) >> 1, the second reference of two. */
void linc_predict_plane(const LincGeometry *geometry, const LincPicture *reference, int plane, int x, int y, int w,
                        int h, LincVector vector, LincSample *out, ptrdiff_t stride, int average);

/* All of a part's motion on one plane; (x, y, w, h) in luma samples. */
void linc_predict_motion(const LincGeometry *geometry, const LincPicture *const reference[2], int plane, int x,
                         int y, int w, int h, const LincMotion *motion, LincSample *out, ptrdiff_t stride);

#endif
