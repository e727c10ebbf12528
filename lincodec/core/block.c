/* Memory of frames under work and of the motion that stays behind (spec 8.12.4, 8.12.6). */
#include "block.h"

#include <stdlib.h>
#include <string.h>

#include "filter.h"

/* Blocks come first, then levels, then bytes: falling alignment. */
LincFrame *linc_frame_create(const LincGeometry *g) {
    LincFrame *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    size_t cells = (size_t)g->columns * (size_t)g->rows, levels = 0;
    f->geometry = g;
    f->filter_columns = (g->width + LINC_FILTER_AREA - 1) / LINC_FILTER_AREA;
    f->filter_rows = (g->height + LINC_FILTER_AREA - 1) / LINC_FILTER_AREA;
    size_t areas = (size_t)f->filter_columns * (size_t)f->filter_rows;
    for (int k = 0; k < g->planes; k++) levels += (size_t)g->plane_width[k] * (size_t)g->plane_height[k];
    char *at = f->memory = malloc(cells * sizeof(LincBlock) + levels * sizeof(int16_t) + levels / 16 + areas * 3);
    if (!at) {
        free(f);
        return NULL;
    }
    f->blocks = (LincBlock *)(void *)at;
    at += cells * sizeof(LincBlock);
    for (int k = 0; k < g->planes; k++) {
        f->levels[k] = (int16_t *)(void *)at;
        at += (size_t)g->plane_width[k] * (size_t)g->plane_height[k] * sizeof(int16_t);
    }
    for (int k = 0; k < g->planes; k++) {
        f->extent[k] = (uint8_t *)at;
        at += (size_t)(g->plane_width[k] >> 2) * (size_t)(g->plane_height[k] >> 2);
    }
    for (int k = 0; k < 3; k++) f->filter_set[k] = (uint8_t *)at + (size_t)k * areas;
    return f;
}

void linc_frame_destroy(LincFrame *f) {
    if (!f) return;
    free(f->memory);
    free(f);
}

size_t linc_parsed_bytes(const LincParameters *parameters) {
    LincGeometry g;
    if (linc_geometry_set(&g, parameters)) return 0;
    size_t cells = (size_t)g.columns * (size_t)g.rows, levels = 0;
    for (int k = 0; k < g.planes; k++) levels += (size_t)g.plane_width[k] * (size_t)g.plane_height[k];
    size_t bytes = cells * (sizeof(LincBlock) + sizeof(LincMotion) + 3) + sizeof(LincStates);
    return bytes + levels * sizeof(int16_t) + levels / 16;
}

LincMotionField *linc_motion_field_create(const LincGeometry *g) {
    size_t cells = (size_t)g->columns * (size_t)g->rows;
    LincMotionField *field = calloc(1, sizeof *field);
    if (!field) return NULL;
    field->cells = malloc(cells * sizeof(LincMotion));
    field->columns = g->columns;
    field->rows = g->rows;
    if (!field->cells) {
        free(field);
        return NULL;
    }
    return field;
}

void linc_motion_field_destroy(LincMotionField *field) {
    if (!field) return;
    free(field->cells);
    free(field);
}

void linc_motion_field_fill(LincMotionField *field, const LincFrame *f) {
    size_t cells = (size_t)field->columns * (size_t)field->rows;
    for (size_t i = 0; i < cells; i++) {
        field->cells[i] = f->blocks[i].motion;
        if (f->blocks[i].mode == LINC_MODE_INTRA) memset(&field->cells[i], 0, sizeof field->cells[i]);
    }
    field->display = f->header.display;
    for (int r = 0; r < 2; r++) field->reference_display[r] = f->header.reference_display[r];
}

void linc_block_fill(LincFrame *f, int x, int y, int width, int height, const LincBlock *block) {
    LincBlock value = *block, *row = linc_block(f, x, y);
    for (int j = 0; j < height >> LINC_CELL_LOG2; j++, row += f->geometry->columns)
        for (int i = 0; i < width >> LINC_CELL_LOG2; i++) row[i] = value;
}
