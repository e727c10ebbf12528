/* Filters in the loop, in their order (spec 8.12.11). */
#include "deblock.h"
#include "filter.h"
#include "reconstruct.h"

LincStatus linc_loop_filters(LincFrame *f) {
    if (f->header.tools & LINC_TOOL_DEBLOCKING) linc_deblock(f);
    if (!(f->header.tools & LINC_TOOL_FILTER)) return LINC_OK;
    LincPicture *scratch = linc_picture_create(f->geometry);
    if (!scratch) return LINC_MEMORY;
    linc_filter(f, scratch);
    linc_picture_destroy(scratch);
    return LINC_OK;
}
