/* Residuals of a leaf: transforms, levels, and what they cost. */
#include "enc_residual.h"

#include <string.h>

#include "enc_distortion.h"
#include "lanes.h"
#include "syntax.h"

/* Difference to the source in rows without gaps; returns the sum of squares, each below 2^28. */
static uint64_t subtract(EncSearch *s, const LincSample *source, ptrdiff_t source_stride, const LincSample *prediction,
                         ptrdiff_t stride, int n) {
    int16_t *out = s->residual;
    LincUnsigned64 sums = {0};
    uint64_t few = 0;
    for (int y = 0; y < n; y++, source += source_stride, prediction += stride) {
        if (n < 16)
            for (int x = 0; x < n; x++, out++) {
                int d = source[x] - prediction[x];
                *out = (int16_t)d;
                few += (uint32_t)(d * d);
            }
        else
            for (int x = 0; x < n; x += 16, out += 16) {
                LincLanes16 d = linc_load16(source + x) - linc_load16(prediction + x);
                linc_store16(out, d);
                sums += linc_wide_pair_sums(linc_multiply_pairs(d, d));
            }
    }
    return few + linc_wide_total(sums);
}

/* Quantises s->coefficients; `flag` is what says how they are coded. */
static EncSpent quantise(EncSearch *s, int plane, int plain, int size_log2, uint32_t flag, int16_t *levels,
                         ptrdiff_t stride) {
    double step = s->step[plane], unit = s->weight[plane] * step * step;
    EncCoded coded = enc_quantise(&s->quantiser, &s->rates, s->coefficients, size_log2, linc_level_kind(plane, plain),
                                  (float)step, (float)(s->lambda / unit), s->effort.rdo, levels, stride);
    EncSpent spent = {unit * coded.error, coded.cost, flag, coded.coded, plain && coded.coded};
    if (!coded.coded) spent.error = 1e300;
    return spent;
}

/* The residual itself, in the order that quantisation takes coefficients. */
static void set_plain(EncSearch *s, int n) {
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) s->coefficients[x * n + y] = s->residual[y * n + x];
}

EncSpent enc_code_transform(EncSearch *s, int plane, int x, int y, int size_log2, int kind, int context,
                            const LincSample *prediction, ptrdiff_t stride, int16_t *levels, ptrdiff_t levels_stride) {
    int n = 1 << size_log2, skips = s->frame->header.tools & LINC_TOOL_TRANSFORM_SKIP;
    const uint16_t *flag = s->rates.costs.bit[context], *way = s->rates.costs.bit[linc_ctx_plain(plane, size_log2)];
    double step = s->step[plane];
    double error = (double)subtract(s, enc_source(s, plane, x, y), s->source->plane[plane].stride, prediction,
                                    stride, n);
    EncSpent none = {s->weight[plane] * error, 0, flag[0], 0, 0};
    if (error <= 0.25 * step * step) return none;
    enc_transform(s->matrices, s->residual, size_log2, kind, s->coefficients);
    EncSpent best = quantise(s, plane, 0, size_log2, flag[1] + (uint32_t)(skips ? way[0] : 0), levels, levels_stride);
    if (skips) {
        set_plain(s, n);
        EncSpent plain = quantise(s, plane, 1, size_log2, (uint32_t)flag[1] + way[1], s->plain_levels, n);
        if (plain.coded && enc_total(s, plain) < enc_total(s, best)) {
            for (int j = 0; j < n; j++)
                memcpy(levels + j * levels_stride, s->plain_levels + j * n, sizeof(int16_t) << size_log2);
            best = plain;
        }
    }
    return best.coded && enc_total(s, best) < enc_total(s, none) ? best : none;
}

static void add(EncSpent *sum, EncSpent one, int bit) {
    sum->error += one.error;
    sum->cost += one.cost;
    sum->flags += one.flags;
    sum->coded |= one.coded << bit;
    sum->plain |= one.plain << bit;
}

/* Four transforms of half the side; gives up once they cost more than `most`. */
static EncSpent code_four(EncSearch *s, EncTrial *trial, int x, int y, int size_log2, double most) {
    int n = 1 << size_log2, half = n >> 1;
    int context = linc_ctx_coded_luma(0, 1, size_log2 - 1);
    EncSpent sum = {0, 0, 0, 0, 0};
    if (size_log2 < 6) sum.flags = s->rates.costs.bit[LINC_CTX_TRANSFORM_SPLIT + (size_log2 - 3) * 2][1];
    for (int i = 0; i < 4 && enc_total(s, sum) < most; i++) {
        int ox = (i & 1) * half, oy = (i >> 1) * half;
        add(&sum, enc_code_transform(s, 0, x + ox, y + oy, size_log2 - 1, LINC_DCT, context,
                                     trial->prediction[0] + oy * n + ox, n, trial->levels[0] + oy * n + ox, n),
            i);
    }
    return sum;
}

EncSpent enc_code_luma(EncSearch *s, EncTrial *trial, int x, int y, int size_log2, int *split) {
    int n = 1 << size_log2;
    *split = size_log2 == 6;
    if (*split) return code_four(s, trial, x, y, size_log2, 1e300);
    EncSpent one = enc_code_transform(s, 0, x, y, size_log2, LINC_DCT, linc_ctx_coded_luma(0, 0, size_log2),
                                      trial->prediction[0], n, trial->levels[0], n);
    one.flags += s->rates.costs.bit[LINC_CTX_TRANSFORM_SPLIT + (size_log2 - 3) * 2][0];
    if (!one.coded || !s->effort.transform_split) return one;
    memcpy(s->levels, trial->levels[0], sizeof(int16_t) * (size_t)(n * n));
    EncSpent four = code_four(s, trial, x, y, size_log2, enc_total(s, one));
    if (enc_total(s, four) < enc_total(s, one)) {
        *split = 1;
        return four;
    }
    memcpy(trial->levels[0], s->levels, sizeof(int16_t) * (size_t)(n * n));
    return one;
}

EncSpent enc_code_chroma(EncSearch *s, EncTrial *trial, int x, int y, int size_log2) {
    const LincGeometry *g = s->geometry;
    EncSpent sum = {0, 0, 0, 0, 0};
    if (g->planes < 3) return sum;
    LincChromaTiling tiling = linc_chroma_tiling(g, size_log2);
    int width = (1 << size_log2) >> g->shift_x[1], side = 1 << tiling.side_log2;
    for (int plane = 1; plane < 3; plane++)
        for (int i = 0; i < tiling.count; i++) {
            int ox = i % tiling.across * side, oy = i / tiling.across * side, u = sum.coded >> (4 + i) & 1;
            int context = plane == 1 ? LINC_CTX_CODED_U : LINC_CTX_CODED_V + u;
            add(&sum, enc_code_transform(s, plane, (x >> g->shift_x[1]) + ox, (y >> g->shift_y[1]) + oy,
                                         tiling.side_log2, LINC_DCT, context,
                                         trial->prediction[plane] + oy * width + ox, width,
                                         trial->levels[plane] + oy * width + ox, width),
                4 * plane + i);
        }
    return sum;
}

double enc_prediction_error(const EncSearch *s, const EncTrial *trial, int x, int y, int size_log2) {
    const LincGeometry *g = s->geometry;
    double sum = 0;
    for (int plane = 0; plane < g->planes; plane++) {
        int w = (1 << size_log2) >> g->shift_x[plane], h = (1 << size_log2) >> g->shift_y[plane];
        const LincSample *source = enc_source(s, plane, x >> g->shift_x[plane], y >> g->shift_y[plane]);
        sum += s->weight[plane] *
               (double)enc_sse(source, s->source->plane[plane].stride, trial->prediction[plane], w, w, h);
    }
    return sum;
}

void enc_fill(EncSearch *s, const EncTrial *trial, int x, int y, int size_log2) {
    int size = 1 << size_log2, part = trial->block[0].part;
    for (int i = 0; i < linc_part_count(part); i++) {
        LincPart p = linc_part(x, y, size, part, i);
        linc_block_fill(s->frame, p.x, p.y, p.width, p.height, &trial->block[i]);
    }
}

uint32_t enc_side_cost(EncSearch *s, const EncTrial *trial, int x, int y, int size_log2) {
    enc_fill(s, trial, x, y, size_log2);
    return linc_cost_leaf(s->frame, x, y, 0, &s->rates.costs);
}

static void finish_transform(EncSearch *s, EncTrial *trial, int plane, int offset, int width, int size_log2, int bit) {
    int n = 1 << size_log2;
    const LincSample *from = trial->prediction[plane] + offset;
    LincSample *to = trial->samples[plane] + offset;
    if (trial->block[0].coded >> bit & 1) {
        int index = linc_step_index(s->frame->header.step[plane], trial->block[0].step_offset);
        int kind = trial->block[0].plain >> bit & 1 ? LINC_PLAIN : LINC_DCT;
        linc_residual_add(trial->levels[plane] + offset, width, size_log2, kind, index, s->geometry, from, width,
                          to, width);
        return;
    }
    for (int y = 0; y < n; y++) memcpy(to + y * width, from + y * width, (size_t)n * sizeof(LincSample));
}

void enc_finish_inter(EncSearch *s, EncTrial *trial, int size_log2) {
    const LincGeometry *g = s->geometry;
    int n = 1 << size_log2, split = trial->block[0].split || size_log2 == 6, part = n >> split;
    for (int i = 0; i < (split ? 4 : 1); i++)
        finish_transform(s, trial, 0, (i >> 1) * part * n + (i & 1) * part, n, size_log2 - split, i);
    if (g->planes < 3) return;
    LincChromaTiling tiling = linc_chroma_tiling(g, size_log2);
    int width = n >> g->shift_x[1], side = 1 << tiling.side_log2;
    for (int plane = 1; plane < 3; plane++)
        for (int i = 0; i < tiling.count; i++)
            finish_transform(s, trial, plane, i / tiling.across * side * width + i % tiling.across * side, width,
                             tiling.side_log2, 4 * plane + i);
}

static void copy(const LincSample *from, ptrdiff_t from_stride, LincSample *to, ptrdiff_t to_stride, int w, int h) {
    for (int y = 0; y < h; y++) memcpy(to + y * to_stride, from + y * from_stride, (size_t)w * sizeof(LincSample));
}

void enc_commit(EncSearch *s, const EncTrial *trial, int x, int y, int size_log2) {
    const LincGeometry *g = s->geometry;
    enc_fill(s, trial, x, y, size_log2);
    for (int plane = 0; plane < g->planes; plane++) {
        int px = x >> g->shift_x[plane], py = y >> g->shift_y[plane];
        int w = (1 << size_log2) >> g->shift_x[plane], h = (1 << size_log2) >> g->shift_y[plane];
        LincPlane *picture = &s->frame->picture->plane[plane];
        copy(trial->samples[plane], w, linc_at(picture, px, py), picture->stride, w, h);
        if (trial->block[0].coded >> (4 * plane) & 15)
            copy(trial->levels[plane], w, linc_levels(s->frame, plane, px, py), g->plane_width[plane], w, h);
    }
}
