/* Motion of one part of a leaf by estimates. */
#include "enc_hunt.h"

#include <string.h>

#include "enc_distortion.h"
#include "enc_match.h"
#include "inter.h"
#include "lanes.h"
#include "motion.h"

enum { REACH = 8, MOST_STARTS = 32 }; /* samples that a searched block may lie beyond the edge, besides its own side */

static int clamped(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

/* Vectors that keep a part near the picture. */
static void set_bounds(const EncSearch *s, const LincPart *part, LincVector *low, LincVector *high) {
    low->x = (int16_t)clamped(-4 * (part->x + part->width + REACH), -32767, 0);
    low->y = (int16_t)clamped(-4 * (part->y + part->height + REACH), -32767, 0);
    high->x = (int16_t)clamped(4 * (s->geometry->width - part->x + REACH), 0, 32767);
    high->y = (int16_t)clamped(4 * (s->geometry->height - part->y + REACH), 0, 32767);
}

static int inside(const EncSearch *s, const LincPart *part, LincVector v) {
    LincVector low, high;
    set_bounds(s, part, &low, &high);
    return v.x >= low.x && v.x <= high.x && v.y >= low.y && v.y <= high.y;
}

/* Luma of one reference; vectors far outside go the decoder's way, which clamps. */
static const LincSample *luma_of(const EncSearch *s, const LincPart *part, int r, LincVector v, LincSample *buffer,
                                 ptrdiff_t *stride) {
    if (enc_phase_made(s->phases[r], v) && inside(s, part, v)) {
        *stride = s->phases[r]->stride;
        return enc_phase_at(s->phases[r], part->x, part->y, v);
    }
    linc_predict_plane(s->geometry, s->frame->reference[r], 0, part->x, part->y, part->width, part->height, v, buffer,
                       LINC_UNIT, 0);
    *stride = LINC_UNIT;
    return buffer;
}

/* Rounded up, in 16 bits: samples have 14 at most. Blocks are 8 wide or in whole vectors. */
static inline void mean_row(const LincSample *a, const LincSample *b, int width, LincSample *out) {
    for (int x = 0; width > 8 && x < width; x += 16)
        linc_store16(out + x, (linc_load16(a + x) + linc_load16(b + x) + 1) >> 1);
    for (int x = 0; width <= 8 && x < width; x += 8) {
        LincLanes16Half v, w;
        memcpy(&v, a + x, sizeof v);
        memcpy(&w, b + x, sizeof w);
        v = (v + w + 1) >> 1;
        memcpy(out + x, &v, sizeof v);
    }
}

const LincSample *enc_predict_luma(const EncSearch *s, const LincPart *part, const LincMotion *motion,
                                   LincSample *buffer, ptrdiff_t *stride) {
    if (motion->direction != LINC_BOTH) {
        int r = motion->direction == LINC_SECOND;
        return luma_of(s, part, r, motion->vector[r], buffer, stride);
    }
    LincSample other[LINC_UNIT * LINC_UNIT];
    ptrdiff_t stride_a, stride_b;
    const LincSample *a = luma_of(s, part, 0, motion->vector[0], buffer, &stride_a);
    const LincSample *b = luma_of(s, part, 1, motion->vector[1], other, &stride_b);
    for (int y = 0; y < part->height; y++)
        mean_row(a + y * stride_a, b + y * stride_b, part->width, buffer + y * LINC_UNIT);
    *stride = LINC_UNIT;
    return buffer;
}

static void copy_rows(const LincSample *from, ptrdiff_t from_stride, int w, int h, LincSample *to, ptrdiff_t stride) {
    for (int y = 0; y < h; y++, from += from_stride, to += stride) {
        for (int x = 0; w > 8 && x < w; x += 16) linc_store16(to + x, linc_load16(from + x));
        if (w <= 8) memcpy(to, from, (size_t)w * sizeof *to);
    }
}

void enc_predict_part(const EncSearch *s, EncTrial *trial, const LincPart *part, const LincMotion *motion) {
    const LincGeometry *g = s->geometry;
    int ox = part->x - part->leaf_x, oy = part->y - part->leaf_y, size = part->leaf_size;
    LincSample buffer[LINC_UNIT * LINC_UNIT];
    ptrdiff_t stride;
    const LincSample *luma = enc_predict_luma(s, part, motion, buffer, &stride);
    copy_rows(luma, stride, part->width, part->height, trial->prediction[0] + oy * size + ox, size);
    for (int plane = 1; plane < g->planes; plane++) {
        int width = size >> g->shift_x[plane];
        linc_predict_motion(g, s->frame->reference, plane, part->x, part->y, part->width, part->height, motion,
                            trial->prediction[plane] + (oy >> g->shift_y[plane]) * width + (ox >> g->shift_x[plane]),
                            width);
    }
}

static uint32_t price_of(const EncSearch *s, int bits) {
    return (uint32_t)(s->price * bits) >> 4;
}

static uint32_t satd_of(const EncSearch *s, const LincPart *part, const LincMotion *motion) {
    LincSample buffer[LINC_UNIT * LINC_UNIT];
    ptrdiff_t stride;
    const LincSample *luma = enc_predict_luma(s, part, motion, buffer, &stride);
    return enc_satd(enc_source(s, 0, part->x, part->y), s->source->plane[0].stride, luma, stride, part->width,
                    part->height, s->satd_shift);
}

int enc_merge_guesses(EncSearch *s, const LincPart *part, int most, EncGuess guesses[LINC_MAX_MERGE]) {
    LincMotion list[LINC_MAX_MERGE];
    int count = linc_merge_list(s->frame, part, list);
    if (count > most) count = most;
    for (int i = 0; i < count; i++) {
        EncGuess guess = {list[i], (int8_t)i, 0, satd_of(s, part, &list[i]) + price_of(s, i + 1)};
        guesses[i] = guess;
    }
    return count;
}

/* Adds exact matches of the part's cells, those that differ from the one before. */
static int gather_matches(const EncSearch *s, const LincPart *part, int r, int n, LincVector starts[MOST_STARTS]) {
    LincVector last = {ENC_NO_MATCH, 0};
    if (!s->matches[r]) return n;
    for (int y = part->y; y < part->y + part->height; y += LINC_CELL)
        for (int x = part->x; x < part->x + part->width && n < MOST_STARTS; x += LINC_CELL) {
            LincVector v = s->matches[r][(y >> LINC_CELL_LOG2) * s->geometry->columns + (x >> LINC_CELL_LOG2)];
            if (v.x == ENC_NO_MATCH || (v.x == last.x && v.y == last.y)) continue;
            starts[n++] = last = v;
        }
    return n;
}

/* Where the search for one reference starts. */
static int gather_starts(const EncSearch *s, const LincPart *part, int r, const EncHunt *hunt, const EncGuess *hints,
                         int count, const LincVector *more, LincVector starts[MOST_STARTS]) {
    int n = 0, step = part->width > 32 || part->height > 32 ? 32 : LINC_UNIT / 4;
    starts[n++] = hunt->predictors[r][0];
    starts[n++] = hunt->predictors[r][1];
    starts[n++] = (LincVector){0, 0};
    for (int y = part->y; y < part->y + part->height; y += step)
        for (int x = part->x; x < part->x + part->width && n < 19; x += step) {
            LincVector v = s->coarse[r][(y >> 4) * s->coarse_columns + (x >> 4)];
            starts[n++] = (LincVector){(int16_t)(4 * v.x), (int16_t)(4 * v.y)};
        }
    for (int i = 0; i < count && i < 3; i++)
        if (hints[i].motion.direction & 1 << r) starts[n++] = hints[i].motion.vector[r];
    if (more) starts[n++] = *more;
    return gather_matches(s, part, r, n, starts);
}

/* Half leaves get less of a search than whole ones. */
static int patience(const EncSearch *s, const LincPart *part) {
    int halved = part->width != part->height;
    return halved && s->effort.vectors > 1 ? 1 : s->effort.vectors;
}

static EncAim aim_at(const EncSearch *s, const LincPart *part, int r, const EncHunt *hunt) {
    EncAim aim = {enc_source(s, 0, part->x, part->y), s->source->plane[0].stride, s->phases[r], part->x, part->y,
                  part->width, part->height, {0, 0}, {0, 0}, {hunt->predictors[r][0], hunt->predictors[r][1]},
                  s->price, s->satd_shift, 0, patience(s, part)};
    set_bounds(s, part, &aim.low, &aim.high);
    return aim;
}

static int predictor_bits(const EncHunt *hunt, const LincMotion *motion) {
    int bits = 0;
    for (int r = 0; r < 2; r++)
        if (motion->direction & 1 << r) bits |= enc_nearer_predictor(motion->vector[r], hunt->predictors[r]) << r;
    return bits;
}

/* Twice the source less what the other reference predicts: what this one should show. */
static void set_target(EncSearch *s, const LincPart *part, int r, LincVector v) {
    LincSample buffer[LINC_UNIT * LINC_UNIT];
    ptrdiff_t stride, source_stride = s->source->plane[0].stride;
    const LincSample *other = luma_of(s, part, r, v, buffer, &stride);
    const LincSample *source = enc_source(s, 0, part->x, part->y);
    for (int y = 0; y < part->height; y++)
        for (int x = 0; x < part->width; x++)
            s->target[y * LINC_UNIT + x] = (LincSample)(2 * source[y * source_stride + x] - other[y * stride + x]);
}

/* Searches one vector at a time with the other one fixed, until that no longer helps. */
static void hunt_both(EncSearch *s, const LincPart *part, EncHunt *hunt) {
    int r = hunt->one[0].estimate <= hunt->one[1].estimate;
    LincMotion motion = {{hunt->one[0].motion.vector[0], hunt->one[1].motion.vector[1]}, LINC_BOTH};
    int rounds = part->width != part->height && s->effort.both_rounds > 2 ? 2 : s->effort.both_rounds;
    for (int round = 0; round < rounds; round++, r = 1 - r) {
        EncAim aim = aim_at(s, part, r, hunt);
        set_target(s, part, 1 - r, motion.vector[1 - r]);
        aim.target = s->target;
        aim.stride = LINC_UNIT;
        aim.satd_shift++;
        aim.sad_shift = 1;
        LincVector start = motion.vector[r], found;
        uint32_t cost = s->effort.vectors > 0 ? enc_motion_search(&aim, &start, 1, 0, &found)
                                          : enc_motion_refine(&aim, start, &found);
        cost += price_of(s, 3 + enc_vector_bits(motion.vector[1 - r], hunt->predictors[1 - r]));
        if (cost >= hunt->both.estimate) break;
        motion.vector[r] = found;
        hunt->both.motion = motion;
        hunt->both.estimate = cost;
    }
    hunt->both.merge = LINC_MERGE_NONE;
    hunt->both.predictor = (uint8_t)predictor_bits(hunt, &hunt->both.motion);
}

void enc_hunt(EncSearch *s, const LincPart *part, const EncGuess *hints, int count, const LincVector more[2],
              EncHunt *hunt) {
    int references = s->frame->header.references, same = s->phases[0] == s->phases[1];
    memset(hunt, 0, sizeof *hunt);
    hunt->one[0].estimate = hunt->one[1].estimate = hunt->both.estimate = UINT32_MAX;
    for (int r = 0; r < references; r++) {
        EncGuess *one = &hunt->one[r];
        linc_vector_predictors(s->frame, part, r, hunt->predictors[r]);
        one->merge = LINC_MERGE_NONE;
        one->motion.direction = (uint8_t)(1 << r);
        if (r && same) {
            one->motion.vector[1] = hunt->one[0].motion.vector[0];
            one->estimate = hunt->one[0].estimate;
        } else {
            LincVector starts[MOST_STARTS];
            int n = gather_starts(s, part, r, hunt, hints, count, more ? &more[r] : NULL, starts);
            EncAim aim = aim_at(s, part, r, hunt);
            one->estimate = enc_motion_search(&aim, starts, n, 1, &one->motion.vector[r]) + price_of(s, 3);
        }
        one->predictor = (uint8_t)predictor_bits(hunt, &one->motion);
    }
    if (references > 1) hunt_both(s, part, hunt);
}
