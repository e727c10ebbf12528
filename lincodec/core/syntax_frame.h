/* Walk of a frame: filter sets, units, quadtrees (spec 8.12.6). Part of syntax.h: see there for how it is included. */

/* Coefficients of the loop filter, before the first unit. */
static void code_filters(Coder *c, LincFrame *f) {
    for (int plane = 0; plane < f->geometry->planes; plane++) {
        int taps = plane ? LINC_FILTER_TAPS_CHROMA : LINC_FILTER_TAPS_LUMA;
        f->header.filter_sets[plane] = (int)code_raw(c, 2, (uint32_t)f->header.filter_sets[plane]);
        for (int s = 0; s < f->header.filter_sets[plane]; s++)
            for (int k = 0; k < taps; k++) {
                int8_t *tap = &f->header.filter[plane][s][k];
                int size = code_golomb(c, 2, 4, *tap < 0 ? -*tap : *tap);
                int negative = size ? (int)code_raw(c, 1, *tap < 0) : 0;
                if (LINC_READING) *tap = (int8_t)(negative ? -size : size);
            }
    }
}

/* Set of one area of 32x32: a unary count whose contexts say how many neighbours go further. */
static void code_area(Coder *c, LincFrame *f, int plane, int ax, int ay) {
    uint8_t *set = f->filter_set[plane] + (ptrdiff_t)ay * f->filter_columns + ax;
    int left = ax ? set[-1] : 0, up = ay ? set[-f->filter_columns] : 0, n = 0;
    while (n < f->header.filter_sets[plane] &&
           code_bit(c, LINC_CTX_FILTER_SET + (plane * 3 + n) * 3 + (left > n) + (up > n), LINC_READING ? 0 : *set > n))
        n++;
    if (LINC_READING) *set = (uint8_t)n;
}

static void code_areas(Coder *c, LincFrame *f, int ux, int uy) {
    for (int plane = 0; plane < f->geometry->planes; plane++) {
        if (!f->header.filter_sets[plane]) continue;
        for (int i = 0; i < 4; i++) {
            int ax = ux * 2 + (i & 1), ay = uy * 2 + (i >> 1);
            if (ax < f->filter_columns && ay < f->filter_rows) code_area(c, f, plane, ax, ay);
        }
    }
}

/* A node of the quadtree. Nodes across the picture's edge are cut without a bit, as are nodes of 64 in frames
 * without references, which have no leaves of that size. */
static void code_node(Coder *c, LincFrame *f, LeafWalk *w, int x, int y, int size_log2) {
    const LincGeometry *g = f->geometry;
    int size = 1 << size_log2, half = size >> 1;
    if (x >= g->width || y >= g->height || code_failed(c)) return;
    int inside = x + size <= g->width && y + size <= g->height;
    int split = !inside || (size_log2 == LINC_UNIT_LOG2 && !f->header.references);
    if (size_log2 >= 4) w->step_offset_coded = 0;
    if (!split && size_log2 > LINC_CELL_LOG2) {
        int deeper = LINC_READING ? 0 : linc_block(f, x, y)->size_log2 < size_log2;
        split = code_bit(c, linc_ctx_split(f, x, y, size_log2), deeper);
    }
    if (!split) {
        code_leaf(c, f, w, x, y, size_log2);
        return;
    }
    for (int i = 0; i < 4; i++) code_node(c, f, w, x + (i & 1) * half, y + (i >> 1) * half, size_log2 - 1);
}

static void code_unit(Coder *c, LincFrame *f, LeafWalk *w, int unit) {
    int ux = unit % f->geometry->unit_columns, uy = unit / f->geometry->unit_columns;
    if (f->header.tools & LINC_TOOL_FILTER) code_areas(c, f, ux, uy);
    code_node(c, f, w, ux * LINC_UNIT, uy * LINC_UNIT, LINC_UNIT_LOG2);
}

static void code_frame(Coder *c, LincFrame *f) {
    LeafWalk w = {0, 0, 1};
    int units = f->geometry->unit_columns * f->geometry->unit_rows;
    if (f->header.tools & LINC_TOOL_FILTER) code_filters(c, f);
    for (int unit = 0; unit < units && !code_failed(c); unit++) code_unit(c, f, &w, unit);
}
