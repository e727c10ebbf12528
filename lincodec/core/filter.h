/* Wiener loop filter with signalled sets, after deblocking (spec 8.12.11). */
#ifndef LINC_FILTER_H
#define LINC_FILTER_H

#include "block.h"

enum {
    LINC_FILTER_AREA = 32,      /* luma samples a side of the area that one set is signalled for */
    LINC_FILTER_SHIFT = 7,      /* coefficients are in 1/128 */
    LINC_FILTER_TAPS_LUMA = 12, /* symmetric pairs: 7x7 diamond */
    LINC_FILTER_TAPS_CHROMA = 6 /* 5x5 diamond */
};

/* Positions of the pairs, dx and dy; the other one is (-dx, -dy). */
extern const int8_t linc_filter_luma[LINC_FILTER_TAPS_LUMA][2];
extern const int8_t linc_filter_chroma[LINC_FILTER_TAPS_CHROMA][2];

/* Filters frame->picture by header.filter and filter_set; needs a scratch picture of the same geometry, and swaps
 * the planes it filtered with it. */
void linc_filter(const LincFrame *frame, LincPicture *scratch);

#endif
