/* Adaptive binary contexts: what they are, how they adapt, what bits cost (spec 8.12.5). */
#ifndef LINC_CONTEXT_H
#define LINC_CONTEXT_H

#include <stdint.h>

#include "linc_core.h"

/* First index of each group of contexts. The order is normative only in that no two groups share an index. */
enum {
    LINC_CTX_SPLIT = 0,                               /* [3 sizes][3 neighbours] */
    LINC_CTX_SKIP = LINC_CTX_SPLIT + 9,               /* [3 neighbours] */
    LINC_CTX_INTRA = LINC_CTX_SKIP + 3,               /* [3 neighbours] */
    LINC_CTX_PART = LINC_CTX_INTRA + 3,               /* [3 sizes], direction of the cut [1] */
    LINC_CTX_MERGE = LINC_CTX_PART + 4,               /* whole leaf, part */
    LINC_CTX_MERGE_INDEX = LINC_CTX_MERGE + 2,        /* [5] */
    LINC_CTX_BOTH = LINC_CTX_MERGE_INDEX + 5,         /* [4 sizes] */
    LINC_CTX_SECOND = LINC_CTX_BOTH + 4,              /* [1] */
    LINC_CTX_PREDICTOR = LINC_CTX_SECOND + 1,         /* [1] */
    LINC_CTX_VECTOR_ZERO = LINC_CTX_PREDICTOR + 1,    /* x; y after x = 0; y after x != 0 */
    LINC_CTX_VECTOR_PREFIX = LINC_CTX_VECTOR_ZERO + 3,/* [2 axes][16] */
    LINC_CTX_RESIDUAL = LINC_CTX_VECTOR_PREFIX + 32,  /* [1] */
    LINC_CTX_TRANSFORM_SPLIT = LINC_CTX_RESIDUAL + 1, /* [3 sizes][intra] */
    LINC_CTX_CODED_LUMA = LINC_CTX_TRANSFORM_SPLIT + 6,/* [intra][split][3 sizes] */
    LINC_CTX_CODED_U = LINC_CTX_CODED_LUMA + 12,      /* [intra] */
    LINC_CTX_CODED_V = LINC_CTX_CODED_U + 2,          /* [intra][U coded] */
    LINC_CTX_LIKELY = LINC_CTX_CODED_V + 4,           /* likely intra mode, its index [2] */
    LINC_CTX_INTRA_MODE = LINC_CTX_LIKELY + 3,        /* tree of 5 bits [32] */
    LINC_CTX_CHROMA_MODE = LINC_CTX_INTRA_MODE + 32,  /* [1] */
    LINC_CTX_STEP_OFFSET = LINC_CTX_CHROMA_MODE + 1,  /* zero, sign, magnitude [4] */
    LINC_CTX_FILTER_SET = LINC_CTX_STEP_OFFSET + 6,   /* [3 planes][3 positions][3 neighbours] */
    LINC_CTX_COPY = LINC_CTX_FILTER_SET + 27,         /* [3 neighbours] */
    LINC_CTX_COPY_ZERO = LINC_CTX_COPY + 3,           /* x; y after x = 0; y after x != 0 */
    LINC_CTX_COPY_PREFIX = LINC_CTX_COPY_ZERO + 3,    /* [2 axes][16] */
    LINC_CTX_PLAIN = LINC_CTX_COPY_PREFIX + 32,       /* [luma, chroma][4 sizes] */
    /* Of levels, by kind: luma, chroma, and both again where they are of samples instead of a transform. */
    LINC_CTX_LAST = LINC_CTX_PLAIN + 8,               /* [4 kinds][4 sizes][2 axes][10] */
    LINC_CTX_GROUP = LINC_CTX_LAST + 320,             /* [4 kinds][3 sizes][3 neighbours] */
    LINC_CTX_SIGNIFICANT = LINC_CTX_GROUP + 36,       /* [4 kinds][3 sizes][4 places][6 neighbours] */
    LINC_CTX_GREATER_1 = LINC_CTX_SIGNIFICANT + 288,  /* [4 kinds][3 places][6 neighbours] */
    LINC_CTX_GREATER_2 = LINC_CTX_GREATER_1 + 72,     /* [4 kinds][3 places][6 neighbours] */
    LINC_CTX_REMAINDER = LINC_CTX_GREATER_2 + 72,     /* [4 kinds][4 neighbours][12] */
    LINC_CONTEXTS = LINC_CTX_REMAINDER + 192
};

/* Two estimates of the probability of a 1, in 1/65536, and how many bits they have seen (up to 127). */
typedef struct LincContext {
    uint16_t fast, slow;
    uint16_t count;
} LincContext;

typedef struct LincStates {
    LincContext context[LINC_CONTEXTS];
} LincStates;

enum { LINC_PROBABILITY_MIN = 64, LINC_COUNT_MAX = 127 };

/* Rates of adaptation by count, floor(65536 / (count + 1.5)), at least 1/16 (fast) and 1/128 (slow). */
extern const uint16_t linc_rates[LINC_COUNT_MAX + 1];

/* Every context at one half, never seen a bit. */
void linc_states_reset(LincStates *states);

/* Cuts every count to `limit`: a frame that starts from another one's states adapts quickly again. */
void linc_states_limit(LincStates *states, int limit);

/* Probability of a 1 in 1/65536, kept away from certainty. */
static inline uint32_t linc_probability(const LincContext *c) {
    uint32_t p = ((uint32_t)c->fast + c->slow) >> 1;
    if (p < LINC_PROBABILITY_MIN) return LINC_PROBABILITY_MIN;
    if (p > 65536 - LINC_PROBABILITY_MIN) return 65536 - LINC_PROBABILITY_MIN;
    return p;
}

static inline void linc_adapt(LincContext *c, int bit) {
    uint32_t rate = linc_rates[c->count];
    uint32_t fast = rate < 4096 ? 4096 : rate, slow = rate < 512 ? 512 : rate;
    if (bit) {
        c->fast = (uint16_t)(c->fast + ((65535u - c->fast) * fast >> 16));
        c->slow = (uint16_t)(c->slow + ((65535u - c->slow) * slow >> 16));
    } else {
        c->fast = (uint16_t)(c->fast - (c->fast * fast >> 16));
        c->slow = (uint16_t)(c->slow - (c->slow * slow >> 16));
    }
    c->count = (uint16_t)(c->count + (c->count < LINC_COUNT_MAX));
}

/* ---- costs, for the encoder: not normative ---- */

/* Costs are in 1/1024 bit. */
enum { LINC_COST_SHIFT = 10, LINC_COST_BIT = 1 << LINC_COST_SHIFT };

typedef struct LincCosts {
    uint16_t bit[LINC_CONTEXTS][2];
} LincCosts;

/* -log2(probability / 65536) in 1/1024 bit, in integers. */
uint32_t linc_cost_of(uint32_t probability);

/* Costs of both bits of every context, frozen. */
void linc_costs_set(LincCosts *costs, const LincStates *states);

#endif
