/* Costs of decisions with frozen contexts, for the encoder: the same walk as the writer's. */
#include <string.h>

#include "coefficients.h"
#include "filter.h"
#include "intra.h"
#include "motion.h"
#include "syntax.h"

#define LINC_READING 0

typedef struct Coder {
    const LincCosts *costs;
    uint32_t total;
} Coder;

static inline int code_bit(Coder *c, int context, int bit) {
    c->total += c->costs->bit[context][bit];
    return bit;
}

static inline uint32_t code_raw(Coder *c, int count, uint32_t value) {
    c->total += (uint32_t)count << LINC_COST_SHIFT;
    return value;
}

static inline void code_fail(Coder *c) {
    c->total |= UINT32_C(1) << 31; /* what cannot be coded is never the cheapest */
}

#include "syntax_levels.h"
#include "syntax_motion.h"
#include "syntax_leaf.h"

uint32_t linc_cost_leaf(const LincFrame *frame, int x, int y, int with_levels, const LincCosts *costs) {
    Coder c = {costs, 0};
    LeafWalk w = {linc_block(frame, x, y)->step_offset, 1, with_levels};
    LincFrame view = *frame; /* the walk of a writer changes nothing behind the pointers */
    code_leaf(&c, &view, &w, x, y, linc_block(frame, x, y)->size_log2);
    return c.total;
}

uint32_t linc_cost_levels(const int16_t *levels, ptrdiff_t stride, int size_log2, int kind,
                          const LincCosts *costs) {
    Coder c = {costs, 0};
    code_levels(&c, (int16_t *)(uintptr_t)levels, stride, size_log2, kind, 0);
    return c.total;
}

uint32_t linc_cost_vector(int dx, int dy, const LincCosts *costs) {
    Coder c = {costs, 0};
    code_difference(&c, &dx, &dy);
    return c.total;
}
