/* Choice of levels by what they cost and how far off they are: for the encoder, not normative.
 *
 * Component after component and plane after plane: with the model as it stands, each magnitude takes what costs least
 * where it is, then each block the class up to which its rings are worth their bits; then the plane is written, so
 * that the model learns what a reader's will.
 */
#include <string.h>

#include "mix_component.h"

/* Above it a dead zone takes the first guess; a little more than what is kept in the end. */
static const float ROUND_UP = 0.42f;

static float bits(uint32_t cost) {
    return (float)cost / LINC_COST_BIT;
}

static float magnitude_of(float wish) {
    return wish < 0 ? -wish : wish;
}

/* What is beyond 14 costs about two bits for each of its own. */
static float escape_bits(int32_t magnitude) {
    float sum = 1;
    for (int32_t beyond = magnitude - 14; beyond > 1; beyond >>= 1) sum += 2;
    return sum;
}

int32_t linc_mix_weigh(LincMix *mix, const LincMixPlace *x, int32_t block, float wish) {
    float y = magnitude_of(wish), most = y < 65000 ? y : 65000;
    int32_t top = (int32_t)(most + 0.5f), best = 0;
    linc_mix_nonzero(mix, x, 0, LINC_MIX_WEIGH);
    float least = y * y + mix->price * bits(mix->cost[0]), spent = bits(mix->cost[1]) + 1; /* the sign */
    for (int32_t step = 1; step <= top; step++) {
        if (step == LINC_MIX_CAP) step = linc_mix_max(step, top - 1);
        if (step < LINC_MIX_CAP) linc_mix_above(mix, x, step, 0, LINC_MIX_WEIGH);
        if (step >= top - 1) {
            float end = step < LINC_MIX_CAP ? bits(mix->cost[0]) : escape_bits(step);
            float off = y - (float)step, cost = off * off + mix->price * (spent + end);
            if (cost < least) {
                least = cost;
                best = step;
            }
        }
        if (step < LINC_MIX_CAP) spent += bits(mix->cost[1]);
    }
    int ring = 0, diagonal = linc_mix_bounds[x->class] - 1 - x->rest;
    while (linc_mix_bounds[ring + 1] <= diagonal) ring++;
    mix->gain[block * 8 + ring] += least - y * y;
    return best;
}

/* First guess of the levels of a plane; signs are those of the wishes. */
static void guess(LincMix *mix, int plane) {
    LincMixPlane *p = &mix->plane[plane];
    for (int64_t i = 0; i < (int64_t)mix->blocks * p->area; i++) {
        float y = magnitude_of(mix->wish[i]), up = !mix->component && i % p->area == 0 ? 0.5f : ROUND_UP;
        int32_t level = (int32_t)((y < 65000 ? y : 65000) + up);
        p->level[i] = mix->wish[i] < 0 ? -level : level;
    }
}

/* The class that a block is worth, at most what it has. */
static int worth(LincMix *mix, int plane, int32_t block, int at) {
    LincMixClasses around = linc_mix_classes_around(mix, plane, at);
    int most = mix->plane[plane].classes[linc_mix_slot(mix, 0)][at], best = 0;
    float least = 0, spent = 0, gained = 0;
    for (int class = 0; class <= most; class++) {
        uint32_t stop = 0, go = 0;
        if (class < 7) {
            linc_mix_class_above(mix, plane, &around, class, 0, LINC_MIX_WEIGH);
            stop = mix->cost[0];
            go = mix->cost[1];
        }
        float cost = gained + mix->price * (spent + bits(stop));
        if (!class || cost < least) {
            least = cost;
            best = class;
        }
        spent += bits(go);
        gained += mix->gain[block * 8 + class];
    }
    return best;
}

/* Cuts every block to the class it is worth, row by row: the classes around it are then known. */
static void cut(LincMix *mix, int plane) {
    LincMixPlane *p = &mix->plane[plane];
    uint8_t *classes = p->classes[linc_mix_slot(mix, 0)];
    for (int32_t block = 0; block < mix->blocks; block++) {
        int at = (block / mix->shape.columns + 1) * mix->class_row + block % mix->shape.columns + 1;
        int class = worth(mix, plane, block, at);
        int32_t *level = p->level + (int64_t)block * p->area, first = mix->component ? 0 : *level;
        const float *wish = mix->wish + (int64_t)block * p->area;
        for (int i = 0; i < p->area; i++) {
            int32_t magnitude = i / p->width + i % p->width < linc_mix_bounds[class] ? level[i] : 0;
            level[i] = wish[i] < 0 ? -magnitude : magnitude;
        }
        if (!mix->component) *level = first;
        classes[at] = (uint8_t)class;
    }
}

static void choose_plane(LincMix *mix, int plane) {
    LincMixPlane *p = &mix->plane[plane];
    int now = linc_mix_slot(mix, 0);
    guess(mix, plane);
    linc_mix_find_classes(mix, plane);
    memset(mix->gain, 0, 8 * sizeof *mix->gain * (size_t)mix->blocks);
    linc_mix_magnitudes(mix, plane, LINC_MIX_WEIGH);
    memset(p->magnitude[now], 0, p->size);
    memset(p->root[now], 0, p->size);
    memset(p->around[now], 0, p->size);
    cut(mix, plane);
    linc_mix_find_classes(mix, plane);
    linc_mix_write_plane(mix, plane);
}

LincStatus linc_mix_choose(LincMix *mix, const float *const *wishes, float price, int32_t *const *levels) {
    if (!mix || mix->reading || !wishes || !levels) return LINC_ARGUMENT;
    if (mix->component + 1 >= mix->shape.components) return LINC_ORDER;
    linc_mix_next(mix);
    mix->price = price;
    for (int i = 0; i < mix->shape.planes; i++) {
        const LincMixPlane *p = &mix->plane[i];
        mix->wish = wishes[i];
        choose_plane(mix, i);
        memcpy(levels[i], p->level, sizeof *p->level * (size_t)mix->blocks * (size_t)p->area);
    }
    int failed = mix->writer.failed;
    mix->writer.count = 0;
    return failed ? LINC_MEMORY : LINC_OK;
}

void linc_mix_rewind(LincMix *mix) {
    for (int i = 0; i < mix->shape.planes; i++) {
        LincMixPlane *p = &mix->plane[i];
        for (int kept = 0; kept < LINC_MIX_KEPT; kept++) {
            memset(p->magnitude[kept], 0, p->size);
            memset(p->root[kept], 0, p->size);
            memset(p->around[kept], 0, p->size);
            memset(p->sign[kept], 0, p->size);
            memset(p->classes[kept], 0, (size_t)(mix->shape.rows + 2) * (size_t)mix->class_row);
        }
        memset(p->past, 0, p->size * sizeof *p->past);
        memset(p->level, 0, sizeof *p->level * (size_t)mix->blocks * (size_t)p->area);
        memset(p->first, 0, sizeof *p->first * (size_t)(mix->shape.rows + 1) * (size_t)mix->class_row);
    }
    mix->component = -1;
}
