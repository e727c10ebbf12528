/* Writer of a frame's stream (spec 8.12.6). */
#include <string.h>

#include "coefficients.h"
#include "filter.h"
#include "intra.h"
#include "motion.h"
#include "rans.h"
#include "syntax.h"

#define LINC_READING 0

typedef struct Coder {
    LincRansWriter writer;
    LincContext *contexts;
    int recording; /* 0: states adapt, nothing is kept */
    int failed;
} Coder;

static inline int code_bit(Coder *c, int context, int bit) {
    if (c->recording)
        linc_rans_put_bit(&c->writer, &c->contexts[context], bit);
    else
        linc_adapt(&c->contexts[context], bit);
    return bit;
}

static inline uint32_t code_raw(Coder *c, int count, uint32_t value) {
    if (c->recording) linc_rans_put_raw(&c->writer, count, value);
    return value;
}

static inline void code_fail(Coder *c) {
    c->failed = 1;
}

static inline int code_failed(const Coder *c) {
    return c->failed || c->writer.failed;
}

#include "syntax_levels.h"
#include "syntax_motion.h"
#include "syntax_leaf.h"
#include "syntax_frame.h"

LincStatus linc_write_frame(LincFrame *frame, uint8_t *bytes, size_t capacity, size_t *size, LincStates *states) {
    Coder c = {{0}, states->context, 1, 0};
    linc_rans_writer_open(&c.writer);
    code_frame(&c, frame);
    LincStatus status = c.failed ? LINC_ARGUMENT : linc_rans_finish(&c.writer, bytes, capacity, size);
    linc_rans_writer_close(&c.writer);
    return status;
}

void linc_adapt_unit(LincFrame *frame, int unit, LincStates *states) {
    Coder c = {{0}, states->context, 0, 0};
    LeafWalk w = {0, 0, 1};
    code_unit(&c, frame, &w, unit);
}
