/* Inside of the mixing coder: what is known of the planes, component after component (spec 7.5). */
#ifndef LINC_MIX_H
#define LINC_MIX_H

#include "linc_mix.h"
#include "mix_model.h"
#include "mix_tables.h"

#if defined(__GNUC__) || defined(__clang__)
#define LINC_MIX_INLINE static inline __attribute__((always_inline))
#else
#define LINC_MIX_INLINE static inline
#endif

/* What a walk over decisions does: it writes them, reads them, or asks what one would cost and changes nothing. */
enum { LINC_MIX_WRITE, LINC_MIX_READ, LINC_MIX_WEIGH };

enum { LINC_MIX_EDGE_LOW = 2, LINC_MIX_EDGE_HIGH = 1, LINC_MIX_KEPT = 3, LINC_MIX_CAP = 15 };

/* One plane. Arrays [v + 3][u + 3][rows + 2][columns + 2] have borders of zeros, the blocks of one frequency side by
 * side, for one frequency of all blocks is coded at about the same time. Of the last components three are kept. */
typedef struct LincMixPlane {
    int32_t height, width, area;
    int32_t at_v, at_u, at_row; /* from one v, u, row to the next */
    int32_t origin;             /* place of the first coefficient of the first block */
    size_t size;
    uint8_t *magnitude[LINC_MIX_KEPT]; /* capped */
    uint8_t *root[LINC_MIX_KEPT];
    uint8_t *around[LINC_MIX_KEPT]; /* sum of the roots in the four blocks beside */
    int8_t *sign[LINC_MIX_KEPT];
    uint16_t *past;                   /* magnitudes of earlier components, fading */
    uint8_t *classes[LINC_MIX_KEPT];  /* [rows + 2][columns + 2] */
    int32_t *level;                   /* [blocks][area] of this component */
    int32_t *first;                   /* [rows + 1][columns + 2] residuals of the first coefficients */
    int16_t *scan;                    /* [area][2] v and u by diagonal */
    int64_t found;                    /* coefficients of this component that are not 0 */
} LincMixPlane;

struct LincMix {
    LincMixShape shape;
    int32_t component, blocks, luma_coded;
    int32_t class_row; /* from one row of classes to the next */
    int reading;
    LincMixModel model;
    LincRansReader reader;
    LincRansWriter writer;
    LincMixPlane plane[LINC_MIX_PLANES];
    int32_t *active;   /* blocks that are still coded, as row * columns + column, those of pass 0 first */
    struct LincMixSum *shared; /* [blocks] what a block alone adds to the prediction of its magnitudes */
    uint8_t *seen;                   /* [blocks] whether the outermost ring of the class has a coefficient yet */
    int32_t *edge_below;             /* [columns][width] what the block above says at its lower edge */
    int32_t *edge_right, *inside_row, *inside_column; /* [height or width] */
    void *memory;
    uint32_t cost[2]; /* of a 0 and a 1 in the decision weighed last, in bits as linc_cost_of has them */
    const float *wish; /* of a chooser: [blocks][area] what the levels of the plane would be, unrounded */
    float price;       /* of a bit, in squared steps */
    float *gain;       /* [blocks][8] what the rings of a block cost beyond leaving them out, in squared steps */
};

static inline int32_t linc_mix_min(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static inline int32_t linc_mix_max(int32_t a, int32_t b) {
    return a > b ? a : b;
}

/* Place of a block in a padded plane. */
static inline int32_t linc_mix_block(const LincMixPlane *plane, int32_t columns, int32_t block) {
    return plane->origin + block / columns * plane->at_row + block % columns;
}

/* Where in the ring of kept components one of `back` components ago is. */
static inline int linc_mix_slot(const LincMix *mix, int back) {
    return (mix->component + LINC_MIX_KEPT - back) % LINC_MIX_KEPT;
}

/* The next component begins where the one three before was. */
void linc_mix_next(LincMix *mix);

/* Classes of a plane from its levels: the least that cover them. */
void linc_mix_find_classes(LincMix *mix, int plane);

/* All planes of the component that is next; 0 on broken bytes. */
int linc_mix_read_component(LincMix *mix);
void linc_mix_write_plane(LincMix *mix, int plane);

#endif
