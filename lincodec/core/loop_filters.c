/* Filters in the loop, in their order (spec 8.12.11). */
#include "deblock.h"
#include "filter.h"
#include "reconstruct.h"

void linc_loop_filters_with(LincFrame *f, LincPicture *scratch) {
    if (f->header.tools & LINC_TOOL_DEBLOCKING) linc_deblock(f);
    if (f->header.tools & LINC_TOOL_FILTER) linc_filter(f, scratch);
}

LincStatus linc_loop_filters(LincFrame *f) {
    LincPicture *scratch = NULL;
    if (f->header.tools & LINC_TOOL_FILTER) {
        scratch = linc_picture_create(f->geometry);
        if (!scratch) return LINC_MEMORY;
    }
    linc_loop_filters_with(f, scratch);
    linc_picture_destroy(scratch);
    return LINC_OK;
}
