/* Inverse cosine transform of the blocks of spectral segments (spec 8.3). */
#ifndef LINC_SPECTRAL_BLOCKS_H
#define LINC_SPECTRAL_BLOCKS_H

#include <stddef.h>

#include "linc_spectral.h"

/* Coefficients [block_height, block_width] to samples of the same size; rows of `out` are `stride` floats apart. */
void linc_spectral_block(const LincSpectralPlane *plane, const LincSpectralWeights *weights, const float *coefficients,
                         float *out, ptrdiff_t stride);

#endif
