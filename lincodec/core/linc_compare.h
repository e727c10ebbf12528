/* Public interface of comparisons between pictures. */
#ifndef LINC_COMPARE_H
#define LINC_COMPARE_H

#include "linc_core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sum over the pixels of two pictures, and over R, G and B, of squared differences on the scale of 0 to 255. `how`:
 * width, height, planes (1 or 3), log2 of the subsampling of chroma across and down, bits of a sample. `colour`: R, G
 * and B are a y - b + {c v, d u + e v, f u} with u and v less g, clipped; chroma is repeated. Planes as
 * linc_segment_output gives them, strides in bytes. */
LINC_API LincStatus linc_rgb_difference(const int32_t how[6], const float colour[7], const void *const first[3],
                                        const size_t first_strides[3], const void *const second[3],
                                        const size_t second_strides[3], double *sum);

/* Sum of the squared differences of two planes of width x height samples, of 8 bits each or, where depth > 8, of 16;
 * strides in bytes. */
LINC_API LincStatus linc_squared_difference(const int32_t size[2], int32_t depth, const void *first,
                                            size_t first_stride, const void *second, size_t second_stride,
                                            uint64_t *sum);

#ifdef __cplusplus
}
#endif

#endif
