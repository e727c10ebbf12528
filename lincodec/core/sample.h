/* Samples, planes with margins and pictures (spec 8.12.2). */
#ifndef LINC_SAMPLE_H
#define LINC_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "linc_core.h"

/* Inside, samples have 12 bits (sources of up to 10 bits) or 14. */
typedef int16_t LincSample;

enum {
    LINC_UNIT = 64,     /* side of the units that a picture is cut into */
    LINC_UNIT_LOG2 = 6,
    LINC_CELL = 8,      /* side of a cell: the grid that decisions are kept on */
    LINC_CELL_LOG2 = 3,
    LINC_MARGIN = 80    /* luma samples around a picture: a block of 64, 8 taps, 8 to spare */
};

/* Sizes of everything, derived once from the parameters. */
typedef struct LincGeometry {
    LincParameters shown;
    int planes;                 /* 1 or 3 */
    int depth;                  /* bits a sample inside: 12 or 14 */
    int maximum;                /* largest sample: 2^depth - 1 */
    int width, height;          /* luma, multiples of 8 */
    int columns, rows;          /* cells of 8x8 */
    int unit_columns, unit_rows;/* units of 64x64 */
    int shift_x[3], shift_y[3]; /* log2 of the subsampling of each plane */
    int plane_width[3], plane_height[3];
} LincGeometry;

typedef struct LincPlane {
    LincSample *data; /* sample (0, 0); margins lie around it */
    ptrdiff_t stride;
    int width, height, margin;
    void *memory;
} LincPlane;

typedef struct LincPicture {
    LincPlane plane[3];
    int planes;
    int padded; /* 1 once the margins repeat the edges */
} LincPicture;

LincStatus linc_geometry_set(LincGeometry *geometry, const LincParameters *parameters);

/* Size of a plane as shown: half sizes are rounded up. */
void linc_shown_size(const LincGeometry *geometry, int plane, int *width, int *height);

/* Samples are not set. NULL without memory. */
LincPicture *linc_picture_create(const LincGeometry *geometry);
void linc_picture_destroy(LincPicture *picture);

/* Repeats the edges into the margins, as prediction between frames needs it (spec 8.12.8). */
void linc_picture_pad(LincPicture *picture);
void linc_plane_pad(LincPlane *plane, int reach); /* only `reach` samples of them, up to the margin */

/* Source samples (8 bits each, or 16 where depth > 8) to samples inside, edges repeated up to the coded size. */
void linc_plane_import(const LincGeometry *geometry, LincPicture *picture, int plane, const void *source,
                       ptrdiff_t stride_bytes);

/* The reverse: rounded, clipped and cropped (spec 8.12.12). */
void linc_plane_export(const LincGeometry *geometry, const LincPicture *picture, int plane, void *out,
                       ptrdiff_t stride_bytes);

static inline LincSample linc_clip(int value, int maximum) {
    return (LincSample)(value < 0 ? 0 : value > maximum ? maximum : value);
}

static inline int linc_abs(int v) {
    return v < 0 ? -v : v;
}

static inline LincSample *linc_at(const LincPlane *plane, int x, int y) {
    return plane->data + (ptrdiff_t)y * plane->stride + x;
}

#endif
