/* Decisions and levels to samples (spec 8.12.8 to 8.12.11). */
#ifndef LINC_RECONSTRUCT_H
#define LINC_RECONSTRUCT_H

#include "block.h"

/* Prediction and residual of every leaf, into frame->picture; no loop filters. */
void linc_reconstruct_blocks(LincFrame *frame);

/* The same for one leaf (the encoder's final decisions of it). */
void linc_reconstruct_leaf(LincFrame *frame, int x, int y);

/* Deblocking and loop filter as the header says; the margins are not set. LINC_MEMORY if there is none. */
LincStatus linc_loop_filters(LincFrame *frame);

/* The same with a scratch picture of the same geometry, which only the loop filter needs. */
void linc_loop_filters_with(LincFrame *frame, LincPicture *scratch);

#endif
