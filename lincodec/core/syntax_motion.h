/* Walk of the motion of one part (spec 8.12.6). Part of syntax.h: see there for how it is included. */

enum { VECTOR_PREFIX = 15 };

/* One component of a vector difference: zero, unary class, raw bits, sign. */
static int code_component(Coder *c, int zero_context, int prefix_context, int value) {
    int size = value < 0 ? -value : value, n = 0, prefix = 0;
    if (!code_bit(c, zero_context, size != 0)) return 0;
    if (!LINC_READING)
        while (size >= 2 << prefix) prefix++;
    while (n < VECTOR_PREFIX && code_bit(c, prefix_context + n, n < prefix)) n++;
    int base = 1 << n;
    size = base + (n ? (int)code_raw(c, n, (uint32_t)(size - base)) : 0);
    return code_raw(c, 1, value < 0) ? -size : size;
}

/* Both components; contexts from `zero` and `prefix` on. */
static void code_components(Coder *c, int zero, int prefix, int *dx, int *dy) {
    *dx = code_component(c, zero, prefix, *dx);
    *dy = code_component(c, zero + (*dx ? 2 : 1), prefix + 16, *dy);
}

static void code_difference(Coder *c, int *dx, int *dy) {
    code_components(c, LINC_CTX_VECTOR_ZERO, LINC_CTX_VECTOR_PREFIX, dx, dy);
}

/* The vector of reference r of a part that does not merge. */
static void code_vector(Coder *c, const LincFrame *f, const LincPart *part, int r, LincBlock *b) {
    LincVector predictors[2], *v = &b->motion.vector[r];
    linc_vector_predictors(f, part, r, predictors);
    int which = b->predictor >> r & 1;
    if (predictors[0].x != predictors[1].x || predictors[0].y != predictors[1].y)
        which = code_bit(c, LINC_CTX_PREDICTOR, which);
    else
        which = 0;
    int dx = v->x - predictors[which].x, dy = v->y - predictors[which].y;
    code_difference(c, &dx, &dy);
    if (!LINC_READING) return;
    int x = predictors[which].x + dx, y = predictors[which].y + dy;
    if (x < -32767 || x > 32767 || y < -32767 || y > 32767) {
        code_fail(c);
        x = y = 0;
    }
    v->x = (int16_t)x;
    v->y = (int16_t)y;
    b->predictor = (uint8_t)(b->predictor | which << r);
}

static void code_merge_index(Coder *c, const LincFrame *f, const LincPart *part, LincBlock *b) {
    int limit = f->header.merge_size - 1, n = 0;
    while (n < limit && code_bit(c, LINC_CTX_MERGE_INDEX + n, n < b->merge)) n++;
    if (!LINC_READING) return;
    LincMotion list[LINC_MAX_MERGE];
    int count = linc_merge_list(f, part, list);
    if (n >= count) {
        code_fail(c);
        n = 0;
    }
    b->merge = (int8_t)n;
    b->motion = list[n];
}

/* merge_context < 0: the part is known to merge (skip). */
static void code_motion(Coder *c, const LincFrame *f, const LincPart *part, int size_log2, int merge_context,
                        LincBlock *b) {
    if (merge_context >= 0) {
        int merged = code_bit(c, LINC_CTX_MERGE + merge_context, b->merge >= 0);
        if (LINC_READING) b->merge = merged ? 0 : LINC_MERGE_NONE;
    } else if (LINC_READING) {
        b->merge = 0;
    }
    if (b->merge >= 0) {
        code_merge_index(c, f, part, b);
        return;
    }
    int direction = LINC_FIRST;
    if (f->header.references > 1) {
        direction = b->motion.direction;
        if (code_bit(c, LINC_CTX_BOTH + size_log2 - 3, direction == LINC_BOTH))
            direction = LINC_BOTH;
        else
            direction = code_bit(c, LINC_CTX_SECOND, direction == LINC_SECOND) ? LINC_SECOND : LINC_FIRST;
    }
    if (LINC_READING) b->motion.direction = (uint8_t)direction;
    for (int r = 0; r < 2; r++)
        if (direction & 1 << r) code_vector(c, f, part, r, b);
}
