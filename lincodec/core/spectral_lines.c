/* Lines of samples of spectral segments: blending across borders, and rounding (spec 8.3, 8.6). */
#include "spectral_lines.h"

#include <string.h>

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

int linc_spectral_put(const float *line, int width, int depth, void *out) {
    float scale = depth ? (float)(1 << (depth - 8)) : 1, middle = 128 * scale + 0.5f, top = 256 * scale - 0.5f;
    int strange = 0;
    for (int x = 0; x < width; x++) strange |= !(line[x] > -1e30f && line[x] < 1e30f);
    if (depth == 0) {
        memcpy(out, line, (size_t)width * sizeof *line);
    } else if (depth == 8) {
        uint8_t *codes = out;
        for (int x = 0; x < width; x++) { /* what is not a number becomes 0 */
            float v = line[x] + middle;
            codes[x] = (uint8_t)(int32_t)(v > 0 ? v < top ? v : top : 0);
        }
    } else {
        uint8_t *bytes = out;
        for (int x = 0; x < width; x++) {
            float v = line[x] * scale + middle;
            uint16_t code = (uint16_t)(int32_t)(v > 0 ? v < top ? v : top : 0);
            memcpy(bytes + 2 * x, &code, 2);
        }
    }
    return !strange;
}
