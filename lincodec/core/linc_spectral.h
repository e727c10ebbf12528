/* Public interface of spectral segments (spec 8.3, 8.6): weights and the latents of a time to samples.
 *
 * In binary32, within the tolerance of spec 8.8. Calls share nothing but what they read.
 */
#ifndef LINC_SPECTRAL_PUBLIC_H
#define LINC_SPECTRAL_PUBLIC_H

#include "linc_core.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LINC_SPECTRAL_SIDE = 64 }; /* largest side of a block */

/* One plane. Sides of blocks are powers of two from 4 on. */
typedef struct LincSpectralPlane {
    int32_t height, width;              /* samples */
    int32_t rows, columns;              /* of blocks, which cover the plane */
    int32_t block_height, block_width;  /* samples */
    int32_t overlap_down, overlap_across; /* samples on each side of a border, up to half a block */
    int32_t components;
    int32_t mean;                       /* 2 or 4: means of squares of that side, which fill the plane; else 0 */
} LincSpectralPlane;

/* Its weights that are not 0, and the functions that they weigh. */
typedef struct LincSpectralWeights {
    const int64_t *starts; /* [components * rows + 1]: where those of a row of blocks of a component begin */
    const int64_t *where;  /* ascending indices in [component, row, column, v, u] */
    const float *values;
    const float *down, *across;           /* [side, side]: row k is the cosine of frequency k at the samples */
    const float *fold_down, *fold_across; /* [overlap]: (tau - 1) / 2 at the samples behind a border */
    int64_t count;
} LincSpectralWeights;

/* Floats of working memory that a call needs; 0: there is no such plane. */
LINC_API int64_t linc_spectral_floats(const LincSpectralPlane *plane);

/* The plane, or its means, at the time whose latents are `latents` [components]. With depth 8 to 16 codes as
 * linc_segment_output gives them; with depth 0 floats, centred, in 8-bit code values. `stride` and `size` are bytes,
 * `work` is memory of linc_spectral_floats. LINC_CORRUPT: a sample is not a finite number. */
LINC_API LincStatus linc_spectral_render(const LincSpectralPlane *plane, const LincSpectralWeights *weights,
                                         const float *latents, int32_t depth, void *out, size_t stride, size_t size,
                                         float *work);

#ifdef __cplusplus
}
#endif
#endif
