/* Plain headers of frame records (spec 8.12.3). */
#include "record.h"

#include <string.h>

#include "block.h"

/* First byte of a header. */
enum {
    LEVEL_BITS = 7,
    REPEATED = 8,        /* settings as in the last record of the level */
    SAME_LEVEL = 16,     /* context source: the last record of the level, or initial states if there is none */
    REFERENCES_SHIFT = 5,/* two bits: REFERENCES_* */
    TEMPORAL = 128
};
/* EVEN: equally far on both sides. */
enum { REFERENCES_NONE = 0, REFERENCES_ONE = 1, REFERENCES_EVEN = 2, REFERENCES_TWO = 3 };

typedef struct Bytes {
    const uint8_t *at, *end;
    int failed;
} Bytes;

static int take_byte(Bytes *b) {
    if (b->at == b->end) {
        b->failed = 1;
        return 0;
    }
    return *b->at++;
}

/* Seven bits a byte, lowest first, below 2^28. */
static int take_number(Bytes *b) {
    int value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
        int byte = take_byte(b);
        value |= (byte & 127) << shift;
        if (!(byte & 128)) return value;
    }
    b->failed = 1;
    return 0;
}

/* 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
static int take_signed(Bytes *b) {
    int value = take_number(b);
    return value & 1 ? -(value >> 1) - 1 : value >> 1;
}

static void take_references(Bytes *b, int kind, LincHeader *h) {
    h->references = kind == REFERENCES_NONE ? 0 : kind == REFERENCES_ONE ? 1 : 2;
    h->reference_display[0] = h->reference_display[1] = -1;
    if (kind == REFERENCES_EVEN) {
        int distance = take_number(b);
        h->reference_display[0] = h->display - distance;
        h->reference_display[1] = h->display + distance;
        return;
    }
    for (int r = 0; r < h->references; r++) h->reference_display[r] = h->display - take_signed(b);
}

static LincStatus take_settings(Bytes *b, LincHeader *h) {
    for (int k = 0; k < 3; k++) h->step[k] = take_byte(b);
    h->merge_size = take_byte(b);
    h->count_limit = take_byte(b);
    h->deblock_threshold = take_signed(b);
    h->tools = take_number(b);
    if (b->failed) return LINC_CORRUPT;
    if (h->tools & ~LINC_TOOLS_KNOWN) return LINC_UNSUPPORTED;
    for (int k = 0; k < 3; k++)
        if (h->step[k] >= LINC_STEP_INDICES) return LINC_CORRUPT;
    if (h->merge_size < 1 || h->merge_size > LINC_MAX_MERGE || h->count_limit > LINC_COUNT_MAX) return LINC_CORRUPT;
    if (h->deblock_threshold < -24 || h->deblock_threshold > 24) return LINC_CORRUPT;
    return LINC_OK;
}

static LincStatus take_header(Bytes *b, LincRecordMemory *memory, LincHeader *h) {
    memset(h, 0, sizeof *h);
    int first = take_byte(b), kind = first >> REFERENCES_SHIFT & 3;
    int level = first & LEVEL_BITS, display = take_number(b);
    if (b->failed) return LINC_CORRUPT;
    if (first & REPEATED) {
        if (!memory->seen[level]) return LINC_CORRUPT;
        *h = memory->last[level];
    }
    h->level = level;
    h->display = display;
    h->temporal = (first & TEMPORAL) != 0;
    take_references(b, kind, h);
    if (first & SAME_LEVEL)
        h->context_source = memory->seen[level] ? memory->last[level].display : -1;
    else
        h->context_source = take_number(b) - 1;
    LincStatus status = first & REPEATED ? LINC_OK : take_settings(b, h);
    if (status) return status;
    if (b->failed || (h->temporal && !h->references)) return LINC_CORRUPT;
    memory->last[level] = *h;
    memory->seen[level] = 1;
    return LINC_OK;
}

LincStatus linc_record_read(const uint8_t *bytes, size_t size, size_t *position, LincRecordMemory *memory,
                            LincRecord *record) {
    Bytes b = {bytes + *position, bytes + size, 0};
    size_t length = (size_t)take_number(&b);
    if (b.failed || length > (size_t)(b.end - b.at)) return LINC_CORRUPT;
    b.end = b.at + length;
    record->offset = *position;
    record->size = (size_t)(b.end - bytes) - *position;
    LincStatus status = take_header(&b, memory, &record->header);
    if (status) return status;
    record->stream = b.at;
    record->stream_size = (size_t)(b.end - b.at);
    *position += record->size;
    return LINC_OK;
}

static uint8_t *put_number(uint8_t *at, int value) {
    for (; value > 127; value >>= 7) *at++ = (uint8_t)(128 | (value & 127));
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_signed(uint8_t *at, int value) {
    return put_number(at, value < 0 ? -2 * value - 1 : 2 * value);
}

static uint8_t *put_settings(uint8_t *at, const LincHeader *h) {
    for (int k = 0; k < 3; k++) *at++ = (uint8_t)h->step[k];
    *at++ = (uint8_t)h->merge_size;
    *at++ = (uint8_t)h->count_limit;
    at = put_signed(at, h->deblock_threshold);
    return put_number(at, h->tools);
}

static int same_settings(const LincHeader *a, const LincHeader *b) {
    for (int k = 0; k < 3; k++)
        if (a->step[k] != b->step[k]) return 0;
    return a->merge_size == b->merge_size && a->count_limit == b->count_limit && a->tools == b->tools &&
           a->deblock_threshold == b->deblock_threshold;
}

static int references_kind(const LincHeader *h) {
    if (h->references < 2) return h->references ? REFERENCES_ONE : REFERENCES_NONE;
    int distance = h->display - h->reference_display[0];
    return distance > 0 && h->reference_display[1] - h->display == distance ? REFERENCES_EVEN : REFERENCES_TWO;
}

static uint8_t *put_header(uint8_t *at, const LincHeader *h, const LincRecordMemory *memory) {
    const LincHeader *last = memory->seen[h->level] ? &memory->last[h->level] : NULL;
    int kind = references_kind(h), repeated = last && same_settings(last, h);
    int same_level = h->context_source == (last ? last->display : -1);
    *at++ = (uint8_t)(h->level | (repeated ? REPEATED : 0) | (same_level ? SAME_LEVEL : 0) | kind << REFERENCES_SHIFT |
                      (h->temporal ? TEMPORAL : 0));
    at = put_number(at, h->display);
    if (kind == REFERENCES_EVEN)
        at = put_number(at, h->display - h->reference_display[0]);
    else
        for (int r = 0; r < h->references; r++) at = put_signed(at, h->display - h->reference_display[r]);
    if (!same_level) at = put_number(at, h->context_source + 1);
    return repeated ? at : put_settings(at, h);
}

size_t linc_record_write(const LincHeader *h, size_t stream_size, LincRecordMemory *memory,
                         uint8_t bytes[LINC_RECORD_MAX]) {
    uint8_t header[LINC_RECORD_MAX];
    size_t size = (size_t)(put_header(header, h, memory) - header);
    uint8_t *at = put_number(bytes, (int)(size + stream_size));
    memcpy(at, header, size);
    memory->last[h->level] = *h;
    memory->seen[h->level] = 1;
    return (size_t)(at - bytes) + size;
}
