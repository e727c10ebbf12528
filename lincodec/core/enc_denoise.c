/* Temporal filter of a source picture: a weighted mean with its neighbours along motion. */
#include "enc_denoise.h"

#include <stdlib.h>
#include <string.h>

#include "enc_distortion.h"
#include "enc_phases.h"
#include "inter.h"

enum { SIDE = 16, MOST_REACH = 4 };

/* A picture being averaged. */
typedef struct Mean {
    LincEncoder *e;
    const EncFrame *frame, *other; /* the one that is filtered, and a neighbour */
    EncPhases phases;              /* of the neighbour's source */
    LincVector *field;
    float *sum[3], *weight[3];     /* [height][width] of each plane */
    float share;                   /* weight of the neighbour at equal samples */
    float spread;                  /* 1 / (2 sigma^2) */
    int price;
} Mean;

/* About exp(-z). */
static inline float fading(float z) {
    return 1 / (1 + z * (1 + z * (0.5f + z * 0.16666667f)));
}

static void add_block(const Mean *m, int plane, int x, int y, int w, int h, const LincSample *in, ptrdiff_t stride,
                      float share) {
    const LincPlane *source = &m->frame->source->plane[plane];
    for (int j = 0; j < h; j++) {
        const LincSample *own = linc_at(source, x, y + j);
        float *sum = m->sum[plane] + (ptrdiff_t)(y + j) * source->width + x;
        float *weight = m->weight[plane] + (ptrdiff_t)(y + j) * source->width + x;
        for (int i = 0; i < w; i++) {
            float d = (float)(in[j * stride + i] - own[i]), v = share * fading(d * d * m->spread);
            sum[i] += v * (float)in[j * stride + i];
            weight[i] += v;
        }
    }
}

static LincVector find_block(const Mean *m, int x, int y, int w, int h) {
    const LincPlane *source = &m->frame->source->plane[0];
    int columns = enc_coarse_cells(m->e->geometry.width), cell = (y / SIDE) * columns + x / SIDE;
    LincVector near = {(int16_t)(4 * m->field[cell].x), (int16_t)(4 * m->field[cell].y)}, starts[4], best;
    int count = 0;
    starts[count++] = near;
    starts[count++] = (LincVector){0, 0};
    if (x) starts[count++] = (LincVector){(int16_t)(4 * m->field[cell - 1].x), (int16_t)(4 * m->field[cell - 1].y)};
    if (y)
        starts[count++] =
            (LincVector){(int16_t)(4 * m->field[cell - columns].x), (int16_t)(4 * m->field[cell - columns].y)};
    EncAim aim = {linc_at(source, x, y), source->stride, &m->phases, x, y, w, h,
                  {(int16_t)(-4 * (x < 8000 ? x + w : 8000)), (int16_t)(-4 * (y < 8000 ? y + h : 8000))},
                  {(int16_t)(4 * (source->width - x < 8000 ? source->width - x : 8000)),
                   (int16_t)(4 * (source->height - y < 8000 ? source->height - y : 8000))},
                  {near, {0, 0}}, m->price, m->e->geometry.depth - 10, 0, 1};
    enc_motion_search(&aim, starts, count, 1, &best);
    return best;
}

static void add_neighbour(const Mean *m) {
    const LincGeometry *g = &m->e->geometry;
    const LincPlane *source = &m->frame->source->plane[0];
    for (int y = 0; y < g->height; y += SIDE)
        for (int x = 0; x < g->width; x += SIDE) {
            int w = g->width - x < SIDE ? g->width - x : SIDE, h = g->height - y < SIDE ? g->height - y : SIDE;
            LincVector v = find_block(m, x, y, w, h);
            const LincSample *luma = enc_phase_at(&m->phases, x, y, v);
            double error = (double)enc_sse(linc_at(source, x, y), source->stride, luma, m->phases.stride, w, h);
            float share = m->share * fading((float)(error / (w * h)) * m->spread);
            add_block(m, 0, x, y, w, h, luma, m->phases.stride, share);
            for (int plane = 1; plane < g->planes; plane++) {
                LincSample chroma[SIDE * SIDE];
                int cx = x >> g->shift_x[plane], cy = y >> g->shift_y[plane];
                int cw = w >> g->shift_x[plane], ch = h >> g->shift_y[plane];
                linc_predict_plane(g, m->other->source, plane, cx, cy, cw, ch, v, chroma, SIDE, 0);
                add_block(m, plane, cx, cy, cw, ch, chroma, SIDE, share);
            }
        }
}

static LincStatus take_neighbour(Mean *m, int display, int range, LincVector *space) {
    const LincGeometry *g = &m->e->geometry;
    size_t bytes = enc_phases_bytes(g, 0);
    void *memory = enc_pool_take(&m->e->phases, bytes);
    if (!memory) return LINC_MEMORY;
    m->other = &m->e->frames[display];
    enc_phases_make(g, &m->other->source->plane[0], 0, memory, &m->phases);
    enc_coarse_search(&m->frame->shrunk, &m->other->shrunk, enc_coarse_range(range), 64 << (g->depth - 12), 0, space,
                      m->field);
    add_neighbour(m);
    enc_pool_give(&m->e->phases, memory, bytes);
    return LINC_OK;
}

/* The frame itself, with weight one. */
static void start(const Mean *m) {
    for (int plane = 0; plane < m->e->geometry.planes; plane++) {
        const LincPlane *source = &m->frame->source->plane[plane];
        for (int y = 0; y < source->height; y++)
            for (int x = 0; x < source->width; x++) {
                m->sum[plane][y * source->width + x] = (float)*linc_at(source, x, y);
                m->weight[plane][y * source->width + x] = 1;
            }
    }
}

static void finish(const Mean *m, LincPicture *out) {
    for (int plane = 0; plane < m->e->geometry.planes; plane++) {
        LincPlane *p = &out->plane[plane];
        for (int y = 0; y < p->height; y++)
            for (int x = 0; x < p->width; x++) {
                float v = m->sum[plane][y * p->width + x] / m->weight[plane][y * p->width + x];
                *linc_at(p, x, y) = linc_clip((int)(v + 0.5f), m->e->geometry.maximum);
            }
    }
}

LincStatus enc_denoise(LincEncoder *e, const LincTask *task, double step, LincPicture **out) {
    static const float shares[MOST_REACH + 1] = {0, 0.85f, 0.57f, 0.41f, 0.33f};
    const LincGeometry *g = &e->geometry;
    Mean m = {.e = e, .frame = &e->frames[task->display]};
    size_t samples = 0, cells = (size_t)(enc_coarse_cells(g->width) * enc_coarse_cells(g->height));
    for (int k = 0; k < g->planes; k++) samples += (size_t)g->plane_width[k] * (size_t)g->plane_height[k];
    float *memory = malloc(2 * samples * sizeof *memory), *at = memory;
    LincVector *vectors = malloc(2 * cells * sizeof *vectors);
    *out = linc_pool_picture(&e->pool, g);
    LincStatus status = memory && vectors && *out ? LINC_OK : LINC_MEMORY;
    for (int k = 0; !status && k < g->planes; k++) {
        m.sum[k] = at;
        m.weight[k] = at + samples;
        at += g->plane_width[k] * g->plane_height[k];
    }
    double unit = 16 << (g->depth - 12), sigma = 6 * unit + step / 2;
    m.spread = (float)(1 / (2 * sigma * sigma));
    m.price = (int)(step * 4);
    m.field = vectors;
    if (!status) start(&m);
    for (int k = -task->denoise_reach; !status && k <= task->denoise_reach; k++) {
        int display = task->display + k, distance = k < 0 ? -k : k;
        if (!k || display < 0 || display >= g->shown.frames || !e->frames[display].source) continue;
        m.share = (float)task->denoise_strength * shares[distance < MOST_REACH ? distance : MOST_REACH];
        status = take_neighbour(&m, display, k, vectors + cells);
    }
    if (!status) finish(&m, *out);
    free(memory);
    free(vectors);
    if (status) {
        linc_pool_keep_picture(&e->pool, *out);
        *out = NULL;
    }
    return status;
}
