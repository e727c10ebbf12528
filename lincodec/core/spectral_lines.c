/* Lines of samples of spectral segments: blending across borders (spec 8.3). */
#include "spectral_lines.h"

/* What differs between two samples mirrored at a border loses a part of itself that falls with the distance: the
 * windows of spec 8.3 around the border, applied to what their cosines give. */
static void blend(float *left, float *right, float fold) {
    float odd = (*right - *left) * fold;
    *right += odd;
    *left -= odd;
}

void linc_spectral_blend_line(float *line, int columns, int block, int overlap, const float *fold) {
    for (int b = 1; b < columns; b++) {
        float *border = line + (ptrdiff_t)b * block;
        for (int i = 0; i < overlap; i++) blend(border - 1 - i, border + i, fold[i]);
    }
}

void linc_spectral_blend_lines(float *above, float *below, int width, float fold) {
    for (int x = 0; x < width; x++) blend(above + x, below + x, fold);
}

void linc_spectral_mean_line(float *lines, ptrdiff_t stride, int mean, int width) {
    const float share = 1 / (float)(mean * mean);
    for (int k = 1; k < mean; k++)
        for (int x = 0; x < width; x++) lines[x] += lines[k * stride + x];
    for (int x = 0; x < width / mean; x++) {
        float sum = lines[mean * x] + lines[mean * x + 1];
        if (mean == 4) sum += lines[4 * x + 2] + lines[4 * x + 3];
        lines[x] = sum * share;
    }
}
