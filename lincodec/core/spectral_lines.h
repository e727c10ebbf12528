/* Lines of samples of spectral segments: blending across borders (spec 8.3). */
#ifndef LINC_SPECTRAL_LINES_H
#define LINC_SPECTRAL_LINES_H

#include <stddef.h>

#include "linc_spectral.h"

/* Blends the blocks of one line: `overlap` samples on both sides of every inner border. */
void linc_spectral_blend_line(float *line, int columns, int block, int overlap, const float *fold);

/* Blends two lines that lie as far above and below a border. */
void linc_spectral_blend_lines(float *above, float *below, int width, float fold);

/* The first of `mean` lines, 2 or 4, becomes the means of squares of them; lines lie `stride` floats apart. */
void linc_spectral_mean_line(float *lines, ptrdiff_t stride, int mean, int width);

#endif
