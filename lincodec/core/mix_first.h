/* First coefficients of component 0: residuals of a prediction from the blocks beside (spec 7.5.3). */
#ifndef LINC_MIX_FIRST_H
#define LINC_MIX_FIRST_H

#include "mix_decide.h"

enum { LINC_MIX_FIRST_BITS = 18 };

/* What is around a first coefficient. */
typedef struct LincMixFirst {
    int plane, near, rest, lower; /* ranges of what varies nearby, of residuals nearby, of the one in channel 0 */
    int lower_sign, slope, guess;
} LincMixFirst;

static inline int linc_mix_signum(int32_t x) {
    return (x > 0) - (x < 0);
}

static inline LincMixFirst linc_mix_first_around(const LincMix *mix, int plane, int row, int column) {
    const LincMixPlane *p = &mix->plane[plane];
    int columns = mix->shape.columns, at = row * columns + column, area = p->area;
    const int32_t *level = p->level, *rest = p->first + (row + 1) * (columns + 2) + column + 1;
    int32_t left = column ? level[(at - 1) * area] : row ? level[(at - columns) * area] : 0;
    int32_t up = row ? level[(at - columns) * area] : left;
    int32_t corner = row && column ? level[(at - columns - 1) * area] : column ? left : up;
    int32_t beyond = row && column < columns - 1 ? level[(at - columns + 1) * area] : up;
    int32_t low = linc_mix_min(left, up), high = linc_mix_max(left, up), flat = left + up - corner;
    int32_t west = rest[-1] < 0 ? -rest[-1] : rest[-1];
    int32_t north = rest[-columns - 2] < 0 ? -rest[-columns - 2] : rest[-columns - 2];
    int32_t east = rest[-columns - 1] < 0 ? -rest[-columns - 1] : rest[-columns - 1];
    int64_t turns = (left < corner ? corner - left : left - corner) + (up < corner ? corner - up : up - corner) +
                    (up < beyond ? beyond - up : up - beyond);
    int32_t luma = plane ? mix->plane[0].first[(row + 1) * (columns + 2) + column + 1] : 0;
    LincMixFirst around = {.plane = plane, .guess = flat < low ? low : flat > high ? high : flat};
    around.near = linc_mix_range(4 * (turns + 2 * (int64_t)west + 2 * (int64_t)north + east));
    around.rest = linc_mix_range(8 * ((int64_t)west + north));
    around.lower = linc_mix_range(16 * (int64_t)(luma < 0 ? -luma : luma));
    around.lower_sign = 3 * (linc_mix_signum(luma) + 1);
    if (plane > 1) around.lower_sign += linc_mix_signum(mix->plane[1].first[(row + 1) * (columns + 2) + column + 1]);
    around.lower_sign += 1;
    around.slope = 9 * (linc_mix_signum(left - corner) + 1) + 3 * (linc_mix_signum(up - corner) + 1) +
                   linc_mix_signum(beyond - up) + 1;
    return around;
}

/* Exponent of the residual's magnitude plus 1; above LINC_MIX_FIRST_BITS in broken bytes. */
LINC_MIX_INLINE int linc_mix_first_exponent(LincMix *mix, const LincMixFirst *around, int exponent, const int mode) {
    for (int step = 0; step <= LINC_MIX_FIRST_BITS; step++) {
        int o = around->plane * 24 + step;
        LincMixChoice choice = {.first = LINC_MIX_BY_FIRST + around->plane * 8 + linc_mix_min(step, 7),
                                .second = LINC_MIX_BY_FIRST_NEAR + around->near};
        linc_mix_under(&choice, LINC_MIX_FIRST_NEAR + o * 64 + around->near);
        linc_mix_under(&choice, LINC_MIX_FIRST_REST + o * 64 + around->rest);
        linc_mix_under(&choice, LINC_MIX_FIRST_LOWER + o * 64 + around->lower);
        linc_mix_under(&choice, LINC_MIX_FIRST_ALL + o);
        if (!linc_mix_decide(mix, &choice, exponent > step, mode)) return step;
    }
    return LINC_MIX_FIRST_BITS + 1;
}

LINC_MIX_INLINE int32_t linc_mix_first_rest(LincMix *mix, const LincMixFirst *around, int32_t rest, const int mode) {
    uint32_t number = (uint32_t)(rest < 0 ? -rest : rest) + 1;
    int exponent = 0, negative = rest < 0;
    while (mode != LINC_MIX_READ && number >> (exponent + 1)) exponent++;
    exponent = linc_mix_first_exponent(mix, around, exponent, mode);
    if (exponent > LINC_MIX_FIRST_BITS) {
        mix->reader.failed = 1;
        return 0;
    }
    if (exponent) {
        LincMixChoice choice = {.first = LINC_MIX_BY_FIRST_BIT, .second = LINC_MIX_BY_FIRST_BIT + 1};
        linc_mix_under(&choice, LINC_MIX_FIRST_BIT + around->plane * 24 + exponent);
        uint32_t top = (uint32_t)linc_mix_decide(mix, &choice, (int)(number >> (exponent - 1) & 1), mode);
        uint32_t tail = 0;
        for (int left = exponent - 1; left > 0;) {
            int count = linc_mix_min(left, 15);
            left -= count;
            tail = tail << count | linc_mix_plain(mix, count, number >> left, mode);
        }
        number = 1u << exponent | top << (exponent - 1) | tail;
    } else {
        number = 1;
    }
    int32_t magnitude = (int32_t)number - 1;
    if (!magnitude) return 0;
    LincMixChoice choice = {.first = LINC_MIX_BY_FIRST_SIGN, .second = LINC_MIX_BY_FIRST_SIGN + 1};
    linc_mix_under(&choice, LINC_MIX_FIRST_SIGN + around->plane * 9 + around->lower_sign);
    linc_mix_under(&choice, LINC_MIX_FIRST_SLOPE + around->slope);
    negative = linc_mix_decide(mix, &choice, negative, mode);
    return negative ? -magnitude : magnitude;
}

LINC_MIX_INLINE void linc_mix_first(LincMix *mix, int plane, const int mode) {
    LincMixPlane *p = &mix->plane[plane];
    int columns = mix->shape.columns;
    for (int block = 0; block < mix->blocks; block++) {
        int row = block / columns, column = block % columns;
        LincMixFirst around = linc_mix_first_around(mix, plane, row, column);
        int32_t *level = p->level + (int64_t)block * p->area;
        int32_t rest = linc_mix_first_rest(mix, &around, *level - around.guess, mode);
        p->first[(row + 1) * (columns + 2) + column + 1] = rest;
        if (mode != LINC_MIX_READ) continue;
        *level = around.guess + rest;
        if (*level < -65535 || *level > 65535) {
            mix->reader.failed = 1;
            *level = 0;
        }
        p->found += *level != 0;
        if (mix->reader.failed) return;
    }
}

#endif
