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

/* Words come out last first, so they are laid from the end of the buffer and moved to the front afterwards. */
LincStatus linc_rans_finish(const LincRansWriter *w, uint8_t *bytes, size_t capacity, size_t *size) {
    uint64_t state = LINC_RANS_LOW;
    size_t at = capacity;
    if (w->failed) return LINC_MEMORY;
    for (size_t i = w->count; i-- > 0;) {
        uint32_t item = w->items[i], raw = item & LINC_RANS_RAW, count = item >> 18 & 31, value = item & 0xffff;
        uint32_t bit = item >> 16 & 1, frequency = bit ? value : 65536 - value;
        uint64_t limit = raw ? (LINC_RANS_LOW << 16) >> count : (uint64_t)frequency << 20;
        if (state >= limit) {
            if (at < 2) return LINC_ARGUMENT;
            bytes[--at] = (uint8_t)(state >> 8);
            bytes[--at] = (uint8_t)state;
            state >>= 16;
        }
        if (raw)
            state = state << count | value;
        else
            state = (state / frequency << 16) + state % frequency + (bit ? 0 : value);
    }
    /* Zeros at the top of the state are left out where no word follows it. */
    size_t head = LINC_RANS_STATE_BYTES;
    if (at == capacity)
        while (head && !(state >> (8 * (head - 1)))) head--;
    if (at < head) return LINC_ARGUMENT;
    memmove(bytes + head, bytes + at, capacity - at);
    for (size_t i = 0; i < head; i++) bytes[i] = (uint8_t)(state >> (8 * i));
    *size = head + capacity - at;
    return LINC_OK;
}
