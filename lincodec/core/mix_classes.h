/* Classes: how far out a block has coefficients, and whether a plane has any (spec 7.5.4). */
#ifndef LINC_MIX_CLASSES_H
#define LINC_MIX_CLASSES_H

#include "mix_decide.h"

/* Whether a plane of this component has a block whose class is not 0. */
LINC_MIX_INLINE int linc_mix_occupied(LincMix *mix, int plane, int occupied, const int mode) {
    LincMixChoice choice = {.first = LINC_MIX_BY_EMPTY, .second = LINC_MIX_BY_EMPTY + 1};
    int luma = plane && mix->luma_coded;
    linc_mix_under(&choice, LINC_MIX_EMPTY + (plane * 16 + linc_mix_min(mix->component, 15)) * 2 + luma);
    occupied = linc_mix_decide(mix, &choice, occupied, mode);
    if (!plane) mix->luma_coded = occupied;
    return occupied;
}

/* Classes around a block. */
typedef struct LincMixClasses {
    int left, up, corner, beyond;  /* of the same component */
    int before, earlier, beside;   /* one and two components ago, and the sum of the neighbours one ago */
    int luma, chroma;              /* of the same block in earlier planes */
} LincMixClasses;

static inline LincMixClasses linc_mix_classes_around(const LincMix *mix, int plane, int at) {
    const LincMixPlane *p = &mix->plane[plane];
    int row = mix->class_row, now = linc_mix_slot(mix, 0);
    const uint8_t *here = p->classes[now] + at, *before = p->classes[linc_mix_slot(mix, 1)] + at;
    LincMixClasses c = {.left = here[-1], .up = here[-row], .corner = here[-row - 1], .beyond = here[1 - row],
                        .before = *before, .earlier = p->classes[linc_mix_slot(mix, 2)][at],
                        .beside = before[-1] + before[1] + before[-row] + before[row]};
    if (plane) c.luma = mix->plane[0].classes[now][at];
    if (plane > 1) c.chroma = mix->plane[1].classes[now][at];
    return c;
}

/* Whether a class is above `step`. */
LINC_MIX_INLINE int linc_mix_class_above(LincMix *mix, int plane, const LincMixClasses *c, int step, int above,
                                         const int mode) {
    int o = plane * 7 + step, sides = c->left + c->up, ends = c->corner + c->beyond, component = mix->component;
    int beside = linc_mix_min((3 * sides + ends) / 2, 15), half = linc_mix_min((sides + ends + 1) / 2, 15);
    int past = linc_mix_min((2 * c->before + c->earlier + c->beside + 1) / 2, 15);
    int spread = (c->beside >= 6) + (c->beside >= 15), corners = (sides + 1) / 2 * 8 + (ends + 1) / 2;
    int all = 2 * sides + ends + 2 * c->before + c->earlier + 3 * (c->luma + c->chroma);
    LincMixChoice choice = {.first = LINC_MIX_BY_CLASS + o,
                            .second = LINC_MIX_BY_CLASS_PLANE + linc_mix_min(component, 3) * 3 + plane};
    linc_mix_under(&choice, LINC_MIX_CLASS_BESIDE + (o * 16 + beside) * 8 + (plane ? c->luma : c->before));
    linc_mix_under(&choice, LINC_MIX_CLASS_PAIR + (o * 8 + c->left) * 8 + c->up);
    linc_mix_under(&choice, LINC_MIX_CLASS_BEFORE + ((o * 8 + c->before) * 8 + c->earlier) * 3 + spread);
    linc_mix_under(&choice, LINC_MIX_CLASS_LOWER + (o * 8 + c->luma) * 8 + c->chroma);
    linc_mix_under(&choice, LINC_MIX_CLASS_BOTH + (o * 16 + half) * 16 + past);
    linc_mix_under(&choice, LINC_MIX_CLASS_PLANE + o * 16 + linc_mix_min(component, 15));
    linc_mix_under(&choice, LINC_MIX_CLASS_CORNERS + o * 64 + corners);
    linc_mix_under(&choice, LINC_MIX_CLASS_ALL + o * 64 + linc_mix_min(all, 63));
    return linc_mix_decide(mix, &choice, above, mode);
}

LINC_MIX_INLINE int linc_mix_class(LincMix *mix, int plane, const LincMixClasses *c, int class, const int mode) {
    for (int step = 0; step < 7; step++)
        if (!linc_mix_class_above(mix, plane, c, step, class > step, mode)) return step;
    return 7;
}

LINC_MIX_INLINE void linc_mix_classes(LincMix *mix, int plane, const int mode) {
    uint8_t *classes = mix->plane[plane].classes[linc_mix_slot(mix, 0)];
    for (int row = 0; row < mix->shape.rows; row++) {
        for (int column = 0; column < mix->shape.columns; column++) {
            int at = (row + 1) * mix->class_row + column + 1;
            LincMixClasses around = linc_mix_classes_around(mix, plane, at);
            classes[at] = (uint8_t)linc_mix_class(mix, plane, &around, classes[at], mode);
        }
        if (mode == LINC_MIX_READ && mix->reader.failed) return;
    }
}

#endif
