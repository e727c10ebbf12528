/* Probabilities of the mixing coder: slots that count, weights that learn, and a bit under both (spec 7.5.2).
 *
 * A decision is coded under several contexts. Each names a slot with a probability of its own; two sets of weights
 * turn these into one, on a logistic scale, and learn from how wrong they were. Integers alone.
 */
#ifndef LINC_MIX_MODEL_H
#define LINC_MIX_MODEL_H

#include <stdint.h>

#include "rans.h"

enum {
    LINC_MIX_INPUTS = 8,     /* contexts of one decision, at most */
    LINC_MIX_FAR = 3071,     /* the logistic scale ends here, in 1/256 */
    LINC_MIX_SEEN_MAX = 255, /* a slot counts so far */
    LINC_MIX_ONE = 1 << 22   /* of a probability in a slot */
};

/* First slot of each group of contexts (spec 7.5.2). */
enum {
    LINC_MIX_EMPTY = 0,
    LINC_MIX_CLASS = LINC_MIX_EMPTY + 3 * 16 * 2,
    LINC_MIX_CLASS_BESIDE = LINC_MIX_CLASS,
    LINC_MIX_CLASS_PAIR = LINC_MIX_CLASS_BESIDE + 21 * 16 * 8,
    LINC_MIX_CLASS_BEFORE = LINC_MIX_CLASS_PAIR + 21 * 64,
    LINC_MIX_CLASS_LOWER = LINC_MIX_CLASS_BEFORE + 21 * 64 * 3,
    LINC_MIX_CLASS_BOTH = LINC_MIX_CLASS_LOWER + 21 * 64,
    LINC_MIX_CLASS_PLANE = LINC_MIX_CLASS_BOTH + 21 * 256,
    LINC_MIX_CLASS_CORNERS = LINC_MIX_CLASS_PLANE + 21 * 16,
    LINC_MIX_CLASS_ALL = LINC_MIX_CLASS_CORNERS + 21 * 64,
    LINC_MIX_ZERO = LINC_MIX_CLASS_ALL + 21 * 64,
    LINC_MIX_ZERO_RING = LINC_MIX_ZERO + 3 * 192,
    LINC_MIX_ZERO_INSIDE = LINC_MIX_ZERO_RING + 2 * 8 * 3 * 32,
    LINC_MIX_ZERO_PAST = LINC_MIX_ZERO_INSIDE + 2 * 144,
    LINC_MIX_ZERO_AROUND = LINC_MIX_ZERO_PAST + 2 * 144 * 6,
    LINC_MIX_ZERO_LOWER = LINC_MIX_ZERO_AROUND + 2 * 144 * 16,
    LINC_MIX_ZERO_BAND = LINC_MIX_ZERO_LOWER + 64 * 12 + 2 * 4 * 6 * 24,
    LINC_MIX_STEP = LINC_MIX_ZERO_BAND + 2 * 144 * 4,
    LINC_MIX_STEP_AROUND = LINC_MIX_STEP + 3 * 7 * 192,
    LINC_MIX_STEP_INSIDE = LINC_MIX_STEP_AROUND + 14 * 144,
    LINC_MIX_STEP_PAST = LINC_MIX_STEP_INSIDE + 14 * 36,
    LINC_MIX_ESCAPE = LINC_MIX_STEP_PAST + 14 * 144,
    LINC_MIX_SIGN_EDGES = LINC_MIX_ESCAPE + 16 * 32,
    LINC_MIX_SIGN_BEFORE = LINC_MIX_SIGN_EDGES + 2 * 81 * 3,
    LINC_MIX_SIGN_BESIDE = LINC_MIX_SIGN_BEFORE + 2 * 16 * 9,
    LINC_MIX_SIGN_LOWER = LINC_MIX_SIGN_BESIDE + 2 * 16 * 27,
    LINC_MIX_SIGN_INSIDE = LINC_MIX_SIGN_LOWER + 3 * 16 * 9,
    LINC_MIX_SIGN_DIAGONAL = LINC_MIX_SIGN_INSIDE + 3 * 27 * 4,
    LINC_MIX_SIGN_SUM = LINC_MIX_SIGN_DIAGONAL + 8 * 3 * 81,
    LINC_MIX_FIRST_NEAR = LINC_MIX_SIGN_SUM + 2 * 16 * 13 * 3,
    LINC_MIX_FIRST_REST = LINC_MIX_FIRST_NEAR + 3 * 24 * 64,
    LINC_MIX_FIRST_LOWER = LINC_MIX_FIRST_REST + 3 * 24 * 64,
    LINC_MIX_FIRST_ALL = LINC_MIX_FIRST_LOWER + 3 * 24 * 64,
    LINC_MIX_FIRST_BIT = LINC_MIX_FIRST_ALL + 3 * 24,
    LINC_MIX_FIRST_SIGN = LINC_MIX_FIRST_BIT + 3 * 24,
    LINC_MIX_FIRST_SLOPE = LINC_MIX_FIRST_SIGN + 3 * 9,
    LINC_MIX_SLOTS = LINC_MIX_FIRST_SLOPE + 27
};

/* First set of weights of each kind of decision. */
enum {
    LINC_MIX_BY_EMPTY = 0,
    LINC_MIX_BY_CLASS = LINC_MIX_BY_EMPTY + 2,
    LINC_MIX_BY_CLASS_PLANE = LINC_MIX_BY_CLASS + 21,
    LINC_MIX_BY_ZERO = LINC_MIX_BY_CLASS_PLANE + 12,
    LINC_MIX_BY_ZERO_SIZE = LINC_MIX_BY_ZERO + 96,
    LINC_MIX_BY_STEP = LINC_MIX_BY_ZERO_SIZE + 96,
    LINC_MIX_BY_STEP_SIZE = LINC_MIX_BY_STEP + 14,
    LINC_MIX_BY_ESCAPE = LINC_MIX_BY_STEP_SIZE + 32,
    LINC_MIX_BY_SIGN = LINC_MIX_BY_ESCAPE + 2,
    LINC_MIX_BY_SIGN_DIAGONAL = LINC_MIX_BY_SIGN + 3,
    LINC_MIX_BY_FIRST = LINC_MIX_BY_SIGN_DIAGONAL + 8,
    LINC_MIX_BY_FIRST_NEAR = LINC_MIX_BY_FIRST + 24,
    LINC_MIX_BY_FIRST_BIT = LINC_MIX_BY_FIRST_NEAR + 64,
    LINC_MIX_BY_FIRST_SIGN = LINC_MIX_BY_FIRST_BIT + 2,
    LINC_MIX_SETS = LINC_MIX_BY_FIRST_SIGN + 2
};

typedef struct LincMixWeights {
    int32_t weight[LINC_MIX_INPUTS + 1]; /* the last is of the constant */
    int32_t seen;
} LincMixWeights;

typedef struct LincMixModel {
    int32_t squash[2 * LINC_MIX_FAR + 1]; /* probability in 1/65536 by place on the logistic scale */
    int16_t stretch[4096];                /* and back */
    int32_t rate[LINC_MIX_SEEN_MAX + 1];
    uint32_t slot[LINC_MIX_SLOTS]; /* probability of a 1 in its upper 22 bits, times seen in the lower 10 */
    LincMixWeights weights[LINC_MIX_SETS];
} LincMixModel;

/* What one decision is coded under. */
typedef struct LincMixChoice {
    int count;
    int first, second; /* sets of weights */
    uint32_t slot[LINC_MIX_INPUTS];
} LincMixChoice;

/* Everything as it is before the first decision. */
void linc_mix_model_reset(LincMixModel *model);

static inline void linc_mix_under(LincMixChoice *choice, int slot) {
    choice->slot[choice->count++] = (uint32_t)slot;
}

typedef struct LincMixGuess {
    int32_t input[LINC_MIX_INPUTS + 1];
    int32_t first, second, both; /* probabilities of a 1, in 1/65536 */
} LincMixGuess;

static inline int32_t linc_mix_place(int64_t x) {
    return x < -LINC_MIX_FAR ? -LINC_MIX_FAR : x > LINC_MIX_FAR ? LINC_MIX_FAR : (int32_t)x;
}

static inline void linc_mix_guess(const LincMixModel *model, const LincMixChoice *choice, LincMixGuess *guess) {
    const LincMixWeights *first = &model->weights[choice->first], *second = &model->weights[choice->second];
    int64_t a = (int64_t)first->weight[LINC_MIX_INPUTS] * 256, b = (int64_t)second->weight[LINC_MIX_INPUTS] * 256;
    for (int i = 0; i < choice->count; i++) {
        int32_t input = model->stretch[model->slot[choice->slot[i]] >> 20];
        guess->input[i] = input;
        a += (int64_t)first->weight[i] * input;
        b += (int64_t)second->weight[i] * input;
    }
    a >>= 16;
    b >>= 16;
    guess->first = model->squash[LINC_MIX_FAR + linc_mix_place(a)];
    guess->second = model->squash[LINC_MIX_FAR + linc_mix_place(b)];
    guess->both = model->squash[LINC_MIX_FAR + linc_mix_place((a + b) >> 1)];
}

static inline void linc_mix_teach(LincMixWeights *weights, const LincMixGuess *guess, int count, int32_t error) {
    int64_t step = (int64_t)error * (8 + 8000 / (weights->seen + 500));
    for (int i = 0; i <= count; i++) {
        int at = i < count ? i : LINC_MIX_INPUTS;
        int64_t input = i < count ? guess->input[i] : 256;
        int64_t moved = weights->weight[at] + ((input * step + (1 << 17)) >> 18);
        int64_t most = 1 << 19;
        weights->weight[at] = (int32_t)(moved < -most ? -most : moved > most ? most : moved);
    }
    weights->seen += weights->seen < 65535;
}

static inline void linc_mix_learn(LincMixModel *model, const LincMixChoice *choice, const LincMixGuess *guess,
                                  int bit) {
    linc_mix_teach(&model->weights[choice->first], guess, choice->count, (bit << 16) - guess->first);
    linc_mix_teach(&model->weights[choice->second], guess, choice->count, (bit << 16) - guess->second);
    int32_t aim = bit ? LINC_MIX_ONE - 1 : 0;
    for (int i = 0; i < choice->count; i++) {
        uint32_t *slot = &model->slot[choice->slot[i]];
        int32_t p = (int32_t)(*slot >> 10), seen = (int32_t)(*slot & 1023);
        p += (int32_t)(((int64_t)(aim - p) * model->rate[seen]) >> 16);
        *slot = (uint32_t)p << 10 | (uint32_t)(seen + (seen < LINC_MIX_SEEN_MAX));
    }
}

/* A bit of a given probability of 1 (in 1/65536), from a stream. */
static inline int linc_mix_get(LincRansReader *reader, uint32_t one) {
    uint32_t low = reader->state & 0xffff;
    int bit = low < one;
    reader->state = (reader->state >> 16) * (bit ? one : 65536 - one) + low - (bit ? 0 : one);
    linc_rans_refill(reader);
    return bit;
}

/* The same into one. */
static inline void linc_mix_put(LincRansWriter *writer, uint32_t one, int bit) {
    if (writer->count == writer->capacity && !linc_rans_writer_grow(writer)) return;
    writer->items[writer->count++] = one | (uint32_t)bit << 16;
}

#endif
