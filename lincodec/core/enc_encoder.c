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

void linc_encoder_release(LincEncoder *encoder, int32_t display) {
    EncFrame *f = frame_at(encoder, display);
    if (!f) return;
    linc_pool_keep_picture(&encoder->pool, f->source);
    linc_pool_keep_picture(&encoder->pool, f->picture);
    linc_motion_field_destroy(f->motion);
    free(f->small);
    free(f->offsets);
    enc_pool_give(&encoder->phases, f->phase_memory, f->phase_bytes);
    f->source = f->picture = NULL;
    f->motion = NULL;
    f->small = NULL;
    f->offsets = NULL;
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

LincStatus linc_encoder_source(LincEncoder *encoder, int32_t display, const void *const planes[3],
                               const size_t strides[3]) {
    EncFrame *f = frame_at(encoder, display);
    if (!f || !planes || !strides) return LINC_ARGUMENT;
    const LincGeometry *g = &encoder->geometry;
    if (f->source) return LINC_OK;
    if (!f->small) f->small = malloc(enc_shrunk_samples(g->width, g->height) * sizeof(int16_t));
    if (!f->small || !(f->source = linc_pool_picture(&encoder->pool, g))) return LINC_MEMORY;
    for (int k = 0; k < g->planes; k++) linc_plane_import(g, f->source, k, planes[k], (ptrdiff_t)strides[k]);
    linc_picture_pad(f->source);
    const LincPlane *luma = &f->source->plane[0];
    enc_shrink(luma->data, luma->stride, luma->width, luma->height, f->small, &f->shrunk);
    return LINC_OK;
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
