/* Motion between two pictures, searched at several sizes of their luma (spec 8.7.1). */
#ifndef LINC_FLOW_H
#define LINC_FLOW_H

#include "linc_flow.h"

enum {
    LINC_FLOW_PATCH = 8,     /* samples of a patch along an axis: two cells */
    LINC_FLOW_CELL = 4,      /* samples of a cell of the size that is searched */
    LINC_FLOW_PAD = 16,      /* samples around a plane, which repeat its edge */
    LINC_FLOW_UNIT_LOG2 = 6, /* vectors are in 64ths of a sample */
    LINC_FLOW_UNIT = 1 << LINC_FLOW_UNIT_LOG2,
    LINC_FLOW_SHARE_LOG2 = 16,
    LINC_FLOW_MOST = 1 << 17, /* samples of the largest size that is searched, unless */
    LINC_FLOW_HALVED = 3,     /* it was halved so often */
    LINC_FLOW_LEAST = 12,     /* samples: no size is searched whose shorter side is less, but the largest */
    LINC_FLOW_LEVELS = 16     /* more sizes than there are */
};

/* Luma at some size. */
typedef struct LincFlowPlane {
    uint8_t *at; /* its first sample */
    int height, width;
    ptrdiff_t stride;
} LincFlowPlane;

typedef struct LincFlowVector {
    int32_t x, y;
} LincFlowVector;

/* Luma at all sizes: each half of the one before. */
typedef struct LincFlowPyramid {
    int levels, finest; /* the finest that is searched */
    LincFlowPlane level[LINC_FLOW_LEVELS];
} LincFlowPyramid;

/* What the search at one size works on. Patches lie around the corners of cells. */
typedef struct LincFlowLevel {
    LincFlowPlane first, second;
    int rows, columns;       /* cells */
    LincFlowVector *patches; /* [rows + 1, columns + 1] */
    int32_t *quarters;       /* [rows + 1, columns + 1, 4]: sums of differences in the four cells of a patch */
} LincFlowLevel;

static inline int linc_flow_clamp(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

/* a / b to the nearest whole number, halves up; b > 0. */
static inline int64_t linc_flow_nearest(int64_t a, int64_t b) {
    int64_t n = 2 * a + b, d = 2 * b;
    return n >= 0 ? n / d : -((d - 1 - n) / d);
}

/* The part of a vector's component that belongs to a share. */
static inline int64_t linc_flow_part(int32_t component, int32_t share) {
    int64_t half = 1 << (LINC_FLOW_SHARE_LOG2 - 1);
    return ((int64_t)component * share + half) >> LINC_FLOW_SHARE_LOG2;
}

static inline int linc_flow_log2(int v) {
    int n = 0;
    while (v >>= 1) n++;
    return n;
}

/* Whether a picture can have so many luma samples. */
int linc_flow_is_size(int32_t height, int32_t width);

/* Sizes and places within `memory`, which may be NULL; returns the bytes. */
int64_t linc_flow_lay_out(LincFlowPyramid *pyramid, int32_t height, int32_t width, void *memory);

/* Vectors of all patches of a level, and how they match. `coarser`: those of the cells [rows, columns] at half the
 * size, or NULL. */
void linc_flow_patches(LincFlowLevel *level, const LincFlowVector *coarser, int rows, int columns);

#endif
