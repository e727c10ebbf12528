/* A segment under way: sources in, records out. */
#include "enc_encoder.h"

#include <stdlib.h>
#include <string.h>

#include "record.h"

LincStatus linc_encoder_open(const LincParameters *parameters, LincEncoder **encoder) {
    if (!parameters || !encoder) return LINC_ARGUMENT;
    *encoder = NULL;
    LincEncoder *e = calloc(1, sizeof *e);
    if (!e) return LINC_MEMORY;
    LincStatus status = linc_geometry_set(&e->geometry, parameters);
    if (!status && !(e->frames = calloc((size_t)parameters->frames, sizeof *e->frames))) status = LINC_MEMORY;
    if (status) {
        free(e);
        return status;
    }
    enc_matrices_set(&e->matrices);
    *encoder = e;
    return LINC_OK;
}

static EncFrame *frame_at(const LincEncoder *e, int32_t display) {
    if (!e || display < 0 || display >= e->geometry.shown.frames) return NULL;
    return &e->frames[display];
}

void enc_forget_half(EncFrame *f) {
    free(f->half.memory);
    free(f->origins);
    memset(&f->half, 0, sizeof f->half);
    f->origins = NULL;
}

void linc_encoder_release(LincEncoder *encoder, int32_t display) {
    EncFrame *f = frame_at(encoder, display);
    if (!f) return;
    linc_pool_keep_picture(&encoder->pool, f->source);
    linc_pool_keep_picture(&encoder->pool, f->picture);
    linc_motion_field_destroy(f->motion);
    free(f->small);
    free(f->offsets);
    for (int r = 0; r < 2; r++) free(f->coarse[r]);
    enc_forget_half(f);
    enc_pool_give(&encoder->phases, f->phase_memory, f->phase_bytes);
    f->source = f->picture = NULL;
    f->motion = NULL;
    f->small = NULL;
    f->offsets = NULL;
    f->coarse[0] = f->coarse[1] = NULL;
    f->phase_memory = NULL;
    memset(&f->phases, 0, sizeof f->phases);
}

void linc_encoder_close(LincEncoder *encoder) {
    if (!encoder) return;
    for (int i = 0; i < encoder->geometry.shown.frames; i++) {
        linc_encoder_release(encoder, i);
        free(encoder->frames[i].stream);
    }
    linc_pool_empty(&encoder->pool);
    enc_pool_empty(&encoder->phases);
    free(encoder->frames);
    free(encoder);
}

/* The small pictures of a frame, if they are not there. */
static LincStatus shrink(const LincGeometry *g, const LincPlane *luma, EncFrame *f) {
    if (f->small) return LINC_OK;
    if (!(f->small = malloc(enc_shrunk_samples(g->width, g->height) * sizeof(int16_t)))) return LINC_MEMORY;
    enc_shrink(luma->data, luma->stride, luma->width, luma->height, f->small, &f->shrunk);
    return LINC_OK;
}

LincStatus linc_encoder_source(LincEncoder *encoder, int32_t display, const void *const planes[3],
                               const size_t strides[3]) {
    EncFrame *f = frame_at(encoder, display);
    if (!f || !planes || !strides) return LINC_ARGUMENT;
    const LincGeometry *g = &encoder->geometry;
    if (f->source) return LINC_OK;
    if (!(f->source = linc_pool_picture(&encoder->pool, g))) return LINC_MEMORY;
    for (int k = 0; k < g->planes; k++) linc_plane_import(g, f->source, k, planes[k], (ptrdiff_t)strides[k]);
    linc_picture_pad(f->source);
    return shrink(g, &f->source->plane[0], f);
}

LincStatus linc_encoder_glance(LincEncoder *encoder, int32_t display, const void *luma, size_t stride) {
    EncFrame *f = frame_at(encoder, display);
    if (!f || !luma) return LINC_ARGUMENT;
    const LincGeometry *g = &encoder->geometry;
    if (f->half.samples) return LINC_OK;
    LincPicture *picture = linc_pool_picture(&encoder->pool, g);
    if (!picture) return LINC_MEMORY;
    linc_plane_import(g, picture, 0, luma, (ptrdiff_t)stride);
    const LincPlane *plane = &picture->plane[0];
    LincStatus status = shrink(g, plane, f);
    if (!status && !enc_halve(plane->data, plane->stride, plane->width, plane->height, &f->half)) status = LINC_MEMORY;
    linc_pool_keep_picture(&encoder->pool, picture);
    return status;
}

LincStatus enc_coarse_field(LincEncoder *e, const LincTask *task, int r) {
    const LincGeometry *g = &e->geometry;
    EncFrame *f = &e->frames[task->display];
    int reference = task->reference[r];
    size_t cells = (size_t)enc_coarse_cells(g->width) * (size_t)enc_coarse_cells(g->height);
    if (f->coarse[r]) return LINC_OK;
    LincVector *eighth = malloc(cells * sizeof *eighth);
    f->coarse[r] = malloc(cells * sizeof *f->coarse[r]);
    LincStatus status = eighth && f->coarse[r] ? LINC_OK : LINC_MEMORY;
    if (!status)
        enc_coarse_search(&f->shrunk, &e->frames[reference].shrunk, enc_coarse_range(task->display - reference),
                          64 << (g->depth - 12), task->effort.early > 3, eighth, f->coarse[r]);
    free(eighth);
    return status;
}

size_t linc_encoder_frame_bytes(const LincEncoder *encoder, int32_t display) {
    const EncFrame *f = frame_at(encoder, display);
    return f ? f->stream_size : 0;
}

LincStatus linc_encoder_output(const LincEncoder *encoder, int32_t display, int32_t plane, void *out, size_t stride,
                               size_t size) {
    const EncFrame *f = frame_at(encoder, display);
    if (!f || !out || plane < 0 || plane >= encoder->geometry.planes) return LINC_ARGUMENT;
    if (!f->picture) return LINC_ORDER;
    const LincGeometry *g = &encoder->geometry;
    int sx = g->shift_x[plane], sy = g->shift_y[plane];
    size_t width = ((size_t)g->shown.width + (size_t)sx) >> sx, height = ((size_t)g->shown.height + (size_t)sy) >> sy;
    size_t row = width * (g->shown.depth > 8 ? 2 : 1);
    if (stride < row || size < row || (size - row) / stride < height - 1) return LINC_ARGUMENT;
    linc_plane_export(g, f->picture, plane, out, (ptrdiff_t)stride);
    return LINC_OK;
}

LincStatus linc_encoder_finish(const LincEncoder *encoder, const int32_t *order, int32_t count, uint8_t *out,
                               size_t capacity, size_t *size) {
    if (!encoder || !order || !size || count < 0) return LINC_ARGUMENT;
    LincRecordMemory memory;
    memset(&memory, 0, sizeof memory);
    *size = 0;
    for (int32_t i = 0; i < count; i++) {
        const EncFrame *f = frame_at(encoder, order[i]);
        if (!f) return LINC_ARGUMENT;
        if (!f->stream) return LINC_ORDER;
        uint8_t head[LINC_RECORD_MAX];
        size_t bytes = linc_record_write(&f->header, f->stream_size, &memory, head);
        if (out && capacity - *size < bytes + f->stream_size) return LINC_ARGUMENT;
        if (out) {
            memcpy(out + *size, head, bytes);
            memcpy(out + *size + bytes, f->stream, f->stream_size);
        }
        *size += bytes + f->stream_size;
    }
    return LINC_OK;
}
