/* Luma at all the sizes that motion is searched at (spec 8.7.1). */
#include <string.h>

#include "flow.h"

int linc_flow_is_size(int32_t height, int32_t width) {
    return height >= 1 && width >= 1 && height <= LINC_MAX_SIDE && width <= LINC_MAX_SIDE;
}

int64_t linc_flow_lay_out(LincFlowPyramid *pyramid, int32_t height, int32_t width, void *memory) {
    int64_t bytes = 0;
    int shorter = height < width ? height : width;
    pyramid->finest = 0;
    pyramid->levels = 0;
    while (!pyramid->levels || pyramid->levels <= pyramid->finest || shorter >= LINC_FLOW_LEAST) {
        LincFlowPlane *plane = &pyramid->level[pyramid->levels];
        int64_t samples = (int64_t)height * width;
        if (samples > LINC_FLOW_MOST && pyramid->levels < LINC_FLOW_HALVED) pyramid->finest = pyramid->levels + 1;
        plane->height = height;
        plane->width = width;
        plane->stride = (width + 2 * LINC_FLOW_PAD + 31) / 32 * 32;
        plane->at = (uint8_t *)memory;
        if (memory) plane->at += bytes + LINC_FLOW_PAD * plane->stride + LINC_FLOW_PAD;
        bytes += (height + 2 * LINC_FLOW_PAD) * (int64_t)plane->stride;
        height = (height + 1) / 2;
        width = (width + 1) / 2;
        shorter = height < width ? height : width;
        pyramid->levels++;
    }
    return bytes;
}

LincStatus linc_flow_grid(int32_t height, int32_t width, LincFlowGrid *grid) {
    LincFlowPyramid p;
    if (!grid || !linc_flow_is_size(height, width)) return LINC_ARGUMENT;
    linc_flow_lay_out(&p, height, width, NULL);
    grid->side = LINC_FLOW_CELL << p.finest;
    grid->rows = (height + grid->side - 1) / grid->side;
    grid->columns = (width + grid->side - 1) / grid->side;
    return LINC_OK;
}

int64_t linc_flow_planes_bytes(int32_t height, int32_t width) {
    LincFlowPyramid p;
    return linc_flow_is_size(height, width) ? linc_flow_lay_out(&p, height, width, NULL) : 0;
}

/* Repeats the edge of a plane around it. */
static void pad(const LincFlowPlane *p) {
    for (int y = 0; y < p->height; y++) {
        uint8_t *row = p->at + y * p->stride;
        memset(row - LINC_FLOW_PAD, row[0], LINC_FLOW_PAD);
        memset(row + p->width, row[p->width - 1], LINC_FLOW_PAD);
    }
    size_t whole = (size_t)p->width + 2 * LINC_FLOW_PAD;
    uint8_t *first = p->at - LINC_FLOW_PAD, *last = first + (p->height - 1) * p->stride;
    for (int y = 1; y <= LINC_FLOW_PAD; y++) {
        memcpy(first - y * p->stride, first, whole);
        memcpy(last + y * p->stride, last, whole);
    }
}

/* Codes of any depth to those of 8 bits. */
static void take(const void *luma, int depth, const LincFlowPlane *p) {
    int shift = depth - 8, half = (1 << shift) >> 1;
    for (int y = 0; y < p->height; y++) {
        uint8_t *out = p->at + y * p->stride;
        const uint16_t *in = (const uint16_t *)luma + (size_t)y * (size_t)p->width;
        if (shift)
            for (int x = 0; x < p->width; x++) out[x] = (uint8_t)linc_flow_clamp((in[x] + half) >> shift, 0, 255);
        else
            memcpy(out, (const uint8_t *)luma + (size_t)y * (size_t)p->width, (size_t)p->width);
    }
    pad(p);
}

/* Means of 2 x 2 samples; the edge of `in` is repeated around it. */
static void halve(const LincFlowPlane *in, const LincFlowPlane *out) {
    for (int y = 0; y < out->height; y++) {
        const uint8_t *a = in->at + 2 * y * in->stride, *b = a + in->stride;
        uint8_t *o = out->at + y * out->stride;
        for (int x = 0; x < out->width; x++)
            o[x] = (uint8_t)((a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1] + 2) >> 2);
    }
    pad(out);
}

LincStatus linc_flow_planes(const void *luma, int32_t height, int32_t width, int32_t depth, void *planes) {
    LincFlowPyramid p;
    if (!luma || !planes || !linc_flow_is_size(height, width) || depth < 8 || depth > 16) return LINC_ARGUMENT;
    linc_flow_lay_out(&p, height, width, planes);
    take(luma, depth, &p.level[0]);
    for (int k = 1; k < p.levels; k++) halve(&p.level[k - 1], &p.level[k]);
    return LINC_OK;
}
