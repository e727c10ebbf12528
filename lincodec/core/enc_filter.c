/* Loop filters of the encoder. */
#include "enc_filter.h"

#include "reconstruct.h"

LincStatus enc_loop_filters(EncSearch *s, int wiener) {
    (void)wiener;
    return linc_loop_filters(s->frame);
}
