/* The order of what is coded (spec 7.5.1), for the reader and the writer. */
#ifndef LINC_MIX_COMPONENT_H
#define LINC_MIX_COMPONENT_H

#include "mix_classes.h"
#include "mix_first.h"
#include "mix_magnitudes.h"
#include "mix_signs.h"

/* Whether any block of a plane has a class above 0; of a writer's planes, where classes are known. */
static inline int linc_mix_any(const LincMix *mix, int plane) {
    const uint8_t *classes = mix->plane[plane].classes[linc_mix_slot(mix, 0)];
    int any = 0;
    for (int i = 0; i < (mix->shape.rows + 2) * mix->class_row; i++) any |= classes[i];
    return any != 0;
}

/* 0 on broken bytes. */
LINC_MIX_INLINE int linc_mix_plane(LincMix *mix, int plane, const int mode) {
    if (!mix->component) linc_mix_first(mix, plane, mode);
    if (mode == LINC_MIX_READ && mix->reader.failed) return 0;
    int occupied = mode == LINC_MIX_READ ? 0 : linc_mix_any(mix, plane);
    if (!linc_mix_occupied(mix, plane, occupied, mode)) return 1;
    linc_mix_classes(mix, plane, mode);
    if (mode == LINC_MIX_READ && mix->reader.failed) return 0;
    linc_mix_magnitudes(mix, plane, mode);
    if (mode == LINC_MIX_READ && mix->reader.failed) return 0;
    linc_mix_signs(mix, plane, mode);
    return mode != LINC_MIX_READ || !mix->reader.failed;
}

#endif
