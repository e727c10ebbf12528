/* Public interface of pictures between two others: motion between both, and what it shows at a time (spec 8.7).
 *
 * All of it is arithmetic of whole numbers: every reader gets the same samples from the same two pictures. Vectors are
 * pairs of int32, across and down, in 64ths of a luma sample; shares are in 65536ths of the way. Calls share nothing
 * but what they read; working memory is the caller's, aligned for int64.
 */
#ifndef LINC_FLOW_PUBLIC_H
#define LINC_FLOW_PUBLIC_H

#include "linc_core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows and columns of cells over luma [height, width], and the side of a cell in luma samples. */
typedef struct LincFlowGrid {
    int32_t rows, columns, side;
} LincFlowGrid;

LINC_API LincStatus linc_flow_grid(int32_t height, int32_t width, LincFlowGrid *grid);

/* Bytes of the planes that luma is searched in, and of a search's working memory; 0: there is no such size. */
LINC_API int64_t linc_flow_planes_bytes(int32_t height, int32_t width);
LINC_API int64_t linc_flow_search_bytes(int32_t height, int32_t width);

/* Luma [height, width], bytes if `depth` is 8, else uint16_t, at all sizes that it is searched at. */
LINC_API LincStatus linc_flow_planes(const void *luma, int32_t height, int32_t width, int32_t depth, void *planes);

/* Vectors of the cells [rows, columns] of one picture to another, and the mean difference that they leave, in
 * sixteenths of an 8-bit code. */
LINC_API LincStatus linc_flow_search(const void *planes, const void *other, int32_t height, int32_t width,
                                     int32_t *vectors, int32_t *left, void *work);

/* How surely the other picture shows each cell, 0 to 256: whether its vectors lead back. */
LINC_API LincStatus linc_flow_seen(const int32_t *vectors, const int32_t *other, int32_t height, int32_t width,
                                   int32_t *seen);

/* What is known about the cells of a picture. */
typedef struct LincFlowField {
    const int32_t *vectors; /* [rows, columns, 2] */
    const int32_t *left;    /* [rows, columns] */
    const int32_t *seen;    /* [rows, columns] */
} LincFlowField;

/* Two pictures, and one between them. Planes lie row behind row, bytes if the depth is 8, else uint16_t. */
typedef struct LincBetween {
    int32_t height, width;    /* luma, 1 to LINC_MAX_SIDE */
    int32_t planes;           /* 1 or 3 */
    int32_t shift_x, shift_y; /* log2 of the subsampling of chroma, 0 or 1 */
    int32_t depth;            /* 8 to 16 */
    int32_t share;            /* of the way from the first to the second, 1 to 65535 */
    const void *first[3], *second[3];
    void *out[3];
    LincFlowField ahead, back; /* of the cells of the first picture to the second, and the other way */
    const int32_t *vectors;    /* from linc_flow_between: those of the cells of the picture between */
} LincBetween;

/* Bytes of working memory of the two calls below. */
LINC_API int64_t linc_between_bytes(const LincBetween *job);

/* Vectors [rows, columns, 2] from the first picture to the second as seen from between them. */
LINC_API LincStatus linc_flow_between(const LincBetween *job, int32_t *vectors, void *work);

/* Makes bands `from` to `to` - 1 of the picture; there is one more than rows of cells. */
LINC_API LincStatus linc_between(const LincBetween *job, int32_t from, int32_t to, void *work);

#ifdef __cplusplus
}
#endif
#endif
