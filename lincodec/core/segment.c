/* Decoder of a segment: records, what they need, and what is kept for later ones (spec 8.12.3). */
#include <stdlib.h>
#include <string.h>

#include "inter.h"
#include "pool.h"
#include "reconstruct.h"
#include "record.h"
#include "resample.h"
#include "syntax.h"

/* What exists of a record at the moment. */
typedef struct Slot {
    LincRecord record;
    int32_t reference[2], context_source;   /* records */
    uint8_t states_wanted, motion_wanted, picture_wanted; /* by a later record */
    LincFrame *frame;
    LincStates *states;
    LincMotionField *motion;
    LincPicture *picture;
} Slot;

struct LincSegment {
    LincGeometry geometry;
    int32_t frames;
    int32_t *record_of; /* by display */
    Slot *slots;
    LincPool pool;
};

/* Displays of a header to earlier records; what they must keep. */
static LincStatus resolve(LincSegment *s, int32_t i) {
    Slot *slot = &s->slots[i];
    const LincHeader *h = &slot->record.header;
    int32_t displays[3] = {h->reference_display[0], h->reference_display[1], h->context_source}, records[3];
    for (int k = 0; k < 3; k++) {
        int wanted = k < 2 ? k < h->references : h->context_source >= 0;
        records[k] = -1;
        if (!wanted) continue;
        if (displays[k] < 0 || displays[k] >= s->frames || s->record_of[displays[k]] < 0) return LINC_CORRUPT;
        records[k] = s->record_of[displays[k]];
    }
    if (h->display >= s->frames || s->record_of[h->display] >= 0) return LINC_CORRUPT;
    s->record_of[h->display] = i;
    for (int k = 0; k < h->references; k++) {
        slot->reference[k] = records[k];
        s->slots[records[k]].picture_wanted = 1;
        if (h->temporal) s->slots[records[k]].motion_wanted = 1;
    }
    slot->context_source = records[2];
    if (records[2] >= 0) s->slots[records[2]].states_wanted = 1;
    return LINC_OK;
}

static LincStatus read_records(LincSegment *s, const uint8_t *bytes, size_t size) {
    LincRecordMemory memory;
    size_t position = 0;
    memset(&memory, 0, sizeof memory);
    for (int32_t i = 0; i < s->frames; i++) {
        Slot *slot = &s->slots[i];
        slot->reference[0] = slot->reference[1] = -1;
        LincStatus status = linc_record_read(bytes, size, &position, &memory, &slot->record);
        if (!status) status = resolve(s, i);
        if (status) return status;
    }
    return position == size ? LINC_OK : LINC_CORRUPT;
}

LincStatus linc_segment_open(const uint8_t *bytes, size_t size, const LincParameters *parameters,
                             LincSegment **segment) {
    if (!bytes || !parameters || !segment) return LINC_ARGUMENT;
    *segment = NULL;
    LincSegment *s = calloc(1, sizeof *s);
    if (!s) return LINC_MEMORY;
    LincStatus status = linc_geometry_set(&s->geometry, parameters);
    /* A record has at least three bytes, so a false number of frames costs no memory. */
    if (!status && size / 3 < (size_t)parameters->frames) status = LINC_CORRUPT;
    if (!status) {
        s->frames = parameters->frames;
        s->slots = calloc((size_t)s->frames, sizeof *s->slots);
        s->record_of = malloc((size_t)s->frames * sizeof *s->record_of);
        if (!s->slots || !s->record_of) status = LINC_MEMORY;
    }
    if (!status) {
        for (int32_t i = 0; i < s->frames; i++) s->record_of[i] = -1;
        status = read_records(s, bytes, size);
    }
    if (status)
        linc_segment_close(s);
    else
        *segment = s;
    return status;
}

void linc_segment_release(LincSegment *s, int32_t record, uint32_t what) {
    if (!s || record < 0 || record >= s->frames) return;
    Slot *slot = &s->slots[record];
    if (what & LINC_RELEASE_STATES) {
        free(slot->states);
        slot->states = NULL;
    }
    if (what & LINC_RELEASE_MOTION) {
        linc_motion_field_destroy(slot->motion);
        slot->motion = NULL;
    }
    if (what & LINC_RELEASE_PICTURE) {
        linc_pool_keep_picture(&s->pool, slot->picture);
        slot->picture = NULL;
    }
    if (what & LINC_RELEASE_BLOCKS) {
        linc_pool_keep_frame(&s->pool, slot->frame);
        slot->frame = NULL;
    }
}

void linc_segment_close(LincSegment *s) {
    if (!s) return;
    if (s->slots)
        for (int32_t i = 0; i < s->frames; i++) linc_segment_release(s, i, ~0u);
    linc_pool_empty(&s->pool);
    free(s->slots);
    free(s->record_of);
    free(s);
}

int32_t linc_segment_record(const LincSegment *s, int32_t display) {
    if (!s || display < 0 || display >= s->frames) return -1;
    return s->record_of[display];
}

LincStatus linc_segment_frame(const LincSegment *s, int32_t record, LincFrameInfo *info) {
    if (!s || !info || record < 0 || record >= s->frames) return LINC_ARGUMENT;
    const Slot *slot = &s->slots[record];
    const LincHeader *h = &slot->record.header;
    info->display = h->display;
    info->level = h->level;
    info->references = h->references;
    info->reference[0] = slot->reference[0];
    info->reference[1] = slot->reference[1];
    info->context_source = slot->context_source;
    info->needs_motion = h->temporal;
    info->offset = (int32_t)slot->record.offset;
    info->bytes = (int32_t)slot->record.size;
    info->tools = h->tools;
    for (int k = 0; k < 3; k++) info->step[k] = h->step[k];
    return LINC_OK;
}

/* Motion of the references for temporal prediction: the second one's first. */
static LincStatus find_collocated(const LincSegment *s, const Slot *slot, LincFrame *frame) {
    const LincHeader *h = &slot->record.header;
    if (!h->temporal) return LINC_OK;
    int count = 0;
    for (int r = h->references - 1; r >= 0; r--) {
        if (r == 0 && count && slot->reference[0] == slot->reference[1]) break;
        const LincMotionField *field = s->slots[slot->reference[r]].motion;
        if (!field) return LINC_ORDER;
        frame->collocated[count++] = field;
    }
    return LINC_OK;
}

static LincStatus parse_into(LincSegment *s, Slot *slot) {
    LincFrame *frame = slot->frame;
    frame->header = slot->record.header;
    LincStatus status = find_collocated(s, slot, frame);
    if (status) return status;
    if (slot->context_source >= 0) {
        const LincStates *source = s->slots[slot->context_source].states;
        if (!source) return LINC_ORDER;
        *slot->states = *source;
        linc_states_limit(slot->states, frame->header.count_limit);
    } else {
        linc_states_reset(slot->states);
    }
    status = linc_parse_frame(frame, slot->record.stream, slot->record.stream_size, slot->states);
    if (status) return status;
    if (slot->motion) linc_motion_field_fill(slot->motion, frame);
    return LINC_OK;
}

LincStatus linc_segment_parse(LincSegment *s, int32_t record) {
    if (!s || record < 0 || record >= s->frames) return LINC_ARGUMENT;
    Slot *slot = &s->slots[record];
    if (slot->frame) return LINC_OK;
    linc_segment_release(s, record, LINC_RELEASE_STATES | LINC_RELEASE_MOTION);
    slot->frame = linc_pool_frame(&s->pool, &s->geometry);
    slot->states = malloc(sizeof *slot->states);
    if (slot->motion_wanted) slot->motion = linc_motion_field_create(&s->geometry);
    LincStatus status = LINC_MEMORY;
    if (slot->frame && slot->states && (slot->motion || !slot->motion_wanted)) status = parse_into(s, slot);
    uint32_t useless = slot->states_wanted ? 0 : LINC_RELEASE_STATES;
    if (status) useless = LINC_RELEASE_STATES | LINC_RELEASE_MOTION | LINC_RELEASE_BLOCKS;
    linc_segment_release(s, record, useless);
    return status;
}

LincStatus linc_segment_reconstruct(LincSegment *s, int32_t record) {
    if (!s || record < 0 || record >= s->frames) return LINC_ARGUMENT;
    Slot *slot = &s->slots[record];
    if (slot->picture) return LINC_OK;
    if (!slot->frame) return LINC_ORDER;
    for (int r = 0; r < slot->record.header.references; r++) {
        const LincPicture *reference = s->slots[slot->reference[r]].picture;
        if (!reference) return LINC_ORDER;
        slot->frame->reference[r] = reference;
    }
    int filtered = slot->record.header.tools & LINC_TOOL_FILTER;
    LincPicture *picture = linc_pool_picture(&s->pool, &s->geometry);
    LincPicture *scratch = filtered ? linc_pool_picture(&s->pool, &s->geometry) : NULL;
    if (!picture || (filtered && !scratch)) {
        linc_pool_keep_picture(&s->pool, picture);
        linc_pool_keep_picture(&s->pool, scratch);
        return LINC_MEMORY;
    }
    slot->frame->picture = picture;
    linc_reconstruct_blocks(slot->frame);
    linc_loop_filters_with(slot->frame, scratch);
    linc_pool_keep_picture(&s->pool, scratch);
    if (slot->picture_wanted) linc_picture_pad(picture);
    slot->picture = picture;
    linc_segment_release(s, record, LINC_RELEASE_BLOCKS);
    return LINC_OK;
}

/* The picture of a record, of which a plane of some rows is to be put out into `size` bytes. */
static LincStatus find_picture(const LincSegment *s, int32_t record, int width, int height, size_t stride,
                               size_t size, const LincPicture **picture) {
    *picture = s->slots[record].picture;
    if (!*picture) return LINC_ORDER;
    size_t row = (size_t)width * (s->geometry.shown.depth == 8 ? 1 : 2), rows = (size_t)height;
    return stride < row || stride > PTRDIFF_MAX / rows || (rows - 1) * stride + row > size ? LINC_ARGUMENT : LINC_OK;
}

LincStatus linc_segment_output(const LincSegment *s, int32_t record, int32_t plane, void *out, size_t stride,
                               size_t size) {
    const LincPicture *picture;
    int width, height;
    if (!s || !out || record < 0 || record >= s->frames || plane < 0 || plane >= s->geometry.planes)
        return LINC_ARGUMENT;
    linc_shown_size(&s->geometry, plane, &width, &height);
    LincStatus status = find_picture(s, record, width, height, stride, size, &picture);
    if (!status) linc_plane_export(&s->geometry, picture, plane, out, (ptrdiff_t)stride);
    return status;
}

LincStatus linc_segment_resample(const LincSegment *s, int32_t record, int32_t plane, const LincAxis *rows,
                                 const LincAxis *columns, void *out, size_t stride, size_t size, float *work) {
    const LincPicture *picture;
    int width, height;
    if (!s || !out || !work || record < 0 || record >= s->frames || plane < 0 || plane >= s->geometry.planes)
        return LINC_ARGUMENT;
    if (!linc_axis_is_known(rows) || !linc_axis_is_known(columns)) return LINC_ARGUMENT;
    linc_shown_size(&s->geometry, plane, &width, &height);
    if (rows->size != height || columns->size != width) return LINC_ARGUMENT;
    LincStatus status = find_picture(s, record, columns->count, rows->count, stride, size, &picture);
    if (status) return status;
    const LincPlane *native = &picture->plane[plane];
    const LincSource source = {(const uint8_t *)native->data, native->stride * (ptrdiff_t)sizeof(LincSample),
                               s->geometry.shown.depth, s->geometry.depth};
    const LincSink sink = {out, (ptrdiff_t)stride, s->geometry.shown.depth};
    return linc_resample_rows(rows, columns, &source, &sink, 0, rows->count, work);
}
