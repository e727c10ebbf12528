/* Writer of the binary rANS stream (spec 8.12.5). */
#include "rans.h"

#include <stdlib.h>
#include <string.h>

void linc_rans_writer_open(LincRansWriter *w) {
    memset(w, 0, sizeof *w);
}

void linc_rans_writer_close(LincRansWriter *w) {
    free(w->items);
    memset(w, 0, sizeof *w);
}

int linc_rans_writer_grow(LincRansWriter *w) {
    size_t capacity = w->capacity ? w->capacity * 2 : 1 << 14;
    uint32_t *items = w->failed ? NULL : realloc(w->items, capacity * sizeof *items);
    if (!items) {
        w->failed = 1;
        return 0;
    }
    w->items = items;
    w->capacity = capacity;
    return 1;
}

/* Bytes come out last first, so they are laid from the end of the buffer and moved to the front afterwards. */
LincStatus linc_rans_finish(const LincRansWriter *w, uint8_t *bytes, size_t capacity, size_t *size) {
    uint32_t state = 1;
    size_t at = capacity;
    if (w->failed) return LINC_MEMORY;
    for (size_t i = w->count; i-- > 0;) {
        uint32_t item = w->items[i], raw = item & LINC_RANS_RAW, count = item >> 18 & 31, value = item & 0xffff;
        uint32_t bit = item >> 16 & 1, frequency = bit ? value : 65536 - value;
        uint32_t limit = raw ? (LINC_RANS_LOW << 8) >> count : frequency << 12;
        while (state >= limit) {
            if (at == 0) return LINC_ARGUMENT;
            bytes[--at] = (uint8_t)state;
            state >>= 8;
        }
        if (raw)
            state = state << count | value;
        else
            state = (state / frequency << 16) + state % frequency + (bit ? 0 : value);
    }
    for (; state; state >>= 8) {
        if (at == 0) return LINC_ARGUMENT;
        bytes[--at] = (uint8_t)state;
    }
    memmove(bytes, bytes + at, capacity - at);
    *size = capacity - at;
    return LINC_OK;
}
