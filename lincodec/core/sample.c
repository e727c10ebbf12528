/* Geometry, pictures and the way of samples in and out (spec 8.12.2, 8.12.12). */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 32 };

LincStatus linc_geometry_set(LincGeometry *g, const LincParameters *p) {
    memset(g, 0, sizeof *g);
    if (p->width < 1 || p->height < 1 || p->chroma < LINC_GREY || p->chroma > LINC_444) return LINC_ARGUMENT;
    if (p->depth < 8 || p->depth > 16 || p->frames < 1) return LINC_ARGUMENT;
    if (p->width > LINC_MAX_SIDE || p->height > LINC_MAX_SIDE || p->frames > LINC_MAX_FRAMES) return LINC_LIMIT;
    g->shown = *p;
    g->planes = p->chroma == LINC_GREY ? 1 : 3;
    g->depth = p->depth <= 10 ? 12 : 14;
    g->maximum = (1 << g->depth) - 1;
    g->width = (p->width + LINC_CELL - 1) & ~(LINC_CELL - 1);
    g->height = (p->height + LINC_CELL - 1) & ~(LINC_CELL - 1);
    g->columns = g->width >> LINC_CELL_LOG2;
    g->rows = g->height >> LINC_CELL_LOG2;
    g->unit_columns = (g->width + LINC_UNIT - 1) >> LINC_UNIT_LOG2;
    g->unit_rows = (g->height + LINC_UNIT - 1) >> LINC_UNIT_LOG2;
    for (int k = 0; k < g->planes; k++) {
        g->shift_x[k] = k && p->chroma != LINC_444;
        g->shift_y[k] = k && p->chroma == LINC_420;
        g->plane_width[k] = g->width >> g->shift_x[k];
        g->plane_height[k] = g->height >> g->shift_y[k];
    }
    return LINC_OK;
}

/* Rows start on a multiple of ALIGNMENT bytes, so that whole vectors load from one line. */
static size_t plane_layout(const LincGeometry *g, int k, LincPlane *plane) {
    plane->width = g->plane_width[k];
    plane->height = g->plane_height[k];
    plane->margin = LINC_MARGIN;
    plane->stride = (plane->width + 2 * LINC_MARGIN + 15) & ~15;
    return (size_t)plane->stride * (size_t)(plane->height + 2 * LINC_MARGIN) * sizeof(LincSample);
}

LincPicture *linc_picture_create(const LincGeometry *g) {
    LincPicture *picture = calloc(1, sizeof *picture);
    if (!picture) return NULL;
    picture->planes = g->planes;
    for (int k = 0; k < g->planes; k++) {
        LincPlane *plane = &picture->plane[k];
        plane->memory = malloc(plane_layout(g, k, plane) + ALIGNMENT);
        if (!plane->memory) {
            linc_picture_destroy(picture);
            return NULL;
        }
        char *at = (char *)plane->memory + (ALIGNMENT - (uintptr_t)plane->memory % ALIGNMENT) % ALIGNMENT;
        plane->data = (LincSample *)(void *)at + plane->margin * plane->stride + plane->margin;
    }
    return picture;
}

void linc_picture_destroy(LincPicture *picture) {
    if (!picture) return;
    for (int k = 0; k < picture->planes; k++) free(picture->plane[k].memory);
    free(picture);
}

size_t linc_picture_bytes(const LincParameters *parameters) {
    LincGeometry g;
    LincPlane plane;
    size_t total = sizeof(LincPicture);
    if (linc_geometry_set(&g, parameters)) return 0;
    for (int k = 0; k < g.planes; k++) total += plane_layout(&g, k, &plane) + ALIGNMENT;
    return total;
}

void linc_plane_pad(LincPlane *p, int reach) {
    for (int y = 0; y < p->height; y++) {
        LincSample *row = p->data + y * p->stride, first = row[0], last = row[p->width - 1];
        for (int x = 1; x <= reach; x++) row[-x] = first;
        for (int x = 0; x < reach; x++) row[p->width + x] = last;
    }
    size_t bytes = (size_t)(p->width + 2 * reach) * sizeof(LincSample);
    LincSample *top = p->data - reach, *bottom = top + (p->height - 1) * p->stride;
    for (int y = 1; y <= reach; y++) {
        memcpy(top - y * p->stride, top, bytes);
        memcpy(bottom + y * p->stride, bottom, bytes);
    }
}

void linc_picture_pad(LincPicture *picture) {
    for (int k = 0; k < picture->planes; k++) linc_plane_pad(&picture->plane[k], LINC_MARGIN);
    picture->padded = 1;
}

void linc_shown_size(const LincGeometry *g, int k, int *width, int *height) {
    *width = (g->shown.width + (1 << g->shift_x[k]) - 1) >> g->shift_x[k];
    *height = (g->shown.height + (1 << g->shift_y[k]) - 1) >> g->shift_y[k];
}

void linc_plane_import(const LincGeometry *g, LincPicture *picture, int k, const void *source, ptrdiff_t stride) {
    LincPlane *plane = &picture->plane[k];
    int width, height, up = g->depth - g->shown.depth, down = up < 0 ? -up : 0;
    linc_shown_size(g, k, &width, &height);
    if (up < 0) up = 0;
    for (int y = 0; y < plane->height; y++) {
        const uint8_t *row = (const uint8_t *)source + (y < height ? y : height - 1) * stride;
        LincSample *out = plane->data + y * plane->stride;
        if (g->shown.depth == 8) {
            for (int x = 0; x < width; x++) out[x] = (LincSample)(row[x] << up);
        } else {
            for (int x = 0; x < width; x++) {
                uint16_t v;
                memcpy(&v, row + 2 * x, 2);
                out[x] = linc_clip(((v << up) + ((1 << down) >> 1)) >> down, g->maximum);
            }
        }
        for (int x = width; x < plane->width; x++) out[x] = out[width - 1];
    }
    picture->padded = 0;
}

static void export_row(const LincSample *in, uint8_t *out, int width, int depth, int from, int limit) {
    int shift = from - depth, half = shift > 0 ? 1 << (shift - 1) : 0;
    if (depth == 8) {
        for (int x = 0; x < width; x++) {
            int v = (in[x] + half) >> shift;
            out[x] = (uint8_t)(v < limit ? v : limit);
        }
        return;
    }
    for (int x = 0; x < width; x++) {
        int v = shift >= 0 ? (in[x] + half) >> shift : in[x] << -shift;
        uint16_t w = (uint16_t)(v < limit ? v : limit);
        memcpy(out + 2 * x, &w, 2);
    }
}

void linc_plane_export(const LincGeometry *g, const LincPicture *picture, int k, void *out, ptrdiff_t stride) {
    const LincPlane *plane = &picture->plane[k];
    int width, height, depth = g->shown.depth, limit = (1 << depth) - 1;
    linc_shown_size(g, k, &width, &height);
    for (int y = 0; y < height; y++)
        export_row(plane->data + y * plane->stride, (uint8_t *)out + y * stride, width, depth, g->depth, limit);
}
