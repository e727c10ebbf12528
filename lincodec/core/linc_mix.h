/* Public interface of the mixing coder of spectral tensors (spec 7.5): component after component, to bytes and back. */
#ifndef LINC_MIX_PUBLIC_H
#define LINC_MIX_PUBLIC_H

#include "linc_core.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LINC_MIX_PLANES = 3 };

typedef struct LincMixShape {
    int32_t components, planes, rows, columns; /* of blocks */
    int32_t height[LINC_MIX_PLANES], width[LINC_MIX_PLANES]; /* of a block of each plane, 1 to 64 */
} LincMixShape;

typedef struct LincMix LincMix;

/* A reader of `bytes`, which must stay readable, or with bytes = NULL a writer. */
LINC_API LincStatus linc_mix_open(const LincMixShape *shape, const uint8_t *bytes, size_t size, LincMix **mix);
LINC_API void linc_mix_close(LincMix *mix);

/* Reads the next component and says how many coefficients of each plane are not 0. */
LINC_API LincStatus linc_mix_read(LincMix *mix, int64_t *found);

/* Those of a plane of the component read last, in ascending order: row-major indices [row, column, v, u]. */
LINC_API LincStatus linc_mix_take(const LincMix *mix, int32_t plane, int32_t *where, int32_t *values, int64_t count);

/* LINC_OK once all components are read and the bytes ended with them. */
LINC_API LincStatus linc_mix_ended(const LincMix *mix);

/* Adds a component: the same lists of each plane. */
LINC_API LincStatus linc_mix_write(LincMix *mix, const int32_t *const *where, const int32_t *const *values,
                                   const int64_t *counts);

/* Chooses the levels of the next component of a writer, and adds it: those that cost least, squared distance to
 * `wishes` ([row, column, v, u] of each plane, unrounded) plus `price` for a bit. First coefficients of component 0
 * are rounded. Nothing is kept for linc_mix_finish. */
LINC_API LincStatus linc_mix_choose(LincMix *mix, const float *const *wishes, float price, int32_t *const *levels);

/* A chooser begins again with the first component and knows from the start what it has learned. */
LINC_API void linc_mix_rewind(LincMix *mix);

/* The finished bytes; LINC_ARGUMENT if they do not fit, *size is then what they may take at most. */
LINC_API LincStatus linc_mix_finish(const LincMix *mix, uint8_t *bytes, size_t capacity, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
