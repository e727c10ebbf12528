#include "mutate.h"

#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "record.h"

enum { RECORDS = 256, STREAM_MAX = 1 << 18 };

/* The records of a case, taken apart. */
typedef struct Parts {
    LincParameters parameters;
    LincRecord records[RECORDS];
    int count;
} Parts;

uint32_t any_below(Random *random, uint32_t limit) {
    /* splitmix64, by Sebastiano Vigna, in the public domain. */
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return limit ? (uint32_t)((z >> 32) * limit >> 32) : 0;
}

static uint8_t interesting(Random *random) {
    static const uint8_t values[] = {0, 1, 2, 0x7F, 0x80, 0x81, 0xC0, 0xFE, 0xFF};
    return any_below(random, 2) ? values[any_below(random, sizeof values)] : (uint8_t)any_below(random, 256);
}

static size_t change_once(uint8_t *data, size_t size, size_t capacity, Random *random) {
    const uint32_t at = any_below(random, (uint32_t)size);
    const uint32_t left = (uint32_t)size - at;
    uint32_t n = 1 + any_below(random, left < 16 ? left : 16);
    switch (any_below(random, 8)) {
    case 0:
    case 1:
        data[at] ^= (uint8_t)(1u << any_below(random, 8));
        break;
    case 2:
    case 3:
        data[at] = interesting(random);
        break;
    case 4: /* one value repeated */
        memset(data + at, interesting(random), n);
        break;
    case 5: /* bytes moved from elsewhere */
        memmove(data + at, data + any_below(random, (uint32_t)(size - n + 1)), n);
        break;
    case 6: /* bytes taken out, or the rest */
        if (any_below(random, 8) == 0) n = left;
        memmove(data + at, data + at + n, left - n);
        return size - n;
    default: /* bytes put in */
        if (size + n > capacity) break;
        memmove(data + at + n, data + at, left);
        for (uint32_t i = 0; i < n; i++) data[at + i] = interesting(random);
        return size + n;
    }
    return size;
}

size_t mutate_bytes(uint8_t *data, size_t size, size_t capacity, Random *random) {
    /* Mostly one change: a second one is behind the first error. */
    for (int left = 1 + (int)(any_below(random, 3) == 0 ? any_below(random, 6) : 0); left && size; left--)
        size = change_once(data, size, capacity, random);
    return size;
}

/* Takes a sound case apart; 0 if it is not one. */
static int take_apart(Parts *parts, const uint8_t *data, size_t size) {
    Case c;
    LincRecordMemory memory = {0};
    size_t position = 0;
    if (!case_read(&c, data, size)) return 0;
    if (c.parameters.chroma >= CASE_MIX) return 0; /* no records */
    parts->parameters = c.parameters;
    for (parts->count = 0; parts->count < RECORDS && position < c.size; parts->count++)
        if (linc_record_read(c.bytes, c.size, &position, &memory, parts->records + parts->count) != LINC_OK) break;
    return parts->count > 0;
}

/* Sets one field to what it may be in some file, not in this one. */
static void change_field(LincHeader *h, const Parts *parts, Random *random) {
    const uint32_t frames = (uint32_t)parts->parameters.frames;
    const int any = (int)any_below(random, frames + 2) - 1;
    switch (any_below(random, 11)) {
    case 0: h->display = any < 0 ? 0 : any; break;
    case 1: h->level = (int)any_below(random, LINC_MAX_LEVELS); break;
    case 2: h->references = (int)any_below(random, 3); break;
    case 3: h->reference_display[0] = any < 0 ? 0 : any; break;
    case 4: h->reference_display[1] = any < 0 ? 0 : any; break;
    case 5: h->context_source = any; break;
    case 6: h->temporal ^= 1; break;
    case 7: h->step[any_below(random, 3)] = (int)any_below(random, LINC_STEP_INDICES); break;
    case 8: h->tools ^= 1 << any_below(random, 4); break;
    case 9: h->merge_size = 1 + (int)any_below(random, 6); break;
    default: h->count_limit = (int)any_below(random, 128); break;
    }
}

static void change_order(Parts *parts, const Parts *others, Random *random) {
    LincRecord *a = parts->records + any_below(random, (uint32_t)parts->count);
    LincRecord *b = parts->records + any_below(random, (uint32_t)parts->count);
    const LincRecord saved = *a;
    switch (any_below(random, 4)) {
    case 0:
        *a = *b;
        *b = saved;
        break;
    case 1:
        *a = *b;
        break;
    case 2:
        a->stream = b->stream;
        a->stream_size = b->stream_size;
        break;
    default:
        if (others->count) {
            b = (LincRecord *)others->records + any_below(random, (uint32_t)others->count);
            a->stream = b->stream;
            a->stream_size = b->stream_size;
        }
    }
}

static void change_parameters(LincParameters *p, Random *random) {
    const int32_t side = 1 + (int32_t)any_below(random, any_below(random, 2) ? 40 : 300);
    switch (any_below(random, 5)) {
    case 0: p->width = side; break;
    case 1: p->height = side; break;
    case 2: p->chroma = (int32_t)any_below(random, 5); break;
    case 3: p->depth = 7 + (int32_t)any_below(random, 11); break;
    default: p->frames = (int32_t)any_below(random, (uint32_t)p->frames + 3); break;
    }
}

/* Writes the records again with the lengths that they have now. */
static size_t put_together(const Parts *parts, int changed, uint8_t *out, size_t capacity, Random *random,
                           StreamMutator mutator) {
    LincRecordMemory memory = {0};
    size_t size = CASE_HEADER;
    uint8_t *stream = malloc(STREAM_MAX);
    if (!stream) return 0;
    case_write(&parts->parameters, out);
    for (int i = 0; i < parts->count; i++) {
        const LincRecord *r = parts->records + i;
        size_t stream_size = r->stream_size < STREAM_MAX ? r->stream_size : STREAM_MAX;
        memcpy(stream, r->stream, stream_size);
        if (i == changed) stream_size = mutator(stream, stream_size, STREAM_MAX, random);
        if (size + LINC_RECORD_MAX + stream_size > capacity) break;
        size += linc_record_write(&r->header, stream_size, &memory, out + size);
        memcpy(out + size, stream, stream_size);
        size += stream_size;
    }
    free(stream);
    return size;
}

size_t mutate_case(const uint8_t *seed, size_t size, const uint8_t *other, size_t other_size, uint8_t *out,
                   size_t capacity, Random *random, StreamMutator mutator) {
    static const Parts none;
    const uint32_t kind = any_below(random, 16);
    Parts *parts = malloc(2 * sizeof *parts);
    if (!parts || kind < 3 || !take_apart(parts, seed, size)) {
        free(parts);
        size = size < capacity ? size : capacity;
        memcpy(out, seed, size);
        /* Parameters stay as they are here: a picture a hundred times as large would take all the time. */
        if (size <= CASE_HEADER) return size;
        return CASE_HEADER + mutate_bytes(out + CASE_HEADER, size - CASE_HEADER, capacity - CASE_HEADER, random);
    }
    parts[1] = none;
    if (kind < 11) {
        int changed = (int)any_below(random, (uint32_t)parts->count);
        size = put_together(parts, changed, out, capacity, random, mutator ? mutator : mutate_bytes);
    } else {
        if (kind < 13) {
            for (int left = 1 + (int)any_below(random, 3); left; left--)
                change_field(&parts->records[any_below(random, (uint32_t)parts->count)].header, parts, random);
        } else if (kind < 15) {
            if (!take_apart(parts + 1, other, other_size)) parts[1].count = 0;
            change_order(parts, parts + 1, random);
        } else {
            change_parameters(&parts->parameters, random);
        }
        size = put_together(parts, -1, out, capacity, random, NULL);
    }
    free(parts);
    return size;
}
