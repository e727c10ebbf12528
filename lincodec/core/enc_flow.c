/* The search for motion between two frames, coarse to fine (for spec 8.7). */
#include <string.h>

#include "enc_flow_match.h"
#include "enc_flow_solve.h"
#include "linc_flow.h"

enum { MOST_LEVELS = 16, SMALLEST = 12, LEAST_CELL = 4 }; /* samples: of the coarsest level, of a cell */

typedef struct Memory {
    char *at; /* NULL: only counted */
    int64_t bytes;
} Memory;

static void *take(Memory *memory, int64_t count) {
    void *found = memory->at ? memory->at + memory->bytes : NULL;
    memory->bytes += (count * (int64_t)sizeof(float) + 31) / 32 * 32;
    return found;
}

typedef struct Search {
    int levels, height[MOST_LEVELS], width[MOST_LEVELS];
    float *first[MOST_LEVELS], *second[MOST_LEVELS]; /* from level 1 on */
    LincFlowLevel level;
    LincFlowHeld held;
    float *field, *other;
} Search;

static void lay_out(Search *s, int height, int width, int rows, int columns, Memory *memory) {
    s->height[0] = height;
    s->width[0] = width;
    s->levels = 1;
    while (s->levels < MOST_LEVELS && height >= 2 * SMALLEST && width >= 2 * SMALLEST) {
        height = (height + 1) / 2;
        width = (width + 1) / 2;
        s->height[s->levels] = height;
        s->width[s->levels] = width;
        s->first[s->levels] = take(memory, (int64_t)height * width);
        s->second[s->levels++] = take(memory, (int64_t)height * width);
    }
    int64_t samples = (int64_t)s->height[0] * s->width[0], cells = 2 * (int64_t)rows * columns;
    s->level.down.left = take(memory, s->height[0]);
    s->level.down.share = take(memory, s->height[0]);
    s->level.across.left = take(memory, s->width[0]);
    s->level.across.share = take(memory, s->width[0]);
    s->level.down.weight = take(memory, rows + 1);
    s->level.across.weight = take(memory, columns + 1);
    s->level.mean = take(memory, samples);
    s->level.error = take(memory, samples);
    s->level.line = take(memory, 4 * (int64_t)s->width[0]);
    s->level.places = take(memory, s->width[0]);
    s->level.rows = take(memory, 2 * (int64_t)LINC_FLOW_SUMS * s->width[0]);
    s->level.sums = take(memory, LINC_FLOW_SUMS * (int64_t)(columns + 1) * (rows + 1));
    s->field = take(memory, cells);
    s->other = take(memory, cells);
    s->held.step = take(memory, cells);
    s->held.sum = take(memory, 2 * (int64_t)(rows + 2) * (columns + 2));
    s->held.across = take(memory, (int64_t)rows * (columns + 1));
    s->held.down = take(memory, (int64_t)(rows + 1) * columns);
}

static int is_search(int32_t height, int32_t width, int32_t rows, int32_t columns) {
    return height >= 1 && width >= 1 && height <= LINC_MAX_SIDE && width <= LINC_MAX_SIDE && rows >= 1 &&
           columns >= 1 && rows <= height && columns <= width;
}

int64_t linc_flow_bytes(int32_t height, int32_t width, int32_t rows, int32_t columns) {
    Memory memory = {NULL, 0};
    Search s;
    if (!is_search(height, width, rows, columns)) return 0;
    lay_out(&s, height, width, rows, columns, &memory);
    return memory.bytes;
}

/* Cells of a level: those of the result unless they would be too small there. */
static int cells_of(int wanted, int side) {
    int most = side / LEAST_CELL < 1 ? 1 : side / LEAST_CELL;
    return wanted < most ? wanted : most;
}

/* Both components of the field on the cells of level `k`, in its samples; the field was that of the level below. */
static void refine(Search *s, int k, int rows, int columns) {
    LincFlowLevel *l = &s->level;
    int coarsest = k == s->levels - 1;
    int old_rows = coarsest ? 1 : l->down.cells, old_columns = coarsest ? 1 : l->across.cells;
    float across = coarsest ? 1 : (float)s->width[k] / (float)s->width[k + 1];
    float down = coarsest ? 1 : (float)s->height[k] / (float)s->height[k + 1];
    if (coarsest) s->field[0] = s->field[1] = 0;
    memcpy(s->other, s->field, (size_t)(2 * old_rows * old_columns) * sizeof *s->other);
    linc_flow_axis_set(&l->down, s->height[k], cells_of(rows, s->height[k]));
    linc_flow_axis_set(&l->across, s->width[k], cells_of(columns, s->width[k]));
    int new_rows = l->down.cells, new_columns = l->across.cells;
    linc_flow_regrid(s->other, old_rows, old_columns, across, s->field, new_rows, new_columns);
    linc_flow_regrid(s->other + old_rows * old_columns, old_rows, old_columns, down,
                     s->field + new_rows * new_columns, new_rows, new_columns);
}

LincStatus linc_flow_search(const float *first, const float *second, int32_t height, int32_t width, int32_t rows,
                            int32_t columns, float *field, void *work) {
    if (!first || !second || !field || !work || !is_search(height, width, rows, columns)) return LINC_ARGUMENT;
    Memory memory = {work, 0};
    Search s;
    lay_out(&s, height, width, rows, columns, &memory);
    for (int k = 1; k < s.levels; k++) {
        linc_flow_halve(k == 1 ? first : s.first[k - 1], s.height[k - 1], s.width[k - 1], s.first[k]);
        linc_flow_halve(k == 1 ? second : s.second[k - 1], s.height[k - 1], s.width[k - 1], s.second[k]);
    }
    for (int k = s.levels - 1; k >= 0; k--) {
        refine(&s, k, rows, columns);
        s.level.first = k ? s.first[k] : first;
        s.level.second = k ? s.second[k] : second;
        s.level.height = s.height[k];
        s.level.width = s.width[k];
        for (int pass = 0; pass < (k ? 4 : 3); pass++) {
            linc_flow_warp(&s.level, s.field);
            linc_flow_gather(&s.level);
            linc_flow_solve(&s.level, s.field, &s.held);
        }
    }
    int found = s.level.down.cells * s.level.across.cells; /* may be fewer in a picture of few samples */
    linc_flow_regrid(s.field, s.level.down.cells, s.level.across.cells, 1, field, rows, columns);
    linc_flow_regrid(s.field + found, s.level.down.cells, s.level.across.cells, 1, field + rows * columns, rows,
                     columns);
    return LINC_OK;
}
