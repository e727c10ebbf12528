/* Reader of a frame's stream (spec 8.12.6). */
#include <string.h>

#include "coefficients.h"
#include "filter.h"
#include "intra.h"
#include "motion.h"
#include "rans.h"
#include "syntax.h"

#define LINC_READING 1

typedef struct Coder {
    LincRansReader reader;
    LincContext *contexts;
} Coder;

static inline int code_bit(Coder *c, int context, int bit) {
    (void)bit;
    return linc_rans_bit(&c->reader, &c->contexts[context]);
}

static inline uint32_t code_raw(Coder *c, int count, uint32_t value) {
    (void)value;
    return linc_rans_raw(&c->reader, count);
}

static inline void code_fail(Coder *c) {
    c->reader.failed = 1;
}

static inline int code_failed(const Coder *c) {
    return c->reader.failed;
}

#include "syntax_levels.h"
#include "syntax_motion.h"
#include "syntax_leaf.h"
#include "syntax_frame.h"

LincStatus linc_parse_frame(LincFrame *frame, const uint8_t *bytes, size_t size, LincStates *states) {
    Coder c;
    c.contexts = states->context;
    linc_rans_open(&c.reader, bytes, size);
    code_frame(&c, frame);
    frame->extents_known = 1;
    return linc_rans_ended(&c.reader) ? LINC_OK : LINC_CORRUPT;
}
