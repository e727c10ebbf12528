/* Public interface of the search for motion between two frames, for the motion tensor (spec 8.7). For encoders. */
#ifndef LINC_FLOW_PUBLIC_H
#define LINC_FLOW_PUBLIC_H

#include "linc_core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A plane by means of 2x2 samples, edges repeated: [height, width] to [(height + 1) / 2, (width + 1) / 2]. */
LINC_API LincStatus linc_flow_halve(const float *in, int32_t height, int32_t width, float *out);

/* A plane by the binomial filter 1 2 1 along both axes. */
LINC_API LincStatus linc_flow_smooth(const float *in, int32_t height, int32_t width, float *out);

/* Bytes of working memory that a search needs; 0: there are no such sizes. */
LINC_API int64_t linc_flow_bytes(int32_t height, int32_t width, int32_t rows, int32_t columns);

/* Displacements from the first plane [height, width] to the second one, in samples, seen from halfway: `field` is
 * [2, rows, columns], horizontal then vertical, on a grid that covers the plane evenly. */
LINC_API LincStatus linc_flow_search(const float *first, const float *second, int32_t height, int32_t width,
                                     int32_t rows, int32_t columns, float *field, void *work);

#ifdef __cplusplus
}
#endif
#endif
