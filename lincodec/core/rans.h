/* Binary range asymmetric numeral system: 16-bit probabilities, a state of up to 28 bits, a byte at a time
 * (spec 8.12.5).
 *
 * The reader lives here, inline, because every bit of a file passes through it. The writer is in rans.c.
 */
#ifndef LINC_RANS_H
#define LINC_RANS_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"

/* The state is at least 2^20 between bits as long as there are bytes. Behind the last byte it shrinks further, down
 * to the 1 that the writer started with: so a short stream pays for no idle state. */
#define LINC_RANS_LOW (UINT32_C(1) << 20)

typedef struct LincRansReader {
    const uint8_t *at, *end;
    uint32_t state;
    int failed; /* 1 once the bytes have run out or a rule was broken; nothing after that means anything */
} LincRansReader;

static inline void linc_rans_refill(LincRansReader *r) {
    if (r->state >= LINC_RANS_LOW) return;
    while (r->state < LINC_RANS_LOW && r->at != r->end) r->state = r->state << 8 | *r->at++;
    if (r->state == 0) r->failed = 1; /* no writer's state is 0 */
}

static inline void linc_rans_open(LincRansReader *r, const uint8_t *bytes, size_t size) {
    r->at = bytes;
    r->end = bytes + size;
    r->state = 0;
    r->failed = size == 0 || bytes[0] == 0; /* zeros in front would change nothing */
    linc_rans_refill(r);
}

static inline int linc_rans_bit(LincRansReader *r, LincContext *context) {
    uint32_t one = linc_probability(context), slot = r->state & 0xffff;
    int bit = slot < one;
    if (bit)
        r->state = (r->state >> 16) * one + slot;
    else
        r->state = (r->state >> 16) * (65536 - one) + slot - one;
    linc_adapt(context, bit);
    linc_rans_refill(r);
    return bit;
}

/* count: 1 to 16 bits of equal probability. */
static inline uint32_t linc_rans_raw(LincRansReader *r, int count) {
    uint32_t value = r->state & ((1u << count) - 1);
    r->state >>= count;
    linc_rans_refill(r);
    return value;
}

/* Whether the stream ended as a writer would have it. */
static inline int linc_rans_ended(const LincRansReader *r) {
    return !r->failed && r->at == r->end && r->state == 1;
}

/* The writer keeps what to code and codes it backwards at the end. */
typedef struct LincRansWriter {
    uint32_t *items; /* value | probability or bits << 16, see rans.c */
    size_t count, capacity;
    int failed; /* no memory, or a decision that cannot be coded */
} LincRansWriter;

void linc_rans_writer_open(LincRansWriter *w);
void linc_rans_writer_close(LincRansWriter *w);
int linc_rans_writer_grow(LincRansWriter *w);

enum { LINC_RANS_RAW = 1 << 17 };

static inline void linc_rans_put_bit(LincRansWriter *w, LincContext *context, int bit) {
    if (w->count == w->capacity && !linc_rans_writer_grow(w)) return;
    w->items[w->count++] = linc_probability(context) | (uint32_t)bit << 16;
    linc_adapt(context, bit);
}

static inline void linc_rans_put_raw(LincRansWriter *w, int count, uint32_t value) {
    if (w->count == w->capacity && !linc_rans_writer_grow(w)) return;
    w->items[w->count++] = LINC_RANS_RAW | (uint32_t)count << 18 | value;
}

/* Codes everything into `bytes`; *size is set. LINC_ARGUMENT if capacity is too small, LINC_MEMORY if a put failed
 * for memory. */
LincStatus linc_rans_finish(const LincRansWriter *w, uint8_t *bytes, size_t capacity, size_t *size);

#endif
