/* Pictures between two others: overlapping blocks of both along motion, or mixed in place (spec 8.7.3). */
#include "between.h"

#include <string.h>

enum {
    SIDE = 2 * (LINC_FLOW_CELL << LINC_FLOW_HALVED), /* samples of a block along an axis, at most */
    TAPS = 4,
    BEFORE = 1,       /* samples before a block that the taps reach */
    STRIDE = SIDE + TAPS - 1,
    EXTRA = 2,        /* bits of a sample below those of a code */
    NOISE = 16,       /* squared codes a sample that a difference is taken to have anyway */
    UNSEEN = 64,      /* what a picture counts in which a block is hidden, to 256 where it is seen */
    PARTS_LOG2 = 12   /* of shares of samples */
};

typedef int32_t Block[SIDE * SIDE];

/* What both pictures show of a block: along motion, and in place. */
typedef struct Views {
    Block back, ahead, first, second;
} Views;

typedef struct Size {
    int rows, columns;
} Size;

/* How blocks of a plane lie. */
typedef struct Layout {
    Size cell;
    int shift_x, shift_y;
    int32_t *sums;    /* [2 cell.rows, stride] */
    ptrdiff_t stride;
} Layout;

/* Cubic convolution with a = -1/2 at a 64th, in 128ths. */
static void taps_of(int share, int32_t w[TAPS]) {
    int x = share, z = LINC_FLOW_UNIT - share;
    w[0] = -(int32_t)linc_flow_nearest(x * z * z, 4096);
    w[2] = (int32_t)linc_flow_nearest(4096 * x + 256 * x * x - 3 * x * x * x, 4096);
    w[3] = -(int32_t)linc_flow_nearest(z * x * x, 4096);
    w[1] = 128 - w[0] - w[2] - w[3];
}

/* Samples of a plane from (y, x) on; those beyond the edge repeat it. */
static void fetch(const void *plane, int wide, Size plane_size, int y, int x, Size size, uint16_t *out) {
    int inside = x >= 0 && x + size.columns <= plane_size.columns;
    for (int r = 0; r < size.rows; r++, out += STRIDE) {
        size_t row = (size_t)linc_flow_clamp(y + r, 0, plane_size.rows - 1) * (size_t)plane_size.columns;
        const uint8_t *bytes = (const uint8_t *)plane + row;
        const uint16_t *words = (const uint16_t *)plane + row;
        if (inside && wide)
            memcpy(out, words + x, (size_t)size.columns * sizeof *out);
        else if (inside)
            for (int c = 0; c < size.columns; c++) out[c] = bytes[x + c];
        else
            for (int c = 0; c < size.columns; c++) {
                int at = linc_flow_clamp(x + c, 0, plane_size.columns - 1);
                out[c] = wide ? words[at] : bytes[at];
            }
    }
}

static void filter_along(const uint16_t *in, int share, Size size, int32_t *out) {
    int32_t w[TAPS];
    taps_of(share, w);
    for (int r = 0; r < size.rows; r++, in += STRIDE, out += SIDE)
        for (int c = 0; c < size.columns; c++)
            out[c] = (w[0] * in[c] + w[1] * in[c + 1] + w[2] * in[c + 2] + w[3] * in[c + 3] + 16) >> 5;
}

static void filter_down(const int32_t *in, int share, Size size, int32_t *out) {
    int32_t w[TAPS];
    taps_of(share, w);
    for (int r = 0; r < size.rows; r++, in += SIDE, out += SIDE)
        for (int c = 0; c < size.columns; c++)
            out[c] = (w[0] * in[c] + w[1] * in[c + SIDE] + w[2] * in[c + 2 * SIDE] + w[3] * in[c + 3 * SIDE] + 64) >> 7;
}

/* A block of a plane at (y, x) in 64ths of a sample, with extra bits. */
static void view(const void *plane, int wide, Size plane_size, int64_t y, int64_t x, Size size, int32_t *out) {
    uint16_t in[STRIDE * STRIDE];
    int32_t along[STRIDE * SIDE];
    int far = 2 * LINC_MAX_SIDE, part_x = (int)(x & (LINC_FLOW_UNIT - 1)), part_y = (int)(y & (LINC_FLOW_UNIT - 1));
    int64_t left = x >> LINC_FLOW_UNIT_LOG2, top = y >> LINC_FLOW_UNIT_LOG2;
    left = left < -far ? -far : left > far ? far : left; /* all of it is the edge there */
    top = top < -far ? -far : top > far ? far : top;
    Size reached = {size.rows + TAPS - 1, size.columns + TAPS - 1}, tall = {reached.rows, size.columns};
    if (!part_x && !part_y) {
        fetch(plane, wide, plane_size, (int)top, (int)left, size, in);
        for (int r = 0; r < size.rows; r++)
            for (int c = 0; c < size.columns; c++) out[r * SIDE + c] = in[r * STRIDE + c] << EXTRA;
        return;
    }
    fetch(plane, wide, plane_size, (int)top - BEFORE, (int)left - BEFORE, reached, in);
    filter_along(in, part_x, tall, along);
    filter_down(along, part_y, size, out);
}

static void look(const LincBetween *job, int p, const Layout *layout, int row, int column, const int32_t *vector,
                 Views *out) {
    Size plane = {p ? (job->height + layout->shift_y) >> layout->shift_y : job->height,
                  p ? (job->width + layout->shift_x) >> layout->shift_x : job->width};
    Size block = {2 * layout->cell.rows, 2 * layout->cell.columns};
    int wide = job->depth > 8, sx = layout->shift_x, sy = layout->shift_y;
    int64_t x = (int64_t)(column * layout->cell.columns - layout->cell.columns / 2) * LINC_FLOW_UNIT;
    int64_t y = (int64_t)(row * layout->cell.rows - layout->cell.rows / 2) * LINC_FLOW_UNIT;
    int64_t back_x = -linc_flow_part(vector[0], job->share), back_y = -linc_flow_part(vector[1], job->share);
    int64_t ahead_x = back_x + vector[0], ahead_y = back_y + vector[1];
    view(job->first[p], wide, plane, y + ((back_y + sy) >> sy), x + ((back_x + sx) >> sx), block, out->back);
    view(job->second[p], wide, plane, y + ((ahead_y + sy) >> sy), x + ((ahead_x + sx) >> sx), block, out->ahead);
    view(job->first[p], wide, plane, y, x, block, out->first);
    view(job->second[p], wide, plane, y, x, block, out->second);
}

/* Squared differences, in quarters of 8-bit codes. */
static int64_t squares(const int32_t *a, const int32_t *b, Size size, int shift) {
    int64_t sum = 0;
    for (int r = 0; r < size.rows; r++, a += SIDE, b += SIDE) {
        int32_t row = 0;
        for (int c = 0; c < size.columns; c++) {
            int32_t d = (a[c] - b[c]) >> shift;
            row += d * d;
        }
        sum += row;
    }
    return sum;
}

/* How much of a block is what motion shows, in 256ths: the more, the better both pictures match along it. */
static int trust_of(const Views *views, Size block, int depth) {
    int64_t noise = (int64_t)NOISE * (1 << 2 * EXTRA) * block.rows * block.columns;
    int64_t moved = squares(views->back, views->ahead, block, depth - 8) + noise;
    int64_t still = squares(views->first, views->second, block, depth - 8) + noise;
    return (int)linc_flow_nearest(256 * still, moved + still);
}

/* The share of the second picture in what motion shows: more of the picture that shows the block. */
static int weight_of(const LincBetween *job, const LincFlowGrid *g, int row, int column, const int32_t *vector) {
    int64_t x = -linc_flow_part(vector[0], job->share), y = -linc_flow_part(vector[1], job->share);
    int64_t first = job->ahead.seen[linc_between_cell(g, row, column, x, y)] + UNSEEN;
    int64_t second = job->back.seen[linc_between_cell(g, row, column, x + vector[0], y + vector[1])] + UNSEEN;
    first *= (1 << LINC_FLOW_SHARE_LOG2) - job->share;
    second *= job->share;
    return (int)linc_flow_nearest(second << PARTS_LOG2, first + second);
}

static int rising(int i, int count) {
    return i < count / 2 ? 2 * i + 1 : 2 * (count - i) - 1;
}

/* Adds a block to the sums of its rows, weighted by a pyramid: those of four blocks are alike everywhere. */
static void add(const Views *v, Size block, int share, int weight, int trust, int32_t *sums, ptrdiff_t stride) {
    int32_t slope[SIDE], one = 1 << PARTS_LOG2, half = one / 2;
    for (int c = 0; c < block.columns; c++) slope[c] = rising(c, block.columns);
    for (int r = 0; r < block.rows; r++, sums += stride) {
        const int32_t *back = v->back + r * SIDE, *ahead = v->ahead + r * SIDE;
        const int32_t *first = v->first + r * SIDE, *second = v->second + r * SIDE;
        int down = rising(r, block.rows);
        for (int c = 0; c < block.columns; c++) {
            int32_t moved = ((one - weight) * back[c] + weight * ahead[c] + half) >> PARTS_LOG2;
            int32_t still = ((one - share) * first[c] + share * second[c] + half) >> PARTS_LOG2;
            int32_t value = (trust * moved + (256 - trust) * still + 128) >> 8;
            sums[c] += down * slope[c] * value;
        }
    }
}

/* The rows that a row of blocks has completed; the others move up. */
static void emit(const LincBetween *job, int p, const Layout *layout, int row, int is_wanted) {
    int rows = layout->cell.rows, columns = layout->cell.columns, top = (1 << job->depth) - 1;
    int height = (job->height + layout->shift_y) >> layout->shift_y;
    int width = (job->width + layout->shift_x) >> layout->shift_x;
    int shift = EXTRA + linc_flow_log2(4 * rows * columns), y = row * rows - rows / 2;
    for (int r = 0; r < rows && is_wanted; r++, y++) {
        if (y < 0 || y >= height) continue;
        const int32_t *sums = layout->sums + r * layout->stride + columns + columns / 2;
        size_t start = (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++) {
            int v = linc_flow_clamp((sums[x] + (1 << (shift - 1))) >> shift, 0, top);
            if (job->depth > 8)
                ((uint16_t *)job->out[p])[start + (size_t)x] = (uint16_t)v;
            else
                ((uint8_t *)job->out[p])[start + (size_t)x] = (uint8_t)v;
        }
    }
    ptrdiff_t half = rows * layout->stride;
    memcpy(layout->sums, layout->sums + half, (size_t)half * sizeof *layout->sums);
    memset(layout->sums + half, 0, (size_t)half * sizeof *layout->sums);
}

/* Returns the int32 that sums take. */
static int64_t lay_out(const LincBetween *job, const LincFlowGrid *g, Layout layout[3], int32_t *sums) {
    int64_t total = 0;
    for (int p = 0; p < job->planes; p++) {
        Layout *l = layout + p;
        l->shift_x = p ? job->shift_x : 0;
        l->shift_y = p ? job->shift_y : 0;
        l->cell.rows = g->side >> l->shift_y;
        l->cell.columns = g->side >> l->shift_x;
        l->stride = (ptrdiff_t)(g->columns + 3) * l->cell.columns;
        l->sums = sums ? sums + total : NULL;
        total += 2 * l->cell.rows * (int64_t)l->stride;
    }
    return total;
}

int linc_between_is_known(const LincBetween *j) {
    if (!j || !linc_flow_is_size(j->height, j->width) || (j->planes != 1 && j->planes != 3)) return 0;
    if (j->depth < 8 || j->depth > 16 || j->share < 1 || j->share >= 1 << LINC_FLOW_SHARE_LOG2) return 0;
    if (j->shift_x < 0 || j->shift_x > 1 || j->shift_y < 0 || j->shift_y > 1) return 0;
    const LincFlowField *a = &j->ahead, *b = &j->back;
    return a->vectors && a->left && a->seen && b->vectors && b->left && b->seen;
}

int64_t linc_between_bytes(const LincBetween *job) {
    LincFlowGrid g;
    Layout layout[3];
    if (!linc_between_is_known(job)) return 0;
    linc_flow_grid(job->height, job->width, &g);
    int64_t sums = lay_out(job, &g, layout, NULL) * (int64_t)sizeof(int32_t);
    int64_t vectors = (int64_t)g.rows * g.columns * 9 * (int64_t)sizeof(int64_t); /* of linc_flow_between */
    return sums > vectors ? sums : vectors;
}

LincStatus linc_between(const LincBetween *job, int32_t from, int32_t to, void *work) {
    LincFlowGrid g;
    Layout layout[3];
    Views views;
    if (!linc_between_is_known(job) || !job->vectors || !work) return LINC_ARGUMENT;
    for (int p = 0; p < job->planes; p++)
        if (!job->first[p] || !job->second[p] || !job->out[p]) return LINC_ARGUMENT;
    linc_flow_grid(job->height, job->width, &g);
    if (from < 0 || to <= from || to > g.rows + 1) return LINC_ARGUMENT;
    memset(work, 0, (size_t)lay_out(job, &g, layout, work) * sizeof(int32_t));
    int share = (job->share + 8) >> (LINC_FLOW_SHARE_LOG2 - PARTS_LOG2);
    for (int row = from - 1; row < to; row++) { /* the first one has half a block in the first band */
        for (int column = -1; column <= g.columns; column++) {
            int r = linc_flow_clamp(row, 0, g.rows - 1), c = linc_flow_clamp(column, 0, g.columns - 1), trust = 0;
            const int32_t *vector = job->vectors + 2 * ((ptrdiff_t)r * g.columns + c);
            int weight = weight_of(job, &g, r, c, vector);
            for (int p = 0; p < job->planes; p++) {
                Layout *l = layout + p;
                Size block = {2 * l->cell.rows, 2 * l->cell.columns};
                look(job, p, l, row, column, vector, &views);
                if (!p) trust = trust_of(&views, block, job->depth);
                add(&views, block, share, weight, trust, l->sums + (column + 1) * l->cell.columns, l->stride);
            }
        }
        for (int p = 0; p < job->planes; p++) emit(job, p, layout + p, row, row >= from);
    }
    return LINC_OK;
}
