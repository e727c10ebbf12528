/* Prediction inside a frame (spec 8.12.9). */
#ifndef LINC_INTRA_H
#define LINC_INTRA_H

#include "block.h"

/* Neighbouring samples of a square of side n: [2n] is the corner, [2n - 1 - i] goes down the left,
 * [2n + 1 + i] along the top. `plain` as reconstructed, gaps filled; `smooth` filtered (luma of 8 and more). */
typedef struct LincNeighbours {
    LincSample plain[4 * 32 + 1 + 16];
    LincSample smooth[4 * 32 + 1 + 16];
} LincNeighbours;

/* Gathers for a square of side 1 << size_log2 at (x, y) of `plane`, in the plane's samples. */
void linc_intra_gather(const LincFrame *frame, int plane, int x, int y, int size_log2, LincNeighbours *neighbours);

/* Predicts by `mode` (0 .. 34). */
void linc_intra_predict(const LincGeometry *geometry, const LincNeighbours *neighbours, int chroma, int size_log2,
                        int mode, LincSample *out, ptrdiff_t stride);

/* Chroma from luma: a line fitted on the neighbours of reconstructed luma and this plane. */
void linc_intra_from_luma(const LincFrame *frame, int plane, int x, int y, int size_log2, LincSample *out,
                          ptrdiff_t stride);

/* A square of the same picture, which linc_copy_allowed keeps in units before; `vector` in whole luma samples. */
void linc_intra_copy(const LincFrame *frame, int plane, int x, int y, int size_log2, LincVector vector, LincSample *out,
                     ptrdiff_t stride);

/* The three likely modes of the leaf at luma (x, y) (spec 8.12.6). */
void linc_likely_modes(const LincFrame *frame, int x, int y, int likely[3]);

#endif
