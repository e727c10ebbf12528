/* The syntax of a frame's stream, walked once for reading, writing and costs (spec 8.12.6, 8.12.7).
 *
 * syntax_*.h hold the walk, written against three operations (a context coded bit, raw bits, failure), and are
 * included by the reader (parse.c), the writer (write.c) and the costs (cost.c), so that they cannot disagree.
 */
#ifndef LINC_SYNTAX_H
#define LINC_SYNTAX_H

#include "block.h"

/* Reads a frame's stream into frame->blocks, levels and filter sets. `states` holds the initial states and is left
 * with the final ones. */
LincStatus linc_parse_frame(LincFrame *frame, const uint8_t *bytes, size_t size, LincStates *states);

/* Writes the stream of a frame whose decisions are complete: per leaf every field of LincBlock (split = 1 in leaves
 * of 64 with residual, coded bits as the levels are), levels of coded transforms, filter sets. LINC_ARGUMENT if the
 * buffer is too small or a decision is not valid. `states` as above. */
LincStatus linc_write_frame(LincFrame *frame, uint8_t *bytes, size_t capacity, size_t *size, LincStates *states);

/* Walks one unit of a complete frame in coding order only to adapt `states`, as writing would; for encoders that
 * refresh frozen costs as they go. */
void linc_adapt_unit(LincFrame *frame, int unit, LincStates *states);

/* Cost (1/1024 bit) of the leaf stored at (x, y), without and with its levels; and of one transform's levels.
 * The leaf's decisions must be in every cell of it. */
uint32_t linc_cost_leaf(const LincFrame *frame, int x, int y, int with_levels, const LincCosts *costs);
uint32_t linc_cost_levels(const int16_t *levels, ptrdiff_t stride, int size_log2, int kind,
                          const LincCosts *costs);
uint32_t linc_cost_vector(int dx, int dy, const LincCosts *costs);

/* Contexts that leaves of the search need by themselves. */
int linc_ctx_split(const LincFrame *frame, int x, int y, int size_log2);
int linc_ctx_coded_luma(int intra, int split, int transform_log2);
int linc_ctx_plain(int plane, int transform_log2);

#endif
