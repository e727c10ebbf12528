/* Importance: what an area saves the frames that are predicted from it, carried back along their motion (after
 * Garrett-Glaser, "A novel macroblock-tree algorithm for high-performance optimization of dependent video coding in
 * H.264/AVC", 2009), measured on source pictures of half the size. */
#include "enc_importance.h"

#include <stdlib.h>
#include <string.h>

#include "enc_distortion.h"

enum { SIDE = ENC_AREA / 2 }; /* of an area in samples of the half-size picture */

static const float LEAST_COST = 16; /* of an area by itself: noise, not to be divided by */

/* What an area is without other frames, and what it has from them. */
struct EncOrigin {
    float alone;          /* its cost */
    float share;          /* of that which its references save */
    LincVector vector[2]; /* to each reference, in samples of the half-size picture */
    int direction;        /* references it is predicted from; 0: none */
};

double enc_log2(double v) {
    if (!(v > 0)) return -1000;
    int whole = 0;
    while (v >= 2) v *= 0.5, whole++;
    while (v < 1) v *= 2, whole--;
    double t = (v - 1) / (v + 1), t2 = t * t; /* ln v = 2 (t + t^3 / 3 + ...) */
    return whole + 2.885390081777927 * t * (1 + t2 * (1.0 / 3 + t2 * (0.2 + t2 / 7)));
}

static const int16_t *half_at(const EncFrame *f, int x, int y) {
    return f->half.samples + (ptrdiff_t)y * f->half.stride + x;
}

/* One area of a frame under work. */
typedef struct Look {
    const EncFrame *own, *other[2];
    int x, y, shift;
} Look;

static uint32_t distance(const Look *l, const int16_t *there, ptrdiff_t stride) {
    return enc_satd(half_at(l->own, l->x, l->y), l->own->half.stride, there, stride, SIDE, SIDE, l->shift);
}

/* Against its mean: what it would cost without another frame. */
static uint32_t cost_alone(const Look *l) {
    int16_t flat[SIDE * SIDE];
    int sum = SIDE * SIDE / 2;
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++) sum += *half_at(l->own, l->x + i, l->y + j);
    for (int i = 0; i < SIDE * SIDE; i++) flat[i] = (int16_t)(sum / (SIDE * SIDE));
    return distance(l, flat, SIDE);
}

/* Best vector around the coarse one. */
static uint32_t cost_from(const Look *l, int r, LincVector coarse, LincVector *best) {
    const EncSmall *other = &l->other[r]->half;
    uint32_t least = UINT32_MAX;
    for (int k = 0; k < 10; k++) {
        int dx = k < 9 ? coarse.x / 2 + k % 3 - 1 : 0, dy = k < 9 ? coarse.y / 2 + k / 3 - 1 : 0;
        if (l->x + dx < -SIDE || l->y + dy < -SIDE || l->x + dx > other->width || l->y + dy > other->height) continue;
        uint32_t cost = enc_sad(half_at(l->own, l->x, l->y), l->own->half.stride,
                                half_at(l->other[r], l->x + dx, l->y + dy), other->stride, SIDE, SIDE);
        if (cost >= least) continue;
        least = cost;
        *best = (LincVector){(int16_t)dx, (int16_t)dy};
    }
    return distance(l, half_at(l->other[r], l->x + best->x, l->y + best->y), other->stride);
}

static uint32_t cost_from_both(const Look *l, const LincVector v[2]) {
    int16_t mean[SIDE * SIDE];
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++)
            mean[j * SIDE + i] = (int16_t)((*half_at(l->other[0], l->x + i + v[0].x, l->y + j + v[0].y) +
                                            *half_at(l->other[1], l->x + i + v[1].x, l->y + j + v[1].y) + 1) >> 1);
    return distance(l, mean, SIDE);
}

static void find_origin(const Look *l, int references, const LincVector coarse[2], EncOrigin *out) {
    uint32_t alone = cost_alone(l), least = alone;
    memset(out, 0, sizeof *out);
    for (int r = 0; r < references; r++) {
        uint32_t cost = cost_from(l, r, coarse[r], &out->vector[r]);
        if (cost >= least) continue;
        least = cost;
        out->direction = 1 << r;
    }
    if (references > 1) {
        uint32_t cost = cost_from_both(l, out->vector);
        if (cost < least) {
            least = cost;
            out->direction = LINC_BOTH;
        }
    }
    out->alone = (float)alone + LEAST_COST;
    out->share = (float)(alone - least) / out->alone;
}

LincStatus linc_encoder_measure(LincEncoder *encoder, const LincTask *task) {
    if (!encoder || !task) return LINC_ARGUMENT;
    LincStatus status = enc_check_task(encoder, task);
    if (status) return status;
    const LincGeometry *g = &encoder->geometry;
    EncFrame *f = &encoder->frames[task->display];
    Look l = {.own = f, .shift = g->depth - 10};
    int references = task->references, columns = enc_areas(g->width), rows = enc_areas(g->height);
    if (references > 1 && task->reference[0] == task->reference[1]) references = 1;
    if (!f->half.samples) return LINC_ORDER;
    free(f->origins);
    if (!(f->origins = malloc((size_t)(columns * rows) * sizeof *f->origins))) return LINC_MEMORY;
    for (int r = 0; r < references; r++) {
        l.other[r] = &encoder->frames[task->reference[r]];
        if (!l.other[r]->half.samples) return LINC_ORDER;
        status = enc_coarse_field(encoder, task, r);
        if (status) return status;
    }
    for (int i = 0; i < columns * rows; i++) {
        LincVector coarse[2] = {{0, 0}, {0, 0}};
        for (int r = 0; r < references; r++) coarse[r] = f->coarse[r][i];
        l.x = i % columns * SIDE;
        l.y = i / columns * SIDE;
        find_origin(&l, references, coarse, &f->origins[i]);
    }
    return LINC_OK;
}

/* Sums carried to the areas of every frame. */
typedef struct Sweep {
    const LincEncoder *e;
    float *carried; /* [display][row][column] */
    int columns, rows;
} Sweep;

static float *carried_to(const Sweep *w, int display) {
    return w->carried + (ptrdiff_t)display * w->columns * w->rows;
}

/* Spreads an amount over the areas that a displaced one covers. */
static void carry(const Sweep *w, int display, int x, int y, LincVector v, float amount) {
    float *carried = carried_to(w, display);
    int px = x + v.x, py = y + v.y, column = px >> 3, row = py >> 3, fx = px & 7, fy = py & 7;
    for (int k = 0; k < 4; k++) {
        int c = column + (k & 1), q = row + (k >> 1);
        float share = (float)((k & 1 ? fx : SIDE - fx) * (k >> 1 ? fy : SIDE - fy)) / (SIDE * SIDE);
        if (c >= 0 && q >= 0 && c < w->columns && q < w->rows) carried[q * w->columns + c] += amount * share;
    }
}

/* Passes on what the areas of a frame have from others, and sets its offsets. */
static void sweep_frame(const Sweep *w, const LincTask *task, double strength, float *gains) {
    const EncFrame *f = &w->e->frames[task->display];
    const float *carried = carried_to(w, task->display);
    int count = w->columns * w->rows;
    double mean = 0;
    for (int i = 0; i < count; i++) {
        const EncOrigin *o = &f->origins[i];
        float amount = (o->alone + carried[i]) * o->share / (o->direction == LINC_BOTH ? 2 : 1);
        for (int r = 0; r < 2; r++)
            if (o->direction & 1 << r)
                carry(w, task->reference[r], i % w->columns * SIDE, i / w->columns * SIDE, o->vector[r], amount);
        gains[i] = (float)enc_log2(1 + (double)(carried[i] / o->alone));
        mean += (double)gains[i] / count;
    }
    for (int i = 0; i < count; i++) {
        double v = strength * (mean - (double)gains[i]);
        int offset = (int)(v < 0 ? v - 0.5 : v + 0.5);
        f->offsets[i] = (int8_t)(offset < -LINC_MAX_STEP_OFFSET ? -LINC_MAX_STEP_OFFSET
                                 : offset > LINC_MAX_STEP_OFFSET ? LINC_MAX_STEP_OFFSET : offset);
    }
}

LincStatus linc_encoder_weigh(LincEncoder *encoder, const LincTask *tasks, int32_t count, double strength) {
    if (!encoder || !tasks || count < 0) return LINC_ARGUMENT;
    const LincGeometry *g = &encoder->geometry;
    int frames = g->shown.frames;
    Sweep w = {.e = encoder, .columns = enc_areas(g->width), .rows = enc_areas(g->height)};
    size_t areas = (size_t)(w.columns * w.rows);
    LincStatus status = LINC_OK;
    w.carried = calloc(((size_t)frames + 1) * areas, sizeof *w.carried);
    if (!w.carried) return LINC_MEMORY;
    for (int32_t i = count - 1; !status && i >= 0; i--) {
        status = enc_check_task(encoder, &tasks[i]);
        EncFrame *f = status ? NULL : &encoder->frames[tasks[i].display];
        if (!status && !f->origins) status = LINC_ORDER;
        if (!status && !f->offsets && !(f->offsets = malloc(areas))) status = LINC_MEMORY;
        if (!status) sweep_frame(&w, &tasks[i], strength, w.carried + (size_t)frames * areas);
    }
    free(w.carried);
    for (int32_t i = 0; i < frames; i++) enc_forget_half(&encoder->frames[i]);
    return status;
}
