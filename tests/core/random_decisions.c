/* Random valid decisions of one frame, in coding order. */
#include <string.h>

#include "coefficients.h"
#include "filter.h"
#include "intra.h"
#include "motion.h"
#include "random_segment.h"

uint32_t random_below(RandomSegment *s, uint32_t limit) {
    s->state ^= s->state << 13;
    s->state ^= s->state >> 7;
    s->state ^= s->state << 17;
    return (uint32_t)(s->state >> 33) % limit;
}

int random_chance(RandomSegment *s, int percent) {
    return (int)random_below(s, 100) < percent;
}

/* Mostly small numbers, sometimes up to `limit`, of either sign. */
static int random_size(RandomSegment *s, int limit) {
    int bits = 1 + (int)random_below(s, random_chance(s, 95) ? 3 : 15), v = (int)random_below(s, 1u << bits);
    if (v > limit) v = limit;
    return random_chance(s, 50) ? v : -v;
}

/* Turns the sign that a group of 4x4 hides to what the parity of its magnitudes says. */
static void hide_sign(int16_t *levels, int stride) {
    int highest = -1, lowest = 0, total = 0;
    for (int k = 15; k >= 0; k--) {
        int level = levels[(linc_scan_4[k] >> 4) * stride + (linc_scan_4[k] & 15)];
        if (!level) continue;
        if (highest < 0) highest = k;
        lowest = k;
        total += level;
    }
    int16_t *last = &levels[(linc_scan_4[lowest] >> 4) * stride + (linc_scan_4[lowest] & 15)];
    if (highest - lowest >= LINC_HIDING_SPAN && (*last < 0) != (total & 1)) *last = (int16_t)-*last;
}

/* Levels of one transform, at least one not zero. */
static void random_levels(RandomSegment *s, LincFrame *f, int plane, int x, int y, int log2) {
    int n = 1 << log2, stride = f->geometry->plane_width[plane];
    int reach = 1 + (int)random_below(s, (uint32_t)n), density = 1 + (int)random_below(s, 100);
    int16_t *levels = linc_levels(f, plane, x, y);
    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++)
            levels[j * stride + i] =
                (int16_t)(i < reach && j < reach && random_chance(s, density) ? random_size(s, 32767) : 0);
    int at = (int)random_below(s, (uint32_t)reach);
    if (!levels[at * stride]) levels[at * stride] = 1;
    if (f->header.tools & LINC_TOOL_SIGN_HIDING)
        for (int j = 0; j < n; j += 4)
            for (int i = 0; i < n; i += 4) hide_sign(levels + j * stride + i, stride);
}

static void random_vector(RandomSegment *s, const LincFrame *f, const LincPart *part, int r, LincBlock *b) {
    LincVector predictors[2];
    linc_vector_predictors(f, part, r, predictors);
    int same = predictors[0].x == predictors[1].x && predictors[0].y == predictors[1].y;
    int which = same ? 0 : random_chance(s, 50);
    int x = predictors[which].x + random_size(s, 32767), y = predictors[which].y + random_size(s, 32767);
    if (random_chance(s, 2)) x = random_chance(s, 50) ? 32767 : -32767;
    b->motion.vector[r].x = (int16_t)(x < -32767 ? -32767 : x > 32767 ? 32767 : x);
    b->motion.vector[r].y = (int16_t)(y < -32767 ? -32767 : y > 32767 ? 32767 : y);
    b->predictor = (uint8_t)(b->predictor | which << r);
}

static void random_motion(RandomSegment *s, const LincFrame *f, const LincPart *part, LincBlock *b) {
    memset(&b->motion, 0, sizeof b->motion);
    b->predictor = 0;
    b->merge = LINC_MERGE_NONE;
    if (b->skip || random_chance(s, 40)) {
        LincMotion list[LINC_MAX_MERGE];
        b->merge = (int8_t)random_below(s, (uint32_t)linc_merge_list(f, part, list));
        b->motion = list[b->merge];
        return;
    }
    b->motion.direction = (uint8_t)(f->header.references > 1 ? 1 + random_below(s, 3) : LINC_FIRST);
    for (int r = 0; r < 2; r++)
        if (b->motion.direction & 1 << r) random_vector(s, f, part, r, b);
}

static void random_inter(RandomSegment *s, LincFrame *f, int x, int y, int log2, LincBlock *b) {
    b->skip = (uint8_t)random_chance(s, 25);
    if (!b->skip && log2 >= 4) b->part = (uint8_t)random_below(s, 3);
    for (int i = 0; i < linc_part_count(b->part); i++) {
        LincPart part = linc_part(x, y, 1 << log2, b->part, i);
        random_motion(s, f, &part, b);
        linc_block_fill(f, part.x, part.y, part.width, part.height, b);
    }
    b->residual = (uint8_t)(!b->skip && random_chance(s, 60));
    if (!b->skip && b->part == LINC_PART_WHOLE && b->merge >= 0) b->residual = 1;
}

static void random_transforms(RandomSegment *s, LincFrame *f, int x, int y, int log2, LincBlock *b) {
    const LincGeometry *g = f->geometry;
    b->split = (uint8_t)(log2 == LINC_UNIT_LOG2 || random_chance(s, 40));
    int side = log2 - b->split, density = (int)random_below(s, 101);
    for (int i = 0; i < (b->split ? 4 : 1); i++) {
        if (!random_chance(s, density)) continue;
        b->coded = (uint16_t)(b->coded | 1 << i);
        random_levels(s, f, 0, x + ((i & 1) << side), y + ((i >> 1) << side), side);
    }
    if (g->planes == 1) return;
    LincChromaTiling t = linc_chroma_tiling(g, log2);
    for (int k = 1; k < 3; k++)
        for (int i = 0; i < t.count; i++) {
            if (!random_chance(s, density)) continue;
            b->coded = (uint16_t)(b->coded | 1 << (4 * k + i));
            random_levels(s, f, k, (x >> g->shift_x[k]) + ((i % t.across) << t.side_log2),
                          (y >> g->shift_y[k]) + ((i / t.across) << t.side_log2), t.side_log2);
        }
}

/* Of every coded transform, whether its levels are of samples. */
static void random_plain(RandomSegment *s, const LincFrame *f, LincBlock *b) {
    if (f->header.tools & LINC_TOOL_TRANSFORM_SKIP) b->plain = (uint16_t)(b->coded & random_below(s, 65536));
}

/* Makes an intra leaf a copy if a place for that is found. */
static void random_copy(RandomSegment *s, const LincFrame *f, int x, int y, int log2, LincBlock *b) {
    for (int i = 0; i < 8; i++) {
        int dx = (int)random_below(s, (uint32_t)f->geometry->width) - x;
        int dy = (int)random_below(s, (uint32_t)f->geometry->height) - y;
        if (!linc_copy_allowed(f->geometry, x, y, 1 << log2, dx, dy)) continue;
        b->motion.vector[0] = (LincVector){(int16_t)dx, (int16_t)dy};
        b->intra_luma = LINC_INTRA_COPY;
        b->intra_chroma = LINC_CHROMA_AS_LUMA;
        return;
    }
}

typedef struct Offsets {
    int running, coded;
} Offsets;

static void random_leaf(RandomSegment *s, LincFrame *f, Offsets *o, int x, int y, int log2) {
    LincBlock b;
    memset(&b, 0, sizeof b);
    b.merge = LINC_MERGE_NONE;
    b.size_log2 = (uint8_t)log2;
    b.mode = f->header.references && (log2 == LINC_UNIT_LOG2 || random_chance(s, 75));
    if (b.mode == LINC_MODE_INTER) {
        random_inter(s, f, x, y, log2, &b);
    } else {
        int likely[3];
        linc_likely_modes(f, x, y, likely);
        b.intra_luma = (uint8_t)(random_chance(s, 50) ? likely[random_below(s, 3)] : (int)random_below(s, 35));
        b.intra_chroma = (uint8_t)(f->geometry->planes > 1 && random_chance(s, 40));
        b.residual = 1;
        if (f->header.tools & LINC_TOOL_COPY && random_chance(s, 50)) random_copy(s, f, x, y, log2, &b);
    }
    if (b.residual) {
        if (f->header.tools & LINC_TOOL_STEP_OFFSETS && !o->coded) {
            o->running = random_chance(s, 50) ? o->running : (int)random_below(s, 49) - 24;
            o->coded = 1;
        }
        b.step_offset = (int8_t)o->running;
        random_transforms(s, f, x, y, log2, &b);
        random_plain(s, f, &b);
    }
    for (int i = 0; i < linc_part_count(b.part); i++) {
        LincPart part = linc_part(x, y, 1 << log2, b.part, i);
        if (b.part != LINC_PART_WHOLE) {
            b.motion = linc_block(f, part.x, part.y)->motion;
            b.merge = linc_block(f, part.x, part.y)->merge;
            b.predictor = linc_block(f, part.x, part.y)->predictor;
        }
        linc_block_fill(f, part.x, part.y, part.width, part.height, &b);
    }
}

static void random_node(RandomSegment *s, LincFrame *f, Offsets *o, int x, int y, int log2) {
    const LincGeometry *g = f->geometry;
    int size = 1 << log2;
    if (x >= g->width || y >= g->height) return;
    int inside = x + size <= g->width && y + size <= g->height;
    if (log2 >= 4) o->coded = 0;
    int leaf = inside && (log2 < LINC_UNIT_LOG2 || f->header.references) && (log2 == 3 || random_chance(s, 35));
    if (leaf) {
        random_leaf(s, f, o, x, y, log2);
        return;
    }
    for (int i = 0; i < 4; i++) random_node(s, f, o, x + (i & 1) * size / 2, y + (i >> 1) * size / 2, log2 - 1);
}

static void random_filters(RandomSegment *s, LincFrame *f) {
    int areas = f->filter_columns * f->filter_rows;
    for (int k = 0; k < f->geometry->planes; k++) {
        int sets = (int)random_below(s, LINC_MAX_FILTER_SETS + 1);
        f->header.filter_sets[k] = sets;
        for (int i = 0; i < sets; i++)
            for (int t = 0; t < (k ? LINC_FILTER_TAPS_CHROMA : LINC_FILTER_TAPS_LUMA); t++)
                f->header.filter[k][i][t] = (int8_t)random_size(s, 123);
        for (int a = 0; a < areas; a++) f->filter_set[k][a] = (uint8_t)random_below(s, (uint32_t)sets + 1);
    }
}

void random_decisions(RandomSegment *s, LincFrame *f) {
    Offsets o = {0, 0};
    if (f->header.tools & LINC_TOOL_FILTER) random_filters(s, f);
    for (int y = 0; y < f->geometry->height; y += LINC_UNIT)
        for (int x = 0; x < f->geometry->width; x += LINC_UNIT) random_node(s, f, &o, x, y, LINC_UNIT_LOG2);
}
