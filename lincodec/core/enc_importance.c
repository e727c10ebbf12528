/* Importance: what an area saves the frames that are predicted from it, carried back along their motion. */
#include "enc_importance.h"

#include <stdlib.h>
#include <string.h>

#include "enc_distortion.h"

/* Sums carried to the areas of one frame, and costs of its own. */
typedef struct Field {
    float *carried; /* [rows][columns] */
} Field;

/* One frame's areas under work. */
typedef struct Sweep {
    LincEncoder *e;
    const LincTask *task;
    Field *fields; /* of every display */
    int columns, rows, satd_shift;
    LincVector *coarse[3];
} Sweep;

double enc_log2(double v) {
    if (!(v > 0)) return -1000;
    int whole = 0;
    while (v >= 2) v *= 0.5, whole++;
    while (v < 1) v *= 2, whole--;
    double t = (v - 1) / (v + 1), t2 = t * t; /* ln v = 2 (t + t^3 / 3 + ...) */
    return whole + 2.885390081777927 * t * (1 + t2 * (1.0 / 3 + t2 * (0.2 + t2 / 7)));
}

/* SATD of an area against its mean: what it would cost without another frame. */
static uint32_t cost_alone(const Sweep *w, const LincPlane *source, int x, int y, int width, int height) {
    LincSample flat[ENC_AREA * ENC_AREA];
    int sum = 0;
    for (int j = 0; j < height; j++)
        for (int i = 0; i < width; i++) sum += *linc_at(source, x + i, y + j);
    LincSample mean = (LincSample)(sum / (width * height));
    for (int i = 0; i < ENC_AREA * ENC_AREA; i++) flat[i] = mean;
    return enc_satd(linc_at(source, x, y), source->stride, flat, ENC_AREA, width, height, w->satd_shift);
}

/* Best whole-sample vector around the coarse one; returns its SATD. */
static uint32_t cost_from(const Sweep *w, int r, int x, int y, int width, int height, LincVector *best) {
    const LincPlane *source = &w->e->frames[w->task->display].source->plane[0];
    const LincPlane *other = &w->e->frames[w->task->reference[r]].source->plane[0];
    LincVector centre = w->coarse[r][(y / ENC_AREA) * w->columns + x / ENC_AREA];
    uint32_t least = UINT32_MAX;
    for (int k = 0; k < 10; k++) {
        int dx = k < 9 ? centre.x + k % 3 - 1 : 0, dy = k < 9 ? centre.y + k / 3 - 1 : 0;
        if (x + dx < -ENC_AREA || y + dy < -ENC_AREA || x + dx > other->width || y + dy > other->height) continue;
        uint32_t cost = enc_sad(linc_at(source, x, y), source->stride, linc_at(other, x + dx, y + dy), other->stride,
                                width, height);
        if (cost >= least) continue;
        least = cost;
        *best = (LincVector){(int16_t)dx, (int16_t)dy};
    }
    if (least == UINT32_MAX) return least;
    return enc_satd(linc_at(source, x, y), source->stride, linc_at(other, x + best->x, y + best->y), other->stride,
                    width, height, w->satd_shift);
}

static uint32_t cost_from_both(const Sweep *w, int x, int y, int width, int height, const LincVector v[2]) {
    const LincPlane *source = &w->e->frames[w->task->display].source->plane[0];
    LincSample mean[ENC_AREA * ENC_AREA];
    const LincPlane *a = &w->e->frames[w->task->reference[0]].source->plane[0];
    const LincPlane *b = &w->e->frames[w->task->reference[1]].source->plane[0];
    for (int j = 0; j < height; j++)
        for (int i = 0; i < width; i++)
            mean[j * ENC_AREA + i] = (LincSample)((*linc_at(a, x + i + v[0].x, y + j + v[0].y) +
                                                   *linc_at(b, x + i + v[1].x, y + j + v[1].y) + 1) >> 1);
    return enc_satd(linc_at(source, x, y), source->stride, mean, ENC_AREA, width, height, w->satd_shift);
}

/* Spreads an amount over the areas that a displaced one covers. */
static void carry(const Sweep *w, int r, int x, int y, LincVector v, float amount) {
    float *carried = w->fields[w->task->reference[r]].carried;
    int px = x + v.x, py = y + v.y, column = px >> 4, row = py >> 4, fx = px & 15, fy = py & 15;
    for (int k = 0; k < 4; k++) {
        int c = column + (k & 1), q = row + (k >> 1);
        float share = (float)((k & 1 ? fx : 16 - fx) * (k >> 1 ? fy : 16 - fy)) / 256;
        if (c >= 0 && q >= 0 && c < w->columns && q < w->rows) carried[q * w->columns + c] += amount * share;
    }
}

/* Passes on what one area gets from its references; returns its cost alone. */
static float pass_on(const Sweep *w, int column, int row, float own) {
    const LincGeometry *g = &w->e->geometry;
    const LincPlane *source = &w->e->frames[w->task->display].source->plane[0];
    int x = column * ENC_AREA, y = row * ENC_AREA, references = w->task->references;
    int width = g->width - x < ENC_AREA ? g->width - x : ENC_AREA;
    int height = g->height - y < ENC_AREA ? g->height - y : ENC_AREA;
    uint32_t alone = cost_alone(w, source, x, y, width, height) + 64, costs[2], least;
    LincVector v[2] = {{0, 0}, {0, 0}};
    if (!references) return (float)alone;
    for (int r = 0; r < references; r++) costs[r] = cost_from(w, r, x, y, width, height, &v[r]);
    least = references > 1 && costs[1] < costs[0] ? costs[1] : costs[0];
    int both = 0;
    if (references > 1 && w->task->reference[0] != w->task->reference[1]) {
        uint32_t cost = cost_from_both(w, x, y, width, height, v);
        both = cost < least;
        if (both) least = cost;
    }
    if (least >= alone) return (float)alone;
    float amount = ((float)alone + own) * (float)(alone - least) / (float)alone;
    if (both) {
        carry(w, 0, x, y, v[0], amount / 2);
        carry(w, 1, x, y, v[1], amount / 2);
    } else {
        int r = references > 1 && costs[1] < costs[0];
        carry(w, r, x, y, v[r], amount);
    }
    return (float)alone;
}

/* Offsets from the gains of all areas; returns the mean gain. */
static double set_offsets(const Sweep *w, const float *gains, double strength, int8_t *offsets) {
    int count = w->columns * w->rows;
    double mean = 0;
    for (int i = 0; i < count; i++) mean += gains[i];
    mean /= count;
    for (int i = 0; i < count; i++) {
        double v = -strength * (gains[i] - mean);
        int offset = (int)(v < 0 ? v - 0.5 : v + 0.5);
        offsets[i] = (int8_t)(offset < -LINC_MAX_STEP_OFFSET ? -LINC_MAX_STEP_OFFSET
                              : offset > LINC_MAX_STEP_OFFSET ? LINC_MAX_STEP_OFFSET : offset);
    }
    return mean;
}

static LincStatus sweep_frame(Sweep *w, double strength, float *gains, double *mean) {
    EncFrame *f = &w->e->frames[w->task->display];
    if (!f->source || (w->task->references && !w->e->frames[w->task->reference[0]].source)) return LINC_ORDER;
    for (int r = 0; r < w->task->references; r++) {
        const EncFrame *other = &w->e->frames[w->task->reference[r]];
        enc_coarse_search(&f->shrunk, &other->shrunk, enc_coarse_range(w->task->display - w->task->reference[r]),
                          64 << (w->e->geometry.depth - 12), 0, w->coarse[2], w->coarse[r]);
    }
    const float *carried = w->fields[w->task->display].carried;
    for (int row = 0; row < w->rows; row++)
        for (int column = 0; column < w->columns; column++) {
            int i = row * w->columns + column;
            float alone = pass_on(w, column, row, carried[i]);
            gains[i] = (float)enc_log2(1 + (double)(carried[i] / alone));
        }
    if (!f->offsets) f->offsets = malloc((size_t)(w->columns * w->rows));
    if (!f->offsets) return LINC_MEMORY;
    *mean = set_offsets(w, gains, strength, f->offsets);
    return LINC_OK;
}

LincStatus linc_encoder_weigh(LincEncoder *encoder, const LincTask *tasks, int32_t count, double strength,
                              double *means) {
    if (!encoder || !tasks || !means || count < 0) return LINC_ARGUMENT;
    const LincGeometry *g = &encoder->geometry;
    int frames = g->shown.frames;
    Sweep w = {.e = encoder, .columns = enc_areas(g->width), .rows = enc_areas(g->height), .satd_shift = g->depth - 10};
    size_t areas = (size_t)(w.columns * w.rows);
    size_t cells = (size_t)(enc_coarse_cells(g->width) * enc_coarse_cells(g->height));
    float *memory = calloc(((size_t)frames + 1) * areas, sizeof *memory);
    LincVector *vectors = calloc(3 * cells, sizeof *vectors);
    w.fields = calloc((size_t)frames, sizeof *w.fields);
    LincStatus status = memory && vectors && w.fields ? LINC_OK : LINC_MEMORY;
    for (int k = 0; !status && k < 3; k++) w.coarse[k] = vectors + (size_t)k * cells;
    for (int i = 0; !status && i < frames; i++) w.fields[i].carried = memory + (size_t)i * areas;
    for (int32_t i = count - 1; !status && i >= 0; i--) {
        w.task = &tasks[i];
        status = enc_check_task(encoder, w.task);
        if (!status) status = sweep_frame(&w, strength, memory + (size_t)frames * areas, &means[i]);
    }
    free(memory);
    free(vectors);
    free(w.fields);
    return status;
}
