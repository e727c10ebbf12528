/* Signs of a plane of a component, block after block (spec 7.5.7): blocks meet without a step at their edges. */
#ifndef LINC_MIX_SIGNS_H
#define LINC_MIX_SIGNS_H

#include <string.h>

#include "mix_decide.h"

static inline int linc_mix_within(int32_t x, int32_t most) {
    return (x < -most ? -most : x > most ? most : x) + most;
}

LINC_MIX_INLINE int linc_mix_negative(LincMix *mix, int plane, int v, int u, int32_t at, int32_t luma_at,
                                      int32_t across, int32_t down, int negative, const int mode) {
    const LincMixPlane *p = &mix->plane[plane];
    int now = linc_mix_slot(mix, 0), z = plane > 0, r = p->at_row;
    const int8_t *s = p->sign[now] + at;
    int before = p->sign[linc_mix_slot(mix, 1)][at] + 1, earlier = p->sign[linc_mix_slot(mix, 2)][at] + 1;
    int luma = plane ? mix->plane[0].sign[now][luma_at] + 1 : 1;
    int chroma = plane > 1 ? mix->plane[1].sign[now][at] + 1 : 1;
    int size = linc_mix_min(p->magnitude[now][at], 3) - 1, low = linc_mix_min(v, 3) * 4 + linc_mix_min(u, 3);
    int edges = linc_mix_within(across, 4) * 9 + linc_mix_within(down, 4), diagonal = linc_mix_min(v + u, 7);
    int inside = ((s[-p->at_u] + 1) * 3 + s[-p->at_v] + 1) * 3 + s[-p->at_v - p->at_u] + 1;
    int beside = ((s[-1] + 1) * 3 + s[-r] + 1) * 3 + s[-r - 1] + 1;
    LincMixChoice choice = {.first = LINC_MIX_BY_SIGN + plane, .second = LINC_MIX_BY_SIGN_DIAGONAL + diagonal};
    linc_mix_under(&choice, LINC_MIX_SIGN_EDGES + (z * 81 + edges) * 3 + size);
    linc_mix_under(&choice, LINC_MIX_SIGN_BEFORE + ((z * 16 + low) * 3 + before) * 3 + earlier);
    linc_mix_under(&choice, LINC_MIX_SIGN_BESIDE + (z * 16 + low) * 27 + beside);
    linc_mix_under(&choice, LINC_MIX_SIGN_LOWER + ((plane * 16 + low) * 3 + luma) * 3 + chroma);
    linc_mix_under(&choice, LINC_MIX_SIGN_INSIDE + (inside * 4 + (v & 1) * 2 + (u & 1)) * 3 + plane);
    linc_mix_under(&choice, LINC_MIX_SIGN_DIAGONAL + (diagonal * 3 + luma) * 81 + edges);
    linc_mix_under(&choice, LINC_MIX_SIGN_SUM + ((z * 16 + low) * 13 + linc_mix_within(across + down, 6)) * 3 + size);
    return linc_mix_decide(mix, &choice, negative, mode);
}

/* One block; `right` holds what the block to the left says at its edge, and then what this one says. */
LINC_MIX_INLINE void linc_mix_signs_block(LincMix *mix, int plane, int row, int column, int bound, const int mode) {
    LincMixPlane *p = &mix->plane[plane];
    const LincMixPlane *luma = &mix->plane[0];
    int now = linc_mix_slot(mix, 0);
    int32_t beside = row * p->at_row + column, block = row * mix->shape.columns + column;
    int32_t *level = p->level + (int64_t)block * p->area, *below = mix->edge_below + (int64_t)column * p->width;
    int32_t *of_row = mix->inside_row, *of_column = mix->inside_column;
    int32_t next_right[64] = {0}, next_below[64] = {0};
    memset(of_row, 0, sizeof *of_row * (size_t)p->height);
    memset(of_column, 0, sizeof *of_column * (size_t)p->width);
    for (int i = 0; i < p->area; i++) {
        int v = p->scan[2 * i], u = p->scan[2 * i + 1], place = v * p->width + u;
        if (v + u >= bound) break;
        int32_t at = p->origin + v * p->at_v + u * p->at_u + beside, magnitude = p->magnitude[now][at];
        if (!magnitude) continue;
        int32_t luma_at = luma->origin + v * luma->at_v + u * luma->at_u + beside;
        int negative = linc_mix_negative(mix, plane, v, u, at, luma_at, mix->edge_right[v] - of_row[v],
                                         below[u] - of_column[u], level[place] < 0, mode);
        int32_t value = negative ? -magnitude : magnitude;
        if (mode == LINC_MIX_READ && negative) level[place] = -level[place];
        p->sign[now][at] = negative ? -1 : 1;
        of_row[v] += value;
        of_column[u] += value;
        next_right[v] += u & 1 ? -value : value;
        next_below[u] += v & 1 ? -value : value;
        p->found++;
    }
    memcpy(mix->edge_right, next_right, sizeof *next_right * (size_t)p->height);
    memcpy(below, next_below, sizeof *next_below * (size_t)p->width);
}

LINC_MIX_INLINE void linc_mix_signs(LincMix *mix, int plane, const int mode) {
    LincMixPlane *p = &mix->plane[plane];
    const uint8_t *classes = p->classes[linc_mix_slot(mix, 0)];
    memset(mix->edge_below, 0, sizeof *mix->edge_below * (size_t)mix->shape.columns * (size_t)p->width);
    for (int row = 0; row < mix->shape.rows; row++) {
        memset(mix->edge_right, 0, sizeof *mix->edge_right * (size_t)p->height);
        for (int column = 0; column < mix->shape.columns; column++) {
            int class = classes[(row + 1) * mix->class_row + column + 1];
            linc_mix_signs_block(mix, plane, row, column, linc_mix_bounds[class], mode);
        }
        if (mode == LINC_MIX_READ && mix->reader.failed) return;
    }
}

#endif
