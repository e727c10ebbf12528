/* Public interface of other sizes (spec 8.4): planes whose samples are weighted sums of those of another plane.
 *
 * Sums are in binary32, within the tolerance of spec 8.8. Rows of the output do not depend on one another, so several
 * threads may each make some of them. Calls share nothing but what they read.
 */
#ifndef LINC_RESAMPLE_PUBLIC_H
#define LINC_RESAMPLE_PUBLIC_H

#include "linc_core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One axis: which native samples an output sample is a sum of. */
typedef struct LincAxis {
    int32_t size;         /* native samples, 1 to LINC_MAX_OUTPUT_SIDE */
    int32_t count;        /* output samples, 1 to LINC_MAX_OUTPUT_SIDE */
    int32_t taps;         /* native samples of each output sample, 1 to size */
    int32_t mean;         /* 1: each is the mean of its samples, and the first of the next follows them; else 0 */
    const int32_t *first; /* [count]: the first of these samples, not descending, 0 to size - taps */
    const float *weights; /* [count, taps] */
} LincAxis;

enum { LINC_MAX_OUTPUT_SIDE = 1 << 24 };

/* Floats of working memory that a call needs; 0: there are no such axes. Reads `first` alone. */
LINC_API int64_t linc_resample_floats(const LincAxis *rows, const LincAxis *columns);

/* Rows `first` to `last` - 1 of the output plane `out`, of which all is given. Depth 8 to 16: codes as
 * linc_segment_output gives them; depth 0: floats, centred, in 8-bit code values. Strides and sizes are bytes, `work`
 * is memory of linc_resample_floats. LINC_CORRUPT: a sample is not a finite number. */
LINC_API LincStatus linc_resample(const LincAxis *rows, const LincAxis *columns, const void *in, size_t in_stride,
                                  size_t in_size, int32_t in_depth, void *out, size_t stride, size_t size,
                                  int32_t depth, int32_t first, int32_t last, float *work);

/* One plane of a reconstructed record at another size, in codes of the source's depth. */
LINC_API LincStatus linc_segment_resample(const LincSegment *segment, int32_t record, int32_t plane,
                                          const LincAxis *rows, const LincAxis *columns, void *out, size_t stride,
                                          size_t size, float *work);

#ifdef __cplusplus
}
#endif

#endif
