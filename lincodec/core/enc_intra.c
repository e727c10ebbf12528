/* Leaves predicted inside the frame: modes by SATD, the best ones by their rate and distortion. */
#include <string.h>

#include "enc_copy.h"
#include "enc_distortion.h"
#include "enc_residual.h"
#include "intra.h"
#include "syntax.h"

static LincPlane *picture_plane(const EncSearch *s, int plane) {
    return &s->frame->picture->plane[plane];
}

/* Samples of one transform into the picture, where the next one finds its neighbours. */
static void reconstruct(EncSearch *s, int plane, int x, int y, int size_log2, int kind, int coded,
                        const LincSample *prediction, const int16_t *levels, int width) {
    LincPlane *picture = picture_plane(s, plane);
    LincSample *out = linc_at(picture, x, y);
    if (coded) {
        linc_residual_add(levels, width, size_log2, kind, linc_step_index(s->frame->header.step[plane], s->offset),
                          s->geometry, prediction, width, out, picture->stride);
        return;
    }
    for (int j = 0; j < 1 << size_log2; j++)
        memcpy(out + j * picture->stride, prediction + j * width, sizeof(LincSample) << size_log2);
}

/* By a mode, or as a copy from s->copy. */
static void predict(EncSearch *s, int plane, int x, int y, int size_log2, int mode, LincSample *out, int width) {
    LincNeighbours neighbours;
    if (mode == LINC_INTRA_COPY) {
        linc_intra_copy(s->frame, plane, x, y, size_log2, s->copy, out, width);
        return;
    }
    linc_intra_gather(s->frame, plane, x, y, size_log2, &neighbours);
    linc_intra_predict(s->geometry, &neighbours, plane > 0, size_log2, mode, out, width);
}

static void sum_up(EncSpent *sum, EncSpent one, int bit) {
    sum->error += one.error;
    sum->cost += one.cost;
    sum->flags += one.flags;
    sum->coded |= one.coded << bit;
    sum->plain |= one.plain << bit;
}

/* Luma by one mode, as one transform or four, through the picture. */
static EncSpent code_luma(EncSearch *s, EncTrial *trial, int x, int y, int size_log2, int mode, int split,
                          double most) {
    int n = 1 << size_log2, log2 = size_log2 - split, kind = log2 == 2 ? LINC_DST : LINC_DCT;
    EncSpent sum = {0, 0, s->rates.costs.bit[LINC_CTX_TRANSFORM_SPLIT + (size_log2 - 3) * 2 + 1][split], 0, 0};
    for (int i = 0; i < (split ? 4 : 1) && enc_total(s, sum) < most; i++) {
        int ox = (i & 1) << log2, oy = (i >> 1) << log2, at = oy * n + ox;
        predict(s, 0, x + ox, y + oy, log2, mode, trial->prediction[0] + at, n);
        EncSpent one = enc_code_transform(s, 0, x + ox, y + oy, log2, kind, linc_ctx_coded_luma(1, split, log2),
                                          trial->prediction[0] + at, n, trial->levels[0] + at, n);
        reconstruct(s, 0, x + ox, y + oy, log2, one.plain ? LINC_PLAIN : kind, one.coded,
                    trial->prediction[0] + at, trial->levels[0] + at, n);
        sum_up(&sum, one, i);
    }
    return sum;
}

/* Chroma by the luma mode or from luma, through the picture. */
static EncSpent code_chroma(EncSearch *s, EncTrial *trial, int x, int y, int size_log2, int mode, int from_luma) {
    const LincGeometry *g = s->geometry;
    LincChromaTiling tiling = linc_chroma_tiling(g, size_log2);
    int width = (1 << size_log2) >> g->shift_x[1];
    uint32_t flag = mode == LINC_INTRA_COPY ? 0 : s->rates.costs.bit[LINC_CTX_CHROMA_MODE][from_luma];
    EncSpent sum = {0, 0, flag, 0, 0};
    for (int plane = 1; plane < 3; plane++)
        for (int i = 0; i < tiling.count; i++) {
            int ox = (i % tiling.across) << tiling.side_log2, oy = (i / tiling.across) << tiling.side_log2;
            int px = (x >> g->shift_x[1]) + ox, py = (y >> g->shift_y[1]) + oy, at = oy * width + ox;
            LincSample *prediction = trial->prediction[plane] + at;
            if (from_luma) {
                linc_intra_from_luma(s->frame, plane, px, py, tiling.side_log2, prediction, width);
            } else {
                predict(s, plane, px, py, tiling.side_log2, mode, prediction, width);
            }
            int context = plane == 1 ? LINC_CTX_CODED_U + 1 : LINC_CTX_CODED_V + 2 + (sum.coded >> (4 + i) & 1);
            EncSpent one = enc_code_transform(s, plane, px, py, tiling.side_log2, LINC_DCT, context, prediction, width,
                                              trial->levels[plane] + at, width);
            reconstruct(s, plane, px, py, tiling.side_log2, one.plain ? LINC_PLAIN : LINC_DCT, one.coded, prediction,
                        trial->levels[plane] + at, width);
            sum_up(&sum, one, 4 * plane + i);
        }
    return sum;
}

/* Copies samples of a leaf's plane from the picture into the trial, or back. */
static void exchange(const EncSearch *s, EncTrial *trial, int plane, int x, int y, int size_log2, int back) {
    const LincGeometry *g = s->geometry;
    LincPlane *picture = picture_plane(s, plane);
    int w = (1 << size_log2) >> g->shift_x[plane], h = (1 << size_log2) >> g->shift_y[plane];
    LincSample *there = linc_at(picture, x >> g->shift_x[plane], y >> g->shift_y[plane]);
    for (int j = 0; j < h; j++) {
        LincSample *here = trial->samples[plane] + j * w, *row = there + j * picture->stride;
        memcpy(back ? row : here, back ? here : row, (size_t)w * sizeof(LincSample));
    }
}

static void copy_plane(EncTrial *to, const EncTrial *from, int plane, int samples) {
    memcpy(to->samples[plane], from->samples[plane], (size_t)samples * sizeof(LincSample));
    memcpy(to->levels[plane], from->levels[plane], (size_t)samples * sizeof(int16_t));
}

/* The better transform size of luma; leaves its samples in the picture and the trial. */
static EncSpent choose_luma(EncSearch *s, EncTrial *trial, int x, int y, int size_log2, int mode, int *split) {
    EncTrial *other = s->spare;
    EncSpent one = code_luma(s, trial, x, y, size_log2, mode, 0, 1e300);
    exchange(s, trial, 0, x, y, size_log2, 0);
    *split = 0;
    if (!one.coded || !s->effort.transform_split) return one;
    EncSpent four = code_luma(s, other, x, y, size_log2, mode, 1, enc_total(s, one));
    if (enc_total(s, four) < enc_total(s, one)) {
        *split = 1;
        exchange(s, other, 0, x, y, size_log2, 0);
        copy_plane(trial, other, 0, 1 << (2 * size_log2));
        return four;
    }
    exchange(s, trial, 0, x, y, size_log2, 1);
    return one;
}

static EncSpent choose_chroma(EncSearch *s, EncTrial *trial, int x, int y, int size_log2, int mode, int *from_luma) {
    const LincGeometry *g = s->geometry;
    EncTrial *other = s->spare;
    EncSpent plain = code_chroma(s, trial, x, y, size_log2, mode, 0);
    for (int plane = 1; plane < 3; plane++) exchange(s, trial, plane, x, y, size_log2, 0);
    *from_luma = 0;
    if (mode == LINC_INTRA_COPY) return plain;
    EncSpent line = code_chroma(s, other, x, y, size_log2, mode, 1);
    *from_luma = enc_total(s, line) < enc_total(s, plain);
    if (!*from_luma) return plain;
    for (int plane = 1; plane < 3; plane++) {
        exchange(s, other, plane, x, y, size_log2, 0);
        copy_plane(trial, other, plane, 1 << (2 * size_log2 - g->shift_x[1] - g->shift_y[1]));
    }
    return line;
}

static void try_mode(EncSearch *s, int x, int y, int size_log2, int mode) {
    EncTrial **best = &s->best[size_log2 - 3], **work = &s->work[size_log2 - 3], *trial = *work;
    int split = 0, from_luma = 0;
    EncSpent luma = choose_luma(s, trial, x, y, size_log2, mode, &split), chroma = {0, 0, 0, 0, 0};
    if (luma.error + s->lambda * luma.cost >= (*best)->cost) return;
    if (s->geometry->planes > 1) chroma = choose_chroma(s, trial, x, y, size_log2, mode, &from_luma);
    LincBlock b = {{{{0, 0}, {0, 0}}, 0}, LINC_MERGE_NONE, 0, (uint8_t)size_log2, LINC_PART_WHOLE, LINC_MODE_INTRA,
                   0, 1, (uint8_t)mode, (uint8_t)from_luma, (uint8_t)split, (uint16_t)(luma.coded | chroma.coded),
                   (int8_t)s->offset, (uint16_t)(luma.plain | chroma.plain)};
    if (mode == LINC_INTRA_COPY) b.motion.vector[0] = s->copy;
    trial->block[0] = trial->block[1] = b;
    trial->cost = luma.error + chroma.error;
    trial->cost += s->lambda * (double)(luma.cost + chroma.cost + enc_side_cost(s, trial, x, y, size_log2));
    if (trial->cost < (*best)->cost) {
        *work = *best;
        *best = trial;
    }
}

/* Estimates of the modes, made as they are asked for. */
typedef struct ModeSearch {
    EncSearch *s;
    int x, y, size_log2, likely[3];
    LincNeighbours neighbours;
    uint32_t estimate[LINC_INTRA_MODES];
} ModeSearch;

static void estimate(ModeSearch *m, int mode) {
    EncSearch *s = m->s;
    int n = 1 << m->size_log2;
    LincSample *out = s->spare->prediction[0];
    if (mode < 0 || mode >= LINC_INTRA_MODES || m->estimate[mode] != UINT32_MAX) return;
    linc_intra_predict(s->geometry, &m->neighbours, 0, m->size_log2, mode, out, n);
    int bits = mode == m->likely[0] || mode == m->likely[1] || mode == m->likely[2] ? 2 : 6;
    const LincSample *source = enc_source(s, 0, m->x, m->y);
    m->estimate[mode] = enc_satd(source, s->source->plane[0].stride, out, n, n, n, s->satd_shift) +
                        ((uint32_t)(s->price * bits) >> 4);
}

static int best_mode(const ModeSearch *m, const uint8_t *done) {
    int best = -1;
    for (int mode = 0; mode < LINC_INTRA_MODES; mode++)
        if (!done[mode] && m->estimate[mode] != UINT32_MAX && (best < 0 || m->estimate[mode] < m->estimate[best]))
            best = mode;
    return best;
}

/* Every fourth direction (a patient search: all of them), then what lies around the best ones. */
static void estimate_modes(ModeSearch *m) {
    static const uint8_t none[LINC_INTRA_MODES] = {0};
    for (int mode = 0; mode < 2; mode++) estimate(m, mode);
    for (int mode = 2; mode < LINC_INTRA_MODES; mode += m->s->effort.early < 1 ? 1 : 4) estimate(m, mode);
    for (int i = 0; i < 3; i++) estimate(m, m->likely[i]);
    for (int step = 2; step; step--) {
        uint8_t done[LINC_INTRA_MODES];
        memcpy(done, none, sizeof done);
        for (int i = 0; i < 2; i++) {
            int best = best_mode(m, done);
            if (best < 0) break;
            done[best] = 1;
            if (best < LINC_INTRA_ANGULAR) continue;
            if (best - step >= LINC_INTRA_ANGULAR) estimate(m, best - step);
            estimate(m, best + step);
        }
    }
}

/* Copies of units before: exact matches of the source, and from where the leaves beside this one are copied. */
static void try_copies(EncSearch *s, int x, int y, int size_log2) {
    LincVector vectors[ENC_MOST_COPIES];
    int count = enc_copy_guesses(s, x, y, size_log2, vectors);
    for (int i = 0; i < count; i++) {
        s->copy = vectors[i];
        try_mode(s, x, y, size_log2, LINC_INTRA_COPY);
    }
}

void enc_intra_leaf(EncSearch *s, int x, int y, int size_log2, uint32_t least) {
    ModeSearch m = {.s = s, .x = x, .y = y, .size_log2 = size_log2};
    uint8_t done[LINC_INTRA_MODES] = {0};
    int inter = least != UINT32_MAX, trials = inter ? s->effort.intra_inter_trials : s->effort.intra_trials;
    /* A hasty search trusts the estimates. */
    uint64_t limit = trials > 1 ? least + (uint64_t)least * (s->effort.early < 1 ? 16 : 5) / 16 : least;
    memset(m.estimate, 255, sizeof m.estimate);
    if (s->copies) try_copies(s, x, y, size_log2);
    linc_likely_modes(s->frame, x, y, m.likely);
    linc_intra_gather(s->frame, 0, x, y, size_log2, &m.neighbours);
    estimate_modes(&m);
    for (int i = 0; i < trials; i++) {
        int best = best_mode(&m, done);
        if (best < 0 || (inter && m.estimate[best] > limit)) return;
        done[best] = 1;
        try_mode(s, x, y, size_log2, best);
    }
}
