/* Binary range asymmetric numeral system: 16-bit probabilities, a state of up to 36 bits, 16 bits at a
 * time (spec 8.12.5).
 *
 * The reader lives here, inline, because every bit of a file passes through it. The writer is in rans.c.
 */
#ifndef LINC_RANS_H
#define LINC_RANS_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"

/* The state is at least 2^20 between bits; it starts there in the writer, so the reader must end there. */
#define LINC_RANS_LOW (UINT64_C(1) << 20)
enum { LINC_RANS_STATE_BYTES = 5 };

typedef struct LincRansReader {
    const uint8_t *at, *end;
    uint64_t state;
    int failed; /* 1 once the bytes have run out or a rule was broken; nothing after that means anything */
} LincRansReader;

static inline void linc_rans_open(LincRansReader *r, const uint8_t *bytes, size_t size) {
    size_t head = size < LINC_RANS_STATE_BYTES ? size : LINC_RANS_STATE_BYTES;
    r->state = 0;
    for (size_t i = 0; i < head; i++) r->state |= (uint64_t)bytes[i] << (8 * i);
    r->at = bytes + head;
    r->end = bytes + size;
    r->failed = r->state < LINC_RANS_LOW || r->state >= LINC_RANS_LOW << 16;
}

/* One word restores the state after any bit: the least frequent one has 2^-10, raw ones take at most 16 bits. */
static inline void linc_rans_refill(LincRansReader *r) {
    if (r->state >= LINC_RANS_LOW) return;
    if (r->end - r->at < 2) {
        r->failed = 1;
        r->state = LINC_RANS_LOW; /* stays in range; the caller leaves at the next leaf */
        return;
    }
    r->state = r->state << 16 | (uint64_t)r->at[0] | (uint64_t)r->at[1] << 8;
    r->at += 2;
}

static inline int linc_rans_bit(LincRansReader *r, LincContext *context) {
    uint32_t one = linc_probability(context), slot = (uint32_t)r->state & 0xffff;
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
    uint32_t value = (uint32_t)r->state & ((1u << count) - 1);
    r->state >>= count;
    linc_rans_refill(r);
    return value;
}

/* Whether the stream ended as a writer would have it. */
static inline int linc_rans_ended(const LincRansReader *r) {
    return !r->failed && r->at == r->end && r->state == LINC_RANS_LOW;
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
