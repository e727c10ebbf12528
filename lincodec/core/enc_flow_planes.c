/* Planes for the search for motion: smaller, and smoother (for spec 8.7). */
#include <stddef.h>

#include "linc_flow.h"

static int is_plane(const void *in, const void *out, int32_t height, int32_t width) {
    return in && out && height >= 1 && width >= 1 && height <= LINC_MAX_SIDE && width <= LINC_MAX_SIDE;
}

LincStatus linc_flow_halve(const float *in, int32_t height, int32_t width, float *out) {
    if (!is_plane(in, out, height, width)) return LINC_ARGUMENT;
    int rows = (height + 1) / 2, columns = (width + 1) / 2, whole = width / 2;
    for (int y = 0; y < rows; y++) {
        const float *a = in + (ptrdiff_t)2 * y * width, *b = 2 * y + 1 < height ? a + width : a;
        float *to = out + (ptrdiff_t)y * columns;
        for (int x = 0; x < whole; x++) to[x] = (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]) * 0.25f;
        if (whole < columns) to[whole] = (a[width - 1] + b[width - 1]) * 0.5f;
    }
    return LINC_OK;
}

LincStatus linc_flow_smooth(const float *in, int32_t height, int32_t width, float *out) {
    if (!is_plane(in, out, height, width)) return LINC_ARGUMENT;
    for (int y = 0; y < height; y++) {
        const float *now = in + (ptrdiff_t)y * width, *above = y ? now - width : now;
        const float *below = y + 1 < height ? now + width : now;
        float *to = out + (ptrdiff_t)y * width;
        for (int x = 0; x < width; x++) to[x] = (above[x] + below[x]) * 0.25f + now[x] * 0.5f;
        float before = to[0];
        for (int x = 0; x < width; x++) {
            float here = to[x], after = x + 1 < width ? to[x + 1] : here;
            to[x] = (before + after) * 0.25f + here * 0.5f;
            before = here;
        }
    }
    return LINC_OK;
}
