/* Loop filters of the encoder. */
#include "enc_filter.h"

#include "enc_wiener.h"
#include "reconstruct.h"

enum { PAD = 16 }; /* samples beyond an edge that are looked at */

LincStatus enc_loop_filters(EncSearch *s, LincPool *pool, int wiener) {
    LincFrame *f = s->frame;
    LincStatus status = LINC_OK;
    linc_loop_filters_with(f, NULL); /* without the loop filter: needs nothing more */
    int tools = f->header.tools, sets = 0;
    if (!wiener) return LINC_OK;
    for (int plane = 0; plane < s->geometry->planes; plane++) linc_plane_pad(&f->picture->plane[plane], PAD);
    for (int plane = 0; plane < s->geometry->planes && !status; plane++) {
        status = enc_choose_filter(s, plane);
        sets += f->header.filter_sets[plane];
    }
    if (status || !sets) return status;
    LincPicture *scratch = linc_pool_picture(pool, s->geometry);
    if (!scratch) return LINC_MEMORY;
    f->header.tools = LINC_TOOL_FILTER;
    linc_loop_filters_with(f, scratch);
    f->header.tools = tools | LINC_TOOL_FILTER;
    linc_pool_keep_picture(pool, scratch);
    return LINC_OK;
}
