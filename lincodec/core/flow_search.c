/* Vectors of cells, from the coarsest size of both pictures to the finest (spec 8.7.1). */
#include "flow.h"

/* Memory of a search. */
typedef struct Work {
    LincFlowVector *patches, *field, *coarser;
    int32_t *quarters;
} Work;

static int64_t lay_out(Work *work, int32_t rows, int32_t columns, void *memory) {
    int64_t cells = (int64_t)rows * columns, patches = (int64_t)(rows + 1) * (columns + 1);
    LincFlowVector *at = memory;
    if (memory) {
        work->patches = at;
        work->field = at + patches;
        work->coarser = at + patches + cells;
        work->quarters = (int32_t *)(at + patches + 2 * cells);
    }
    return (patches + 2 * cells) * (int64_t)sizeof *at + 4 * patches * (int64_t)sizeof *work->quarters;
}

int64_t linc_flow_search_bytes(int32_t height, int32_t width) {
    LincFlowGrid grid;
    Work work;
    if (linc_flow_grid(height, width, &grid)) return 0;
    return lay_out(&work, grid.rows, grid.columns, NULL);
}

/* Means of the four patches over each cell; those that match better weigh more. */
static void gather(const LincFlowLevel *level, LincFlowVector *field, int32_t *left) {
    int across = level->columns + 1;
    for (int r = 0; r < level->rows; r++)
        for (int c = 0; c < level->columns; c++, field++, left++) {
            int64_t weight = 0, x = 0, y = 0, error = 0;
            for (int i = 0; i < 4; i++) {
                int at = (r + (i >> 1)) * across + c + (i & 1);
                int64_t e = level->quarters[4 * (ptrdiff_t)at + 3 - i], w = (1 << 20) / (256 + e);
                weight += w;
                x += w * level->patches[at].x;
                y += w * level->patches[at].y;
                error += w * e;
            }
            field->x = (int32_t)linc_flow_nearest(x, weight);
            field->y = (int32_t)linc_flow_nearest(y, weight);
            *left = (int32_t)(error / weight) >> 4;
        }
}

LincStatus linc_flow_search(const void *planes, const void *other, int32_t height, int32_t width, int32_t *vectors,
                            int32_t *left, void *work) {
    LincFlowPyramid first, second;
    if (!planes || !other || !vectors || !left || !work || !linc_flow_is_size(height, width)) return LINC_ARGUMENT;
    linc_flow_lay_out(&first, height, width, (void *)(uintptr_t)planes);
    linc_flow_lay_out(&second, height, width, (void *)(uintptr_t)other);
    LincFlowGrid grid;
    linc_flow_grid(height, width, &grid);
    Work w;
    lay_out(&w, grid.rows, grid.columns, work);
    LincFlowVector *coarser = NULL;
    int rows = 0, columns = 0;
    for (int k = first.levels - 1; k >= first.finest; k--) {
        LincFlowLevel level = {first.level[k], second.level[k], 0, 0, w.patches, w.quarters};
        level.rows = (level.first.height + LINC_FLOW_CELL - 1) / LINC_FLOW_CELL;
        level.columns = (level.first.width + LINC_FLOW_CELL - 1) / LINC_FLOW_CELL;
        linc_flow_patches(&level, coarser, rows, columns);
        gather(&level, w.field, left);
        coarser = w.field;
        w.field = w.coarser;
        w.coarser = coarser;
        rows = level.rows;
        columns = level.columns;
    }
    for (int64_t i = 0; i < (int64_t)rows * columns; i++) {
        vectors[2 * i] = coarser[i].x * (1 << first.finest);
        vectors[2 * i + 1] = coarser[i].y * (1 << first.finest);
    }
    return LINC_OK;
}
