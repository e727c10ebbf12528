/* Inverse cosine transform of the blocks of spectral segments (spec 8.3). */
#include "spectral_blocks.h"

#include <string.h>

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

typedef struct Extent {
    int rows, columns; /* that are not all 0: most blocks have low frequencies only */
} Extent;

INLINE Extent extent_of(const float *c, int height, int width) {
    float largest[LINC_SPECTRAL_SIDE] = {0};
    Extent found = {0, 0};
    for (int v = 0; v < height; v++) {
        int any = 0;
        for (int u = 0; u < width; u++) {
            int is = c[v * width + u] != 0;
            any |= is;
            largest[u] += (float)is;
        }
        if (any) found.rows = v + 1;
    }
    for (int u = 0; u < width; u++)
        if (largest[u] > 0) found.columns = u + 1;
    return found;
}

/* Along rows, then down columns: frequencies that are even are the same from both ends of a column, the others
 * change their sign, so that a half of the products does for both halves. */
INLINE void transform(const float *c, int height, const int width, const float *down, const float *across, float *out,
                      ptrdiff_t stride) {
    float lines[LINC_SPECTRAL_SIDE * LINC_SPECTRAL_SIDE];
    Extent extent = extent_of(c, height, width);
    for (int v = 0; v < extent.rows; v++) {
        float sums[LINC_SPECTRAL_SIDE] = {0};
        for (int u = 0; u < extent.columns; u++) {
            float weight = c[v * width + u];
            for (int x = 0; x < width; x++) sums[x] += weight * across[u * width + x];
        }
        memcpy(lines + v * width, sums, (size_t)width * sizeof *sums);
    }
    for (int y = 0; y < height / 2; y++) {
        float even[LINC_SPECTRAL_SIDE] = {0}, odd[LINC_SPECTRAL_SIDE] = {0};
        for (int v = 0; v < extent.rows; v += 2)
            for (int x = 0; x < width; x++) even[x] += down[v * height + y] * lines[v * width + x];
        for (int v = 1; v < extent.rows; v += 2)
            for (int x = 0; x < width; x++) odd[x] += down[v * height + y] * lines[v * width + x];
        float *first = out + y * stride, *last = out + (height - 1 - y) * stride;
        for (int x = 0; x < width; x++) {
            first[x] = even[x] + odd[x];
            last[x] = even[x] - odd[x];
        }
    }
}

void linc_spectral_block(const LincSpectralPlane *p, const LincSpectralWeights *w, const float *coefficients,
                         float *out, ptrdiff_t stride) {
    const float *down = w->down, *across = w->across;
    switch (p->block_width) { /* of a constant width the compiler makes vectors */
        case 4: transform(coefficients, p->block_height, 4, down, across, out, stride); break;
        case 8: transform(coefficients, p->block_height, 8, down, across, out, stride); break;
        case 16: transform(coefficients, p->block_height, 16, down, across, out, stride); break;
        case 32: transform(coefficients, p->block_height, 32, down, across, out, stride); break;
        default: transform(coefficients, p->block_height, 64, down, across, out, stride); break;
    }
}
