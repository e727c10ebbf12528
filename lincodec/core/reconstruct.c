/* Decisions and levels to samples, leaf by leaf (spec 8.12.8 to 8.12.10). */
#include "reconstruct.h"

#include "deblock.h"
#include "filter.h"
#include "inter.h"
#include "intra.h"
#include "transform.h"

static void add_residual(const LincFrame *f, const LincBlock *b, int plane, int i, int x, int y, int log2, int kind) {
    if (!(b->coded >> (4 * plane + i) & 1)) return;
    if (b->plain >> (4 * plane + i) & 1) kind = LINC_PLAIN;
    const LincPlane *p = &f->picture->plane[plane];
    LincSample *at = linc_at(p, x, y);
    int index = linc_step_index(f->header.step[plane], b->step_offset);
    const int16_t *levels = linc_levels(f, plane, x, y);
    int level_stride = f->geometry->plane_width[plane];
    if (!f->extents_known) {
        linc_residual_add(levels, level_stride, log2, kind, index, f->geometry, at, p->stride, at, p->stride);
        return;
    }
    int extent = *linc_extent(f, plane, x, y), columns = ((extent & 15) + 1) * 4, rows = ((extent >> 4) + 1) * 4;
    linc_residual_add_within(levels, level_stride, columns, rows, log2, kind, index, f->geometry, at, p->stride);
}

static void chroma_place(const LincGeometry *g, int x, int y, const LincChromaTiling *t, int i, int *px, int *py) {
    *px = (x >> g->shift_x[1]) + ((i % t->across) << t->side_log2);
    *py = (y >> g->shift_y[1]) + ((i / t->across) << t->side_log2);
}

static void reconstruct_inter(const LincFrame *f, const LincBlock *b, int x, int y) {
    const LincGeometry *g = f->geometry;
    for (int i = 0; i < linc_part_count(b->part); i++) {
        LincPart part = linc_part(x, y, 1 << b->size_log2, b->part, i);
        const LincMotion *motion = &linc_block(f, part.x, part.y)->motion;
        for (int k = 0; k < g->planes; k++) {
            const LincPlane *p = &f->picture->plane[k];
            linc_predict_motion(g, f->reference, k, part.x, part.y, part.width, part.height, motion,
                                linc_at(p, part.x >> g->shift_x[k], part.y >> g->shift_y[k]), p->stride);
        }
    }
    if (!b->coded) return;
    int log2 = b->size_log2 - b->split;
    for (int i = 0; i < (b->split ? 4 : 1); i++)
        add_residual(f, b, 0, i, x + ((i & 1) << log2), y + ((i >> 1) << log2), log2, LINC_DCT);
    if (g->planes == 1) return;
    LincChromaTiling t = linc_chroma_tiling(g, b->size_log2);
    for (int k = 1; k < 3; k++)
        for (int i = 0; i < t.count; i++) {
            int px, py;
            chroma_place(g, x, y, &t, i, &px, &py);
            add_residual(f, b, k, i, px, py, t.side_log2, LINC_DCT);
        }
}

static void reconstruct_intra_luma(const LincFrame *f, const LincBlock *b, int x, int y) {
    const LincPlane *p = &f->picture->plane[0];
    int log2 = b->size_log2 - b->split;
    LincNeighbours neighbours;
    for (int i = 0; i < (b->split ? 4 : 1); i++) {
        int tx = x + ((i & 1) << log2), ty = y + ((i >> 1) << log2);
        if (b->intra_luma == LINC_INTRA_COPY) {
            linc_intra_copy(f, 0, tx, ty, log2, b->motion.vector[0], linc_at(p, tx, ty), p->stride);
        } else {
            linc_intra_gather(f, 0, tx, ty, log2, &neighbours);
            linc_intra_predict(f->geometry, &neighbours, 0, log2, b->intra_luma, linc_at(p, tx, ty), p->stride);
        }
        add_residual(f, b, 0, i, tx, ty, log2, log2 == 2 ? LINC_DST : LINC_DCT);
    }
}

static void reconstruct_intra_chroma(const LincFrame *f, const LincBlock *b, int x, int y) {
    const LincGeometry *g = f->geometry;
    LincChromaTiling t = linc_chroma_tiling(g, b->size_log2);
    LincNeighbours neighbours;
    for (int k = 1; k < 3; k++)
        for (int i = 0; i < t.count; i++) {
            const LincPlane *p = &f->picture->plane[k];
            int px, py;
            chroma_place(g, x, y, &t, i, &px, &py);
            LincSample *at = linc_at(p, px, py);
            if (b->intra_luma == LINC_INTRA_COPY) {
                linc_intra_copy(f, k, px, py, t.side_log2, b->motion.vector[0], at, p->stride);
            } else if (b->intra_chroma == LINC_CHROMA_FROM_LUMA) {
                linc_intra_from_luma(f, k, px, py, t.side_log2, at, p->stride);
            } else {
                linc_intra_gather(f, k, px, py, t.side_log2, &neighbours);
                linc_intra_predict(g, &neighbours, 1, t.side_log2, b->intra_luma, at, p->stride);
            }
            add_residual(f, b, k, i, px, py, t.side_log2, LINC_DCT);
        }
}

void linc_reconstruct_leaf(LincFrame *f, int x, int y) {
    const LincBlock *b = linc_block(f, x, y);
    if (b->mode == LINC_MODE_INTER) {
        reconstruct_inter(f, b, x, y);
        return;
    }
    reconstruct_intra_luma(f, b, x, y);
    if (f->geometry->planes > 1) reconstruct_intra_chroma(f, b, x, y);
}

/* Leaves in coding order: a block that starts a leaf tells the leaf's size. */
static void reconstruct_node(LincFrame *f, int x, int y, int size_log2) {
    const LincGeometry *g = f->geometry;
    int size = 1 << size_log2, half = size >> 1;
    if (x >= g->width || y >= g->height) return;
    int inside = x + size <= g->width && y + size <= g->height;
    if (inside && linc_block(f, x, y)->size_log2 == size_log2) {
        linc_reconstruct_leaf(f, x, y);
        return;
    }
    for (int i = 0; i < 4; i++) reconstruct_node(f, x + (i & 1) * half, y + (i >> 1) * half, size_log2 - 1);
}

void linc_reconstruct_blocks(LincFrame *f) {
    f->picture->padded = 0;
    for (int y = 0; y < f->geometry->height; y += LINC_UNIT)
        for (int x = 0; x < f->geometry->width; x += LINC_UNIT) reconstruct_node(f, x, y, LINC_UNIT_LOG2);
}
