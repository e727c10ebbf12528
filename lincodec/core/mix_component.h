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

LINC_MIX_INLINE int linc_mix_component(LincMix *mix, const int reading) {
    for (int plane = 0; plane < mix->shape.planes; plane++) {
        if (!mix->component) linc_mix_first(mix, plane, reading);
        if (reading && mix->reader.failed) return 0;
        if (!linc_mix_occupied(mix, plane, reading ? 0 : linc_mix_any(mix, plane), reading)) continue;
        linc_mix_classes(mix, plane, reading);
        if (reading && mix->reader.failed) return 0;
        linc_mix_magnitudes(mix, plane, reading);
        if (reading && mix->reader.failed) return 0;
        linc_mix_signs(mix, plane, reading);
        if (reading && mix->reader.failed) return 0;
    }
    return 1;
}

#endif
