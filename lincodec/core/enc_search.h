/* State of the search of one frame: everything that its parts share. */
#ifndef LINC_ENC_SEARCH_H
#define LINC_ENC_SEARCH_H

#include "block.h"
#include "enc_motion.h"
#include "enc_quantise.h"
#include "enc_transform.h"
#include "linc_encoder.h"

/* One way of coding a leaf. Samples and levels in rows as wide as the leaf is in their plane. */
typedef struct EncTrial {
    double cost;
    LincBlock block[2]; /* of the two parts; the same if there is one */
    LincSample prediction[3][LINC_UNIT * LINC_UNIT];
    LincSample samples[3][LINC_UNIT * LINC_UNIT];
    int16_t levels[3][LINC_UNIT * LINC_UNIT];
} EncTrial;

/* What the offset of an area changes: less important ones count less, and may have coarser steps. */
typedef struct EncScale {
    double step[3], weight[3];
    int price, offset;
} EncScale;

typedef struct EncSearch {
    const LincGeometry *geometry;
    LincFrame *frame;
    const LincPicture *source;
    const EncPhases *phases[2];     /* of the references */
    const LincVector *coarse[2];    /* vectors to start from, a cell of 16x16 each */
    int coarse_columns;
    const LincVector *matches[2];   /* exact ones, a cell of 8x8 each: see enc_match.h; or NULL */
    const EncMatrices *matrices;
    LincEffort effort;
    EncScale scales[2 * LINC_MAX_STEP_OFFSET + 1]; /* by offset of an area */
    const int8_t *offsets;          /* offset of every area of 16x16, or NULL */
    int offset;                     /* of the steps of the leaf that is being searched */
    double lambda;    /* price of 1/1024 bit, in squared samples of luma */
    double weight[3]; /* of the squared error of each plane */
    float step[3];    /* in samples inside */
    int price;        /* of a bit in sums of absolute differences, times 16 */
    int satd_shift;
    LincStates states; /* as the units so far leave them */
    EncRates rates;
    EncTrial *best[4], *work[4]; /* for leaves of 8, 16, 32, 64 */
    EncTrial *spare;             /* for alternatives inside a trial */
    EncQuantiser quantiser;
    float coefficients[32 * 32];
    int16_t residual[32 * 32];
    int16_t levels[32 * 32];
    int16_t plain_levels[32 * 32];  /* of the same transform, left out */
    const LincVector *copies;       /* exact matches in units before, a cell of 8x8 each; NULL: leaves are no copies */
    LincVector copy;                /* of the leaf that is being tried, whole samples */
    LincSample target[LINC_UNIT * LINC_UNIT]; /* what the second reference is searched for */
} EncSearch;

/* What a transform or several came to. */
typedef struct EncSpent {
    double error;  /* weighted squared error */
    uint32_t cost; /* of levels, in 1/1024 bit */
    uint32_t flags;/* of what says which transforms are coded, for comparisons among transforms */
    int coded;     /* bit i: transform i has levels */
    int plain;     /* bit i: they are of samples */
} EncSpent;

static inline double enc_total(const EncSearch *s, EncSpent spent) {
    return spent.error + s->lambda * (double)(spent.cost + spent.flags);
}

static inline const LincSample *enc_source(const EncSearch *s, int plane, int x, int y) {
    return linc_at(&s->source->plane[plane], x, y);
}

/* Vectors, merge candidates and the residual of frames with references; the best way goes to s->best. Returns the
 * best estimate, a SATD with the price of its bits. */
uint32_t enc_inter_leaf(EncSearch *s, int x, int y, int size_log2);

/* Prediction inside the frame. `estimate`: best SATD so far, UINT32_MAX without. */
void enc_intra_leaf(EncSearch *s, int x, int y, int size_log2, uint32_t estimate);

/* Makes the following search use the offset of an area. */
void enc_set_offset(EncSearch *s, int offset);

/* Finds the best way to code a unit and leaves it in the frame. */
void enc_unit(EncSearch *s, int x, int y);

/* Makes samples of the best trial and puts it into the frame. */
void enc_commit(EncSearch *s, const EncTrial *trial, int x, int y, int size_log2);

#endif
