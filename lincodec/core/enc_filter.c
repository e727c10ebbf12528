/* Loop filters of the encoder. */
#include "enc_filter.h"

#include "enc_wiener.h"
#include "reconstruct.h"

LincStatus enc_loop_filters(EncSearch *s, int wiener) {
    LincFrame *f = s->frame;
    LincStatus status = linc_loop_filters(f);
    int tools = f->header.tools, sets = 0;
    if (status || !wiener) return status;
    linc_picture_pad(f->picture);
    for (int plane = 0; plane < s->geometry->planes && !status; plane++) {
        status = enc_choose_filter(s, plane);
        sets += f->header.filter_sets[plane];
    }
    if (status || !sets) return status;
    f->header.tools = LINC_TOOL_FILTER;
    status = linc_loop_filters(f);
    f->header.tools = tools | LINC_TOOL_FILTER;
    return status;
}
