/* Contexts that the walk and the encoder's search share (spec 8.12.6). */
#include "syntax.h"

int linc_ctx_split(const LincFrame *f, int x, int y, int size_log2) {
    int smaller = 0;
    if (linc_available(f->geometry, x, y, x - 1, y)) smaller += linc_block(f, x - 1, y)->size_log2 < size_log2;
    if (linc_available(f->geometry, x, y, x, y - 1)) smaller += linc_block(f, x, y - 1)->size_log2 < size_log2;
    return LINC_CTX_SPLIT + (LINC_UNIT_LOG2 - size_log2) * 3 + smaller;
}

int linc_ctx_coded_luma(int intra, int split, int transform_log2) {
    int size = transform_log2 <= 3 ? 0 : transform_log2 - 3;
    return LINC_CTX_CODED_LUMA + (intra * 2 + split) * 3 + size;
}

int linc_ctx_plain(int plane, int transform_log2) {
    return LINC_CTX_PLAIN + (plane > 0) * 4 + transform_log2 - 2;
}
