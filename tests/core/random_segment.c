/* Random frames: headers, graph, reconstruction, bytes. */
#include "random_segment.h"

#include <stdlib.h>
#include <string.h>

#include "reconstruct.h"
#include "record.h"
#include "syntax.h"

static int pick(RandomSegment *s, const int *displays, int count) {
    return displays[random_below(s, (uint32_t)count)];
}

static void random_settings(RandomSegment *s, LincHeader *h) {
    for (int k = 0; k < 3; k++) h->step[k] = (int)random_below(s, random_chance(s, 80) ? 120 : LINC_STEP_INDICES);
    h->merge_size = 1 + (int)random_below(s, LINC_MAX_MERGE);
    h->count_limit = (int)random_below(s, 128);
    h->tools = (int)random_below(s, LINC_TOOLS_KNOWN + 1);
    h->deblock_threshold = (int)random_below(s, 49) - 24;
}

/* displays: of all frames in coding order; `index` are coded before. */
static void random_header(RandomSegment *s, const int *displays, int index, const LincHeader *before, LincHeader *h) {
    memset(h, 0, sizeof *h);
    int repeated = before && random_chance(s, 50);
    if (repeated) *h = *before;
    h->level = index == 0 ? 0 : (int)random_below(s, LINC_MAX_LEVELS);
    if (before && random_chance(s, 50)) h->level = before->level;
    if (!repeated) random_settings(s, h);
    h->display = displays[index];
    memset(h->filter_sets, 0, sizeof h->filter_sets);
    memset(h->filter, 0, sizeof h->filter);
    h->references = index == 0 ? 0 : (int)random_below(s, 10) * 3 / 10 + (random_chance(s, 50) ? 0 : 1);
    if (h->references > 2) h->references = 2;
    if (index == 0) h->references = 0;
    h->reference_display[0] = h->reference_display[1] = -1;
    for (int r = 0; r < h->references; r++) h->reference_display[r] = pick(s, displays, index);
    h->temporal = h->references && random_chance(s, 70);
    h->context_source = index && random_chance(s, 70) ? pick(s, displays, index) : -1;
}

static int record_of(const RandomSegment *s, int display) {
    for (int i = 0; i < s->frames; i++)
        if (s->frame[i]->header.display == display) return i;
    return -1;
}

static void connect(RandomSegment *s, LincFrame *f) {
    int count = 0, second = -1;
    for (int r = f->header.references - 1; r >= 0; r--) {
        int record = record_of(s, f->header.reference_display[r]);
        f->reference[r] = s->picture[record];
        if (!f->header.temporal || (r == 0 && second == record)) continue;
        second = record;
        f->collocated[count++] = s->motion[record];
    }
}

/* One frame: decisions, samples, stream. Returns the bytes of its record, 0 on failure. */
static size_t random_frame(RandomSegment *s, int index, LincRecordMemory *memory, uint8_t *out, size_t capacity) {
    LincFrame *f = s->frame[index];
    uint8_t head[LINC_RECORD_MAX];
    connect(s, f);
    random_decisions(s, f);
    LincStates *states = s->states[index];
    linc_states_reset(states);
    if (f->header.context_source >= 0) {
        *states = *s->states[record_of(s, f->header.context_source)];
        linc_states_limit(states, f->header.count_limit);
    }
    size_t size = 0;
    if (capacity < LINC_RECORD_MAX) return 0;
    if (linc_write_frame(f, out + LINC_RECORD_MAX, capacity - LINC_RECORD_MAX, &size, states)) return 0;
    size_t head_size = linc_record_write(&f->header, size, memory, head);
    memmove(out + head_size, out + LINC_RECORD_MAX, size);
    memcpy(out, head, head_size);
    s->stream[index] = head_size;
    s->stream_size[index] = size;
    f->picture = s->picture[index];
    linc_reconstruct_blocks(f);
    if (linc_loop_filters(f)) return 0;
    linc_picture_pad(f->picture);
    linc_motion_field_fill(s->motion[index], f);
    return head_size + size;
}

static int allocate(RandomSegment *s) {
    size_t n = (size_t)s->frames;
    s->frame = calloc(n, sizeof *s->frame);
    s->picture = calloc(n, sizeof *s->picture);
    s->motion = calloc(n, sizeof *s->motion);
    s->states = calloc(n, sizeof *s->states);
    s->stream = calloc(n, sizeof *s->stream);
    s->stream_size = calloc(n, sizeof *s->stream_size);
    if (!s->frame || !s->picture || !s->motion || !s->states || !s->stream || !s->stream_size) return 0;
    for (int i = 0; i < s->frames; i++) {
        s->frame[i] = linc_frame_create(&s->geometry);
        s->picture[i] = linc_picture_create(&s->geometry);
        s->motion[i] = linc_motion_field_create(&s->geometry);
        s->states[i] = calloc(1, sizeof **s->states);
        if (!s->frame[i] || !s->picture[i] || !s->motion[i] || !s->states[i]) return 0;
        s->frame[i]->header.display = -1;
    }
    return 1;
}

static void shuffle(RandomSegment *s, int *displays) {
    for (int i = 0; i < s->frames; i++) displays[i] = i;
    for (int i = s->frames - 1; i > 0; i--) {
        int j = (int)random_below(s, (uint32_t)i + 1), t = displays[i];
        displays[i] = displays[j];
        displays[j] = t;
    }
}

size_t random_segment_keep(uint64_t seed, const LincParameters *parameters, uint8_t *out, size_t capacity,
                           RandomSegment *s) {
    LincRecordMemory memory;
    size_t size = 0;
    memset(s, 0, sizeof *s);
    memset(&memory, 0, sizeof memory);
    s->state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    if (linc_geometry_set(&s->geometry, parameters)) return 0;
    s->frames = parameters->frames;
    int *displays = calloc((size_t)s->frames, sizeof *displays);
    int ok = displays && allocate(s);
    if (ok) shuffle(s, displays);
    for (int i = 0; ok && i < s->frames; i++) {
        random_header(s, displays, i, i ? &s->frame[i - 1]->header : NULL, &s->frame[i]->header);
        size_t bytes = random_frame(s, i, &memory, out + size, capacity - size);
        s->stream[i] += size;
        size += bytes;
        ok = bytes > 0;
    }
    free(displays);
    return ok ? size : 0;
}

void random_segment_close(RandomSegment *s) {
    for (int i = 0; i < s->frames; i++) {
        if (s->frame) linc_frame_destroy(s->frame[i]);
        if (s->picture) linc_picture_destroy(s->picture[i]);
        if (s->motion) linc_motion_field_destroy(s->motion[i]);
        if (s->states) free(s->states[i]);
    }
    free(s->frame);
    free(s->picture);
    free(s->motion);
    free(s->states);
    free(s->stream);
    free(s->stream_size);
    memset(s, 0, sizeof *s);
}

size_t random_segment(uint64_t seed, const LincParameters *parameters, uint8_t *out, size_t capacity) {
    RandomSegment s;
    size_t size = random_segment_keep(seed, parameters, out, capacity, &s);
    random_segment_close(&s);
    return size;
}
