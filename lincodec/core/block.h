/* Decisions of a frame on a grid of 8x8 cells, its levels, and what prediction needs to know (spec 8.12.4). */
#ifndef LINC_BLOCK_H
#define LINC_BLOCK_H

#include "context.h"
#include "header.h"
#include "sample.h"

enum { LINC_MODE_INTRA = 0, LINC_MODE_INTER = 1 };

/* How a leaf (16 and larger, between frames) is cut for motion. */
enum { LINC_PART_WHOLE = 0, LINC_PART_ROWS = 1 /* upper, lower half */, LINC_PART_COLUMNS = 2 /* left, right half */ };

enum { LINC_INTRA_PLANAR = 0, LINC_INTRA_DC = 1, LINC_INTRA_ANGULAR = 2 /* 2 .. 34 */, LINC_INTRA_MODES = 35,
       LINC_INTRA_COPY = 35 /* no mode of its own: samples of the same picture, moved */ };
enum { LINC_CHROMA_AS_LUMA = 0, LINC_CHROMA_FROM_LUMA = 1 };
enum { LINC_FIRST = 1, LINC_SECOND = 2, LINC_BOTH = 3 }; /* directions: a bit for each reference */
enum { LINC_MERGE_NONE = -1, LINC_MAX_MERGE = 6 };

/* Quarters of a luma sample. */
typedef struct LincVector {
    int16_t x, y;
} LincVector;

/* Vectors of references that `direction` leaves out are zero; of an intra leaf that is a copy, vector[0] says where
 * from, in whole luma samples. */
typedef struct LincMotion {
    LincVector vector[2];
    uint16_t direction; /* 0: no motion (intra) */
} LincMotion;

/* One cell. Every cell of a leaf holds the leaf's decisions; motion, merge and predictor are its part's. */
typedef struct LincBlock {
    LincMotion motion;
    int8_t merge;         /* index into the merge list, or LINC_MERGE_NONE */
    uint8_t predictor;    /* bit r: which of two vector predictors reference r uses */
    uint8_t size_log2;    /* 3 .. 6 */
    uint8_t part;         /* LINC_PART_* */
    uint8_t mode;         /* LINC_MODE_* */
    uint8_t skip;         /* 1: merged, no residual */
    uint8_t residual;     /* 1: transforms follow */
    uint8_t intra_luma;   /* 0 .. 34 */
    uint8_t intra_chroma; /* LINC_CHROMA_* */
    uint8_t split;        /* 1: four luma transforms; always 1 in leaves of 64 with residual */
    uint16_t coded;       /* bit 4 * plane + i: transform i of the plane has levels; bit i of luma in z-order */
    int16_t step_offset;  /* quantiser offset of the leaf, in units of LINC_STEP_OFFSET_UNIT indices */
    uint16_t plain;       /* bits as those of `coded`: levels are residuals of samples, not of a transform */
} LincBlock;

/* Rectangle whose motion is predicted: a leaf or one of its two parts. */
typedef struct LincPart {
    int x, y, width, height;
    int leaf_x, leaf_y, leaf_size; /* everything of the same leaf before this part is known */
    int second;                    /* 1: second part of its leaf */
} LincPart;

/* Motion that later frames may predict theirs from: kept after the blocks are gone. */
typedef struct LincMotionField {
    LincMotion *cells; /* [rows][columns] */
    int columns, rows;
    int display;
    int reference_display[2];
} LincMotionField;

/* A frame under work, in the decoder and in the encoder. The caller owns what the pointers point to. */
typedef struct LincFrame {
    const LincGeometry *geometry;
    LincHeader header;
    LincBlock *blocks;               /* [rows][columns] */
    int16_t *levels[3];              /* signed levels, at the place of their transform; stride = plane_width */
    uint8_t *extent[3];              /* of each coded transform, at the group of 4x4 it starts with: see linc_extent */
    int extents_known;               /* 1 after reading; 0: extents are to be found from the levels */
    uint8_t *filter_set[3];          /* loop filter: set (0 off) for each area of 32x32 luma, row by row */
    int filter_columns, filter_rows;
    const LincMotionField *collocated[2]; /* temporal prediction, in this order; NULL where there is none */
    LincPicture *picture;            /* reconstruction */
    const LincPicture *reference[2]; /* padded */
    void *memory;
} LincFrame;

/* Blocks, levels and filter sets in one allocation, not set; NULL without memory. */
LincFrame *linc_frame_create(const LincGeometry *geometry);
void linc_frame_destroy(LincFrame *frame);

LincMotionField *linc_motion_field_create(const LincGeometry *geometry);
void linc_motion_field_destroy(LincMotionField *field);
void linc_motion_field_fill(LincMotionField *field, const LincFrame *frame);

static inline LincBlock *linc_block(const LincFrame *frame, int x, int y) {
    return frame->blocks + (ptrdiff_t)(y >> LINC_CELL_LOG2) * frame->geometry->columns + (x >> LINC_CELL_LOG2);
}

static inline int16_t *linc_levels(const LincFrame *frame, int plane, int x, int y) {
    return frame->levels[plane] + (ptrdiff_t)y * frame->geometry->plane_width[plane] + x;
}

/* Groups of 4x4 with levels, from the transform's start: last column | last row << 4. */
static inline uint8_t *linc_extent(const LincFrame *frame, int plane, int x, int y) {
    return frame->extent[plane] + (ptrdiff_t)(y >> 2) * (frame->geometry->plane_width[plane] >> 2) + (x >> 2);
}

/* Copies `block` into every cell of a rectangle (in luma samples, multiples of 8). */
void linc_block_fill(LincFrame *frame, int x, int y, int width, int height, const LincBlock *block);

/* Interleaves the bits of a 4x4 index within a unit: order of coding inside it (spec 8.12.4). */
static inline int linc_z_order(int x, int y) {
    int a = (x >> 2) & 15, b = (y >> 2) & 15;
    a = (a | a << 2) & 0x33;
    a = (a | a << 1) & 0x55;
    b = (b | b << 2) & 0x33;
    b = (b | b << 1) & 0x55;
    return a | b << 1;
}

/* Whether luma sample (xn, yn) is coded before the block at (x, y): inside the picture, in an earlier unit or
 * earlier in z-order (spec 8.12.4). */
static inline int linc_available(const LincGeometry *geometry, int x, int y, int xn, int yn) {
    if (xn < 0 || yn < 0 || xn >= geometry->width || yn >= geometry->height) return 0;
    int unit = (y >> LINC_UNIT_LOG2) * geometry->unit_columns + (x >> LINC_UNIT_LOG2);
    int other = (yn >> LINC_UNIT_LOG2) * geometry->unit_columns + (xn >> LINC_UNIT_LOG2);
    if (unit != other) return other < unit;
    return linc_z_order(xn, yn) < linc_z_order(x, y);
}

/* Whether a leaf may be a copy from this far away: all of it inside the picture and in units before its own
 * (spec 8.12.6). */
static inline int linc_copy_allowed(const LincGeometry *geometry, int x, int y, int size, int dx, int dy) {
    int right = x + dx + size - 1, bottom = y + dy + size - 1;
    if (x + dx < 0 || y + dy < 0 || right >= geometry->width || bottom >= geometry->height) return 0;
    int row = bottom >> LINC_UNIT_LOG2, own = y >> LINC_UNIT_LOG2;
    return row < own || (row == own && right >> LINC_UNIT_LOG2 < x >> LINC_UNIT_LOG2);
}

/* The parts of a leaf: count, and part i. */
static inline int linc_part_count(int part) {
    return part == LINC_PART_WHOLE ? 1 : 2;
}

static inline LincPart linc_part(int x, int y, int size, int part, int i) {
    LincPart p = {x, y, size, size, x, y, size, i};
    if (part == LINC_PART_ROWS) {
        p.height = size >> 1;
        p.y += i * p.height;
    } else if (part == LINC_PART_COLUMNS) {
        p.width = size >> 1;
        p.x += i * p.width;
    }
    return p;
}

/* Chroma transforms of a leaf: squares of side `1 << side_log2`, `across` a row, `count` in all, in raster order. */
typedef struct LincChromaTiling {
    int side_log2, across, count;
} LincChromaTiling;

static inline LincChromaTiling linc_chroma_tiling(const LincGeometry *geometry, int size_log2) {
    int w = size_log2 - geometry->shift_x[1], h = size_log2 - geometry->shift_y[1];
    int side = w < h ? w : h;
    if (side > 5) side = 5;
    LincChromaTiling t = {side, 1 << (w - side), 1 << (w - side + h - side)};
    return t;
}

#endif
