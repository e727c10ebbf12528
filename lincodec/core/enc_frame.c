/* One frame: search of its units, loop filters, stream. */
#include <stdlib.h>
#include <string.h>

#include "enc_denoise.h"
#include "enc_encoder.h"
#include "enc_filter.h"
#include "enc_match.h"
#include "enc_phases.h"
#include "enc_screen.h"
#include "enc_search.h"
#include "motion.h"
#include "reconstruct.h"
#include "syntax.h"

/* They pay on text and graphics; elsewhere the first alone, a little, where there is time for it. */
enum { SCREEN_TOOLS = LINC_TOOL_TRANSFORM_SKIP | LINC_TOOL_COPY };

/* What one call needs besides the frame. */
typedef struct Work {
    EncSearch *search;
    EncTrial *trials; /* nine */
    LincFrame *frame;
    LincVector *matches; /* exact ones of both references, and of the picture in itself, or NULL */
    LincPicture *source; /* filtered, or NULL */
    LincStates start;
} Work;

static void free_work(LincPool *pool, Work *w) {
    linc_pool_keep_picture(pool, w->source);
    free(w->search);
    free(w->trials);
    free(w->matches);
    linc_pool_keep_frame(pool, w->frame);
}

static LincStatus make_work(LincPool *pool, const LincGeometry *g, Work *w) {
    memset(w, 0, sizeof *w);
    w->search = calloc(1, sizeof *w->search);
    w->trials = calloc(9, sizeof *w->trials);
    w->frame = linc_pool_frame(pool, g);
    if (!w->search || !w->trials || !w->frame) return LINC_MEMORY;
    for (int i = 0; i < 4; i++) {
        w->search->best[i] = &w->trials[2 * i];
        w->search->work[i] = &w->trials[2 * i + 1];
    }
    w->search->spare = &w->trials[8];
    return LINC_OK;
}

LincStatus enc_check_task(const LincEncoder *e, const LincTask *t) {
    int frames = e->geometry.shown.frames;
    if (t->display < 0 || t->display >= frames || t->references < 0 || t->references > 2) return LINC_ARGUMENT;
    if (t->level < 0 || t->level >= LINC_MAX_LEVELS || t->context_source >= frames) return LINC_ARGUMENT;
    if (t->merge_size < 1 || t->merge_size > LINC_MAX_MERGE || t->count_limit < 0 || t->count_limit > LINC_COUNT_MAX)
        return LINC_ARGUMENT;
    if (!(t->chroma_weight[0] > 0) || !(t->chroma_weight[1] > 0) || t->denoise_reach < 0) return LINC_ARGUMENT;
    if (!(t->lambda > 0) || t->tools & ~LINC_TOOLS_KNOWN || t->effort.early < 0 || t->effort.early > 4)
        return LINC_ARGUMENT;
    if (t->weighing < LINC_WEIGH_NOTHING || t->weighing > LINC_WEIGH_STEPS) return LINC_ARGUMENT;
    if (!(t->tools & LINC_TOOL_STEP_OFFSETS) != (t->weighing != LINC_WEIGH_STEPS)) return LINC_ARGUMENT;
    for (int k = 0; k < 3; k++)
        if (t->step[k] < 0 || t->step[k] >= LINC_STEP_INDICES) return LINC_ARGUMENT;
    for (int r = 0; r < t->references; r++)
        if (t->reference[r] < 0 || t->reference[r] >= frames) return LINC_ARGUMENT;
    return LINC_OK;
}

/* Whether everything that the frame needs is there. */
static int ready(const LincEncoder *e, const LincTask *t) {
    if (!e->frames[t->display].source || e->frames[t->display].stream) return 0;
    if (t->context_source >= 0 && !e->frames[t->context_source].stream) return 0;
    if (t->weighing && !e->frames[t->display].offsets) return 0;
    for (int r = 0; r < t->references; r++)
        if (!e->frames[t->reference[r]].phases.plane[0]) return 0;
    return 1;
}

static void set_header(const LincTask *t, LincHeader *h) {
    memset(h, 0, sizeof *h);
    h->display = t->display;
    h->level = t->level;
    h->references = t->references;
    for (int r = 0; r < 2; r++) h->reference_display[r] = t->reference[r];
    h->context_source = t->context_source;
    h->temporal = t->references ? t->temporal : 0;
    for (int k = 0; k < 3; k++) h->step[k] = t->step[k];
    h->tools = t->tools;
    h->merge_size = t->merge_size;
    h->count_limit = t->count_limit;
    h->deblock_threshold = t->deblock_threshold;
}

/* A step in samples inside. */
static double step_of(const LincGeometry *g, int index) {
    return linc_step_scale[index & 15] / 4096.0 * (double)(1 << (index >> 4)) * (double)(1 << (g->depth - 12));
}

static double square_root(double v) {
    double r = v > 1 ? v : 1;
    for (int i = 0; i < 60; i++) r = 0.5 * (r + v / r);
    return r;
}

static void set_prices(EncSearch *s, const LincTask *t) {
    double step = step_of(s->geometry, t->step[0]), bit = t->lambda * step * step;
    s->lambda = bit / LINC_COST_BIT;
    s->satd_shift = s->geometry->depth - 10;
    for (int i = 0; i <= 2 * LINC_MAX_STEP_OFFSET; i++) {
        EncScale *scale = &s->scales[i];
        int offset = i - LINC_MAX_STEP_OFFSET;
        double ratio = step / step_of(s->geometry, linc_step_index(t->step[0], offset));
        scale->offset = t->weighing == LINC_WEIGH_STEPS ? offset : 0;
        for (int k = 0; k < 3; k++)
            scale->step[k] = step_of(s->geometry, linc_step_index(t->step[k], scale->offset));
        scale->price = (int)(square_root(bit) / ratio * 16 + 0.5);
        for (int k = 0; k < 3; k++) scale->weight[k] = ratio * ratio * (k ? t->chroma_weight[k - 1] : 1);
    }
    enc_set_offset(s, 0);
}

static LincStatus set_references(LincEncoder *e, const LincTask *t, Work *w) {
    EncSearch *s = w->search;
    const EncFrame *own = &e->frames[t->display];
    s->coarse_columns = enc_coarse_cells(e->geometry.width);
    for (int r = 0; r < t->references; r++) {
        const EncFrame *f = &e->frames[t->reference[r]];
        w->frame->reference[r] = f->picture;
        s->phases[r] = &f->phases;
        if (r && s->phases[0] == s->phases[1]) {
            s->coarse[1] = s->coarse[0];
            continue;
        }
        LincStatus status = enc_coarse_field(e, t, r);
        if (status) return status;
        s->coarse[r] = own->coarse[r];
    }
    for (int r = 0; r < t->references && w->frame->header.temporal; r++)
        w->frame->collocated[r] = e->frames[t->reference[t->references - 1 - r]].motion;
    return LINC_OK;
}

/* Exact matches in references that are screens as well, and in the picture itself. */
static LincStatus set_matches(const LincEncoder *e, const LincTask *t, Work *w) {
    EncSearch *s = w->search;
    const LincGeometry *g = &e->geometry;
    size_t cells = (size_t)g->columns * (size_t)g->rows;
    const LincPlane *own = &e->frames[t->display].source->plane[0];
    LincStatus status = LINC_OK;
    if (!e->frames[t->display].screen) return LINC_OK;
    if (!(w->matches = malloc(3 * cells * sizeof *w->matches))) return LINC_MEMORY;
    for (int r = 0; r < t->references && !status; r++) {
        const EncFrame *f = &e->frames[t->reference[r]];
        if (!f->screen) continue;
        s->matches[r] = r && t->reference[0] == t->reference[1] ? s->matches[0] : w->matches + (size_t)r * cells;
        if (!r || s->matches[1] != s->matches[0])
            status = enc_match(g, own, &f->source->plane[0], w->matches + (size_t)r * cells);
    }
    if (status || !(w->frame->header.tools & LINC_TOOL_COPY)) return status;
    s->copies = w->matches + 2 * cells;
    return enc_match_inside(g, own, w->matches + 2 * cells);
}

static void search_units(Work *w) {
    EncSearch *s = w->search;
    const LincGeometry *g = s->geometry;
    s->states = w->start;
    for (int unit = 0; unit < g->unit_columns * g->unit_rows; unit++) {
        enc_rates_set(&s->rates, &s->states, s->frame->header.tools & LINC_TOOL_TRANSFORM_SKIP);
        enc_unit(s, unit % g->unit_columns * LINC_UNIT, unit / g->unit_columns * LINC_UNIT);
        linc_adapt_unit(s->frame, unit, &s->states);
    }
    enc_set_offset(s, 0); /* for the loop filter */
}

/* The stream, with the states as they were before the search. */
static LincStatus write_stream(const LincGeometry *g, EncFrame *f, Work *w) {
    size_t samples = 0, size = 0;
    for (int k = 0; k < g->planes; k++) samples += (size_t)g->plane_width[k] * (size_t)g->plane_height[k];
    size_t capacity = samples * 4 + 65536;
    uint8_t *stream = malloc(capacity);
    if (!stream) return LINC_MEMORY;
    f->states = w->start;
    LincStatus status = linc_write_frame(w->frame, stream, capacity, &size, &f->states);
    if (status) {
        free(stream);
        return status;
    }
    uint8_t *fitting = realloc(stream, size ? size : 1);
    free(f->stream);
    f->stream = fitting ? fitting : stream;
    f->stream_size = size;
    return LINC_OK;
}

static LincStatus keep_reference(LincEncoder *e, EncFrame *f, const Work *w) {
    const LincGeometry *g = &e->geometry;
    linc_picture_pad(f->picture);
    f->motion = linc_motion_field_create(g);
    if (!f->motion) return LINC_MEMORY;
    linc_motion_field_fill(f->motion, w->frame);
    int halves_only = w->search->effort.vectors < 0;
    f->phase_bytes = enc_phases_bytes(g, halves_only);
    f->phase_memory = enc_pool_take(&e->phases, f->phase_bytes);
    if (!f->phase_memory) return LINC_MEMORY;
    enc_phases_make(g, &f->picture->plane[0], halves_only, f->phase_memory, &f->phases);
    return LINC_OK;
}

static LincStatus code_frame(LincEncoder *e, const LincTask *t, Work *w) {
    const LincGeometry *g = &e->geometry;
    EncFrame *f = &e->frames[t->display];
    EncSearch *s = w->search;
    if (!f->picture && !(f->picture = linc_pool_picture(&e->pool, g))) return LINC_MEMORY;
    if (t->denoise_reach) {
        LincStatus failed = enc_denoise(e, t, step_of(g, t->step[0]), &w->source);
        if (failed) return failed;
    }
    set_header(t, &w->frame->header);
    w->frame->header.tools &= ~LINC_TOOL_FILTER;
    f->screen = enc_is_screen(g, &f->source->plane[0]);
    if (!f->screen) w->frame->header.tools &= t->effort.plain ? ~LINC_TOOL_COPY : ~SCREEN_TOOLS;
    w->frame->picture = f->picture;
    s->geometry = g;
    s->frame = w->frame;
    s->source = w->source ? w->source : f->source;
    s->matrices = &e->matrices;
    s->effort = t->effort;
    s->quantiser.hiding = (t->tools & LINC_TOOL_SIGN_HIDING) != 0;
    set_prices(s, t);
    s->offsets = t->weighing ? f->offsets : NULL;
    LincStatus status = set_references(e, t, w);
    if (!status) status = set_matches(e, t, w);
    if (status) return status;
    if (t->context_source >= 0) {
        w->start = e->frames[t->context_source].states;
        linc_states_limit(&w->start, t->count_limit);
    } else {
        linc_states_reset(&w->start);
    }
    search_units(w);
    status = enc_loop_filters(s, &e->pool, t->tools & LINC_TOOL_FILTER);
    f->picture = w->frame->picture;
    f->header = w->frame->header;
    if (!status) status = write_stream(g, f, w);
    if (!status && t->referenced) status = keep_reference(e, f, w);
    /* Other screens look for matches in the source of this one. */
    if (!status && !(f->screen && t->referenced)) {
        linc_pool_keep_picture(&e->pool, f->source);
        f->source = NULL;
    }
    return status;
}

LincStatus linc_encoder_frame(LincEncoder *encoder, const LincTask *task) {
    if (!encoder || !task) return LINC_ARGUMENT;
    LincStatus status = enc_check_task(encoder, task);
    if (!status && !ready(encoder, task)) status = LINC_ORDER;
    if (status) return status;
    Work w;
    status = make_work(&encoder->pool, &encoder->geometry, &w);
    if (!status) status = code_frame(encoder, task, &w);
    free_work(&encoder->pool, &w);
    return status;
}
