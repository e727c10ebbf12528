/* Walk of one leaf: modes, motion, transforms (spec 8.12.6). Part of syntax.h: see there for how it is included. */

/* What the walk carries from leaf to leaf. */
typedef struct LeafWalk {
    int step_offset;      /* running */
    int step_offset_coded;/* in the quadtree node of 16 or more that is being walked */
    int with_levels;
} LeafWalk;

static const LincBlock *coded_neighbour(const LincFrame *f, int x, int y, int xn, int yn) {
    return linc_available(f->geometry, x, y, xn, yn) ? linc_block(f, xn, yn) : NULL;
}

/* Skip flag and, if it is not set, whether the leaf is predicted inside the frame. */
static void code_mode(Coder *c, const LincFrame *f, int x, int y, int size_log2, LincBlock *b) {
    const LincBlock *left = coded_neighbour(f, x, y, x - 1, y), *up = coded_neighbour(f, x, y, x, y - 1);
    int skips = (left && left->skip) + (up && up->skip);
    int skip = code_bit(c, LINC_CTX_SKIP + skips, b->skip), intra = 0;
    if (!skip && size_log2 < LINC_UNIT_LOG2) {
        int intras = (left && left->mode == LINC_MODE_INTRA) + (up && up->mode == LINC_MODE_INTRA);
        intra = code_bit(c, LINC_CTX_INTRA + intras, b->mode == LINC_MODE_INTRA);
    }
    if (!LINC_READING) return;
    b->skip = (uint8_t)skip;
    b->mode = intra ? LINC_MODE_INTRA : LINC_MODE_INTER;
}

/* Motion of every part; in reading, cells are filled part by part, because the second is predicted from the first. */
static void code_parts(Coder *c, LincFrame *f, int x, int y, int size_log2, LincBlock *b) {
    if (!b->skip && size_log2 >= 4) {
        int part = LINC_PART_WHOLE;
        if (code_bit(c, LINC_CTX_PART + size_log2 - 4, b->part != LINC_PART_WHOLE))
            part = code_bit(c, LINC_CTX_PART + 3, b->part == LINC_PART_COLUMNS) ? LINC_PART_COLUMNS : LINC_PART_ROWS;
        if (LINC_READING) b->part = (uint8_t)part;
    }
    int count = linc_part_count(b->part);
    for (int i = 0; i < count; i++) {
        LincPart part = linc_part(x, y, 1 << size_log2, b->part, i);
        int merge_context = b->skip ? -1 : count - 1;
        if (LINC_READING) {
            memset(&b->motion, 0, sizeof b->motion);
            b->predictor = 0;
            code_motion(c, f, &part, size_log2, merge_context, b);
            linc_block_fill(f, part.x, part.y, part.width, part.height, b);
        } else {
            code_motion(c, f, &part, size_log2, merge_context, linc_block(f, part.x, part.y));
        }
    }
}

/* Luma mode: one of three likely ones, or the rest by a tree of five bits. */
static int code_intra_mode(Coder *c, const int likely[3], int mode) {
    int index = mode == likely[0] ? 0 : mode == likely[1] ? 1 : mode == likely[2] ? 2 : 3;
    if (code_bit(c, LINC_CTX_LIKELY, index < 3)) {
        if (!code_bit(c, LINC_CTX_LIKELY + 1, index > 0)) return likely[0];
        return likely[1 + code_bit(c, LINC_CTX_LIKELY + 2, index > 1)];
    }
    int rest = mode - (mode > likely[0]) - (mode > likely[1]) - (mode > likely[2]), node = 1;
    for (int i = 4; i >= 0; i--) node = node << 1 | code_bit(c, LINC_CTX_INTRA_MODE + node, rest >> i & 1);
    rest = node & 31;
    /* Back through the likely modes from the smallest up. */
    for (int passed = -1, i = 0; i < 3; i++) {
        int next = LINC_INTRA_MODES;
        for (int k = 0; k < 3; k++)
            if (likely[k] > passed && likely[k] < next) next = likely[k];
        rest += rest >= next;
        passed = next;
    }
    return rest;
}

static int is_copy(const LincBlock *b) {
    return b && b->mode == LINC_MODE_INTRA && b->intra_luma == LINC_INTRA_COPY;
}

/* Whether the leaf is a copy, and where from: the difference to the vector of the left leaf, or of the upper one. */
static int code_copy(Coder *c, const LincFrame *f, int x, int y, int size_log2, LincBlock *b) {
    const LincBlock *left = coded_neighbour(f, x, y, x - 1, y), *up = coded_neighbour(f, x, y, x, y - 1);
    const LincBlock *near = is_copy(left) ? left : is_copy(up) ? up : NULL;
    LincVector from = near ? near->motion.vector[0] : (LincVector){0, 0}, *v = &b->motion.vector[0];
    if (!code_bit(c, LINC_CTX_COPY + is_copy(left) + is_copy(up), b->intra_luma == LINC_INTRA_COPY)) return 0;
    int dx = v->x - from.x, dy = v->y - from.y;
    code_components(c, LINC_CTX_COPY_ZERO, LINC_CTX_COPY_PREFIX, &dx, &dy);
    int allowed = linc_copy_allowed(f->geometry, x, y, 1 << size_log2, from.x + dx, from.y + dy);
    if (!allowed) code_fail(c);
    if (!LINC_READING || !allowed) return 1;
    v->x = (int16_t)(from.x + dx);
    v->y = (int16_t)(from.y + dy);
    b->intra_luma = LINC_INTRA_COPY;
    return 1;
}

static void code_intra(Coder *c, const LincFrame *f, int x, int y, int size_log2, LincBlock *b) {
    int likely[3];
    if (f->header.tools & LINC_TOOL_COPY && code_copy(c, f, x, y, size_log2, b)) return;
    linc_likely_modes(f, x, y, likely);
    int mode = code_intra_mode(c, likely, b->intra_luma), chroma = LINC_CHROMA_AS_LUMA;
    if (f->geometry->planes > 1) chroma = code_bit(c, LINC_CTX_CHROMA_MODE, b->intra_chroma);
    if (!LINC_READING) return;
    b->intra_luma = (uint8_t)mode;
    b->intra_chroma = (uint8_t)chroma;
}

/* Difference from the running offset. */
static void code_step_offset(Coder *c, LeafWalk *w, LincBlock *b) {
    int delta = b->step_offset - w->step_offset, size = delta < 0 ? -delta : delta, n = 0;
    if (code_bit(c, LINC_CTX_STEP_OFFSET, size != 0)) {
        int negative = code_bit(c, LINC_CTX_STEP_OFFSET + 1, delta < 0);
        while (n < 4 && code_bit(c, LINC_CTX_STEP_OFFSET + 2 + n, size - 1 > n)) n++;
        size = 1 + n;
        if (n == 4) size += code_golomb(c, 0, 5, (delta < 0 ? -delta : delta) - 5);
        w->step_offset += negative ? -size : size;
    }
    w->step_offset_coded = 1;
    if (w->step_offset < -LINC_MAX_STEP_OFFSET || w->step_offset > LINC_MAX_STEP_OFFSET) {
        code_fail(c);
        w->step_offset = 0;
    }
}

static void code_transform(Coder *c, const LincFrame *f, const LeafWalk *w, int plane, int x, int y, int log2,
                           int context, int bit, LincBlock *b) {
    int coded = code_bit(c, context, b->coded >> bit & 1);
    if (LINC_READING && coded) b->coded = (uint16_t)(b->coded | 1 << bit);
    if (!coded) return;
    int plain = b->plain >> bit & 1;
    if (f->header.tools & LINC_TOOL_TRANSFORM_SKIP) plain = code_bit(c, linc_ctx_plain(plane, log2), plain);
    if (LINC_READING) b->plain = (uint16_t)(b->plain | plain << bit);
    if (!w->with_levels) return;
    int extent = code_levels(c, linc_levels(f, plane, x, y), f->geometry->plane_width[plane], log2,
                             linc_level_kind(plane, plain), f->header.tools & LINC_TOOL_SIGN_HIDING);
    if (LINC_READING) *linc_extent(f, plane, x, y) = (uint8_t)extent;
}

static void code_chroma(Coder *c, const LincFrame *f, const LeafWalk *w, int x, int y, int size_log2, LincBlock *b) {
    const LincGeometry *g = f->geometry;
    LincChromaTiling t = linc_chroma_tiling(g, size_log2);
    int intra = b->mode == LINC_MODE_INTRA;
    for (int plane = 1; plane < 3; plane++)
        for (int i = 0; i < t.count; i++) {
            int px = (x >> g->shift_x[plane]) + ((i % t.across) << t.side_log2);
            int py = (y >> g->shift_y[plane]) + ((i / t.across) << t.side_log2);
            int context = plane == 1 ? LINC_CTX_CODED_U + intra
                                     : LINC_CTX_CODED_V + intra * 2 + (b->coded >> (4 + i) & 1);
            code_transform(c, f, w, plane, px, py, t.side_log2, context, 4 * plane + i, b);
        }
}

static void code_residual(Coder *c, const LincFrame *f, const LeafWalk *w, int x, int y, int size_log2, LincBlock *b) {
    int intra = b->mode == LINC_MODE_INTRA, split = 1;
    if (size_log2 < LINC_UNIT_LOG2)
        split = code_bit(c, LINC_CTX_TRANSFORM_SPLIT + (size_log2 - 3) * 2 + intra, b->split);
    if (LINC_READING) b->split = (uint8_t)split;
    if (f->geometry->planes > 1) code_chroma(c, f, w, x, y, size_log2, b);
    int log2 = size_log2 - split, context = linc_ctx_coded_luma(intra, split, log2);
    for (int i = 0; i < (split ? 4 : 1); i++)
        code_transform(c, f, w, 0, x + ((i & 1) << log2), y + ((i >> 1) << log2), log2, context, i, b);
}

static void code_leaf(Coder *c, LincFrame *f, LeafWalk *w, int x, int y, int size_log2) {
    LincBlock fresh, *b = linc_block(f, x, y);
    if (LINC_READING) {
        memset(&fresh, 0, sizeof fresh);
        fresh.merge = LINC_MERGE_NONE;
        fresh.size_log2 = (uint8_t)size_log2;
        b = &fresh;
    }
    if (f->header.references) code_mode(c, f, x, y, size_log2, b);
    if (b->mode == LINC_MODE_INTER)
        code_parts(c, f, x, y, size_log2, b);
    else
        code_intra(c, f, x, y, size_log2, b);
    int residual = !b->skip;
    if (b->mode == LINC_MODE_INTER && !b->skip && (b->part != LINC_PART_WHOLE || b->merge < 0))
        residual = code_bit(c, LINC_CTX_RESIDUAL, b->residual);
    if (LINC_READING) b->residual = (uint8_t)residual;
    if (residual) {
        if (f->header.tools & LINC_TOOL_STEP_OFFSETS && !w->step_offset_coded) code_step_offset(c, w, b);
        if (LINC_READING) b->step_offset = (int8_t)w->step_offset;
        if (!LINC_READING && b->step_offset != w->step_offset) code_fail(c);
        code_residual(c, f, w, x, y, size_log2, b);
    }
    if (!LINC_READING) return;
    /* What both parts share now goes into every cell; motion, merge and predictors stay each part's own. */
    for (int i = 0; i < linc_part_count(b->part); i++) {
        LincPart part = linc_part(x, y, 1 << size_log2, b->part, i);
        if (b->part != LINC_PART_WHOLE) {
            const LincBlock *own = linc_block(f, part.x, part.y);
            b->motion = own->motion;
            b->merge = own->merge;
            b->predictor = own->predictor;
        }
        linc_block_fill(f, part.x, part.y, part.width, part.height, b);
    }
}
