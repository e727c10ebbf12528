/* The mixing coder's memory, and its public calls (spec 7.5). */
#include "mix.h"

#include <stdlib.h>
#include <string.h>

#include "mix_predict.h"

/* Hands out aligned parts of one block of memory; with base = NULL it only counts. */
typedef struct Parts {
    uint8_t *base;
    size_t used;
} Parts;

static void *part(Parts *parts, size_t count, size_t size) {
    size_t at = parts->used;
    parts->used += (count * size + 63) & ~(size_t)63;
    return parts->base ? parts->base + at : NULL;
}

static int sound(const LincMixShape *s) {
    if (s->components < 1 || s->planes < 1 || s->planes > LINC_MIX_PLANES || s->rows < 1 || s->columns < 1) return 0;
    if ((int64_t)s->rows * s->columns > 1 << 26) return 0;
    for (int i = 0; i < s->planes; i++) {
        if (s->height[i] < 1 || s->height[i] > 64 || s->width[i] < 1 || s->width[i] > 64) return 0;
        /* Contexts look from a place of a later plane at the same place of the first and the second. */
        if (s->height[i] > s->height[0] || s->width[i] > s->width[0]) return 0;
        if (i > 1 && (s->height[i] != s->height[1] || s->width[i] != s->width[1])) return 0;
        if ((int64_t)(s->height[i] + 3) * (s->width[i] + 3) * (s->rows + 2) * (s->columns + 2) > INT32_MAX / 2)
            return 0;
    }
    return 1;
}

static void lay_plane(LincMixPlane *p, const LincMixShape *s, int index, Parts *parts) {
    size_t blocks = (size_t)s->rows * (size_t)s->columns;
    p->height = s->height[index];
    p->width = s->width[index];
    p->area = p->height * p->width;
    p->at_row = s->columns + 2;
    p->at_u = p->at_row * (s->rows + 2);
    p->at_v = p->at_u * (p->width + LINC_MIX_EDGE_LOW + LINC_MIX_EDGE_HIGH);
    p->size = (size_t)p->at_v * (size_t)(p->height + LINC_MIX_EDGE_LOW + LINC_MIX_EDGE_HIGH);
    p->origin = LINC_MIX_EDGE_LOW * (p->at_v + p->at_u) + p->at_row + 1;
    for (int i = 0; i < LINC_MIX_KEPT; i++) {
        p->magnitude[i] = part(parts, p->size, 1);
        p->root[i] = part(parts, p->size, 1);
        p->around[i] = part(parts, p->size, 1);
        p->sign[i] = part(parts, p->size, 1);
        p->classes[i] = part(parts, (size_t)(s->rows + 2) * (size_t)(s->columns + 2), 1);
    }
    p->past = part(parts, p->size, sizeof *p->past);
    p->level = part(parts, blocks * (size_t)p->area, sizeof *p->level);
    p->first = part(parts, (size_t)(s->rows + 1) * (size_t)(s->columns + 2), sizeof *p->first);
    p->scan = part(parts, 2 * (size_t)p->area, sizeof *p->scan);
}

static void lay(LincMix *mix, const LincMixShape *s, Parts *parts) {
    size_t blocks = (size_t)s->rows * (size_t)s->columns;
    for (int i = 0; i < s->planes; i++) lay_plane(&mix->plane[i], s, i, parts);
    mix->active = part(parts, 2 * blocks, sizeof *mix->active);
    mix->shared = part(parts, blocks, sizeof *mix->shared);
    mix->seen = part(parts, blocks, 1);
    mix->edge_below = part(parts, (size_t)s->columns * 64, sizeof *mix->edge_below);
    mix->edge_right = part(parts, 64, sizeof *mix->edge_right);
    mix->inside_row = part(parts, 64, sizeof *mix->inside_row);
    mix->inside_column = part(parts, 64, sizeof *mix->inside_column);
    if (!mix->reading) mix->gain = part(parts, 8 * blocks, sizeof *mix->gain);
}

static void fill_scan(LincMixPlane *p) {
    int at = 0;
    for (int diagonal = 0; diagonal < p->height + p->width - 1; diagonal++)
        for (int v = linc_mix_max(0, diagonal - p->width + 1); v <= linc_mix_min(diagonal, p->height - 1); v++) {
            p->scan[at++] = (int16_t)v;
            p->scan[at++] = (int16_t)(diagonal - v);
        }
}

LincStatus linc_mix_open(const LincMixShape *shape, const uint8_t *bytes, size_t size, LincMix **mix) {
    if (!shape || !mix) return LINC_ARGUMENT;
    *mix = NULL;
    if (!sound(shape)) return LINC_ARGUMENT;
    LincMix *m = calloc(1, sizeof *m);
    Parts parts = {NULL, 0};
    if (!m) return LINC_MEMORY;
    m->reading = bytes != NULL;
    lay(m, shape, &parts);
    m->memory = calloc(1, parts.used);
    if (!m->memory) {
        free(m);
        return LINC_MEMORY;
    }
    parts = (Parts){m->memory, 0};
    lay(m, shape, &parts);
    m->shape = *shape;
    m->blocks = shape->rows * shape->columns;
    m->class_row = shape->columns + 2;
    m->component = -1;
    for (int i = 0; i < shape->planes; i++) fill_scan(&m->plane[i]);
    linc_mix_model_reset(&m->model);
    linc_rans_writer_open(&m->writer);
    if (bytes) linc_rans_open(&m->reader, bytes, size);
    *mix = m;
    return LINC_OK;
}

void linc_mix_close(LincMix *mix) {
    if (!mix) return;
    linc_rans_writer_close(&mix->writer);
    free(mix->memory);
    free(mix);
}

/* Magnitudes of the component that is done fade into those of all before. */
static void fade(LincMixPlane *p, const uint8_t *magnitude) {
    for (size_t i = 0; i < p->size; i++) p->past[i] = (uint16_t)(p->past[i] + 8 * magnitude[i] - (p->past[i] >> 2));
}

static int occupied(const LincMix *mix, const uint8_t *classes) {
    int any = 0;
    for (int i = 0; i < (mix->shape.rows + 2) * mix->class_row; i++) any |= classes[i];
    return any != 0;
}

/* Makes room for the next component where the one three before was. */
void linc_mix_next(LincMix *mix) {
    size_t classes = (size_t)(mix->shape.rows + 2) * (size_t)mix->class_row;
    int last = mix->component < 0 ? -1 : linc_mix_slot(mix, 0);
    mix->component++;
    mix->luma_coded = 0;
    int now = linc_mix_slot(mix, 0);
    for (int i = 0; i < mix->shape.planes; i++) {
        LincMixPlane *p = &mix->plane[i];
        if (last >= 0 && occupied(mix, p->classes[last])) fade(p, p->magnitude[last]);
        if (last >= 0) memset(p->level, 0, sizeof *p->level * (size_t)mix->blocks * (size_t)p->area);
        if (occupied(mix, p->classes[now])) {
            memset(p->magnitude[now], 0, p->size);
            memset(p->root[now], 0, p->size);
            memset(p->around[now], 0, p->size);
            memset(p->sign[now], 0, p->size);
        }
        memset(p->classes[now], 0, classes);
        p->found = 0;
    }
}

LincStatus linc_mix_read(LincMix *mix, int64_t *found) {
    if (!mix || !found || !mix->reading) return LINC_ARGUMENT;
    if (mix->component + 1 >= mix->shape.components) return LINC_ORDER;
    if (mix->reader.failed) return LINC_CORRUPT;
    linc_mix_next(mix);
    if (!linc_mix_read_component(mix)) {
        mix->reader.failed = 1;
        return LINC_CORRUPT;
    }
    for (int i = 0; i < mix->shape.planes; i++) found[i] = mix->plane[i].found;
    return LINC_OK;
}

LincStatus linc_mix_take(const LincMix *mix, int32_t plane, int32_t *where, int32_t *values, int64_t count) {
    if (!mix || plane < 0 || plane >= mix->shape.planes || count < 0 || (count && (!where || !values)))
        return LINC_ARGUMENT;
    const LincMixPlane *p = &mix->plane[plane];
    int64_t at = 0;
    for (int block = 0; block < mix->blocks; block++) {
        const int32_t *level = p->level + (int64_t)block * p->area;
        for (int i = 0; i < p->area; i++) {
            if (!level[i]) continue;
            if (at == count) return LINC_ARGUMENT;
            where[at] = block * p->area + i;
            values[at++] = level[i];
        }
    }
    return at == count ? LINC_OK : LINC_ARGUMENT;
}

LincStatus linc_mix_ended(const LincMix *mix) {
    if (!mix || !mix->reading) return LINC_ARGUMENT;
    if (mix->component + 1 != mix->shape.components) return LINC_ORDER;
    return linc_rans_ended(&mix->reader) ? LINC_OK : LINC_CORRUPT;
}

/* The least class of every block that covers its coefficients. */
void linc_mix_find_classes(LincMix *mix, int plane) {
    const LincMixPlane *p = &mix->plane[plane];
    uint8_t *classes = p->classes[linc_mix_slot(mix, 0)];
    for (int block = 0; block < mix->blocks; block++) {
        const int32_t *level = p->level + (int64_t)block * p->area;
        int reach = 0, class = 0;
        for (int v = 0; v < p->height; v++)
            for (int u = 0; u < p->width; u++)
                if (level[v * p->width + u]) reach = linc_mix_max(reach, v + u + 1);
        while (linc_mix_bounds[class] < reach) class++;
        classes[(block / mix->shape.columns + 1) * mix->class_row + block % mix->shape.columns + 1] = (uint8_t)class;
    }
}

LincStatus linc_mix_write(LincMix *mix, const int32_t *const *where, const int32_t *const *values,
                          const int64_t *counts) {
    if (!mix || mix->reading || !where || !values || !counts) return LINC_ARGUMENT;
    if (mix->component + 1 >= mix->shape.components) return LINC_ORDER;
    linc_mix_next(mix);
    for (int i = 0; i < mix->shape.planes; i++) {
        LincMixPlane *p = &mix->plane[i];
        for (int64_t j = 0; j < counts[i]; j++) {
            int32_t place = where[i][j], value = values[i][j];
            if (place < 0 || place >= mix->blocks * p->area || value < -65535 || value > 65535) return LINC_ARGUMENT;
            p->level[place] = value;
        }
        linc_mix_find_classes(mix, i);
    }
    for (int i = 0; i < mix->shape.planes; i++) linc_mix_write_plane(mix, i);
    return mix->writer.failed ? LINC_MEMORY : LINC_OK;
}

LincStatus linc_mix_finish(const LincMix *mix, uint8_t *bytes, size_t capacity, size_t *size) {
    if (!mix || mix->reading || !size) return LINC_ARGUMENT;
    if (mix->component + 1 != mix->shape.components) return LINC_ORDER;
    /* No decision takes more than two bytes, and the last state at most four. */
    *size = 2 * mix->writer.count + sizeof(uint32_t);
    if (!bytes || capacity < *size) return LINC_ARGUMENT;
    return linc_rans_finish(&mix->writer, bytes, capacity, size);
}
