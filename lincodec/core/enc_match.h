/* Exact matches of a picture's cells in another one: text and windows that were moved as they are. */
#ifndef LINC_ENC_MATCH_H
#define LINC_ENC_MATCH_H

#include "block.h"

/* Component of a vector that stands for no match. */
enum { ENC_NO_MATCH = INT16_MIN };

/* For every cell of 8x8 of `current`, row by row, the vector (in quarter samples) to equal luma in `reference`, or
 * ENC_NO_MATCH in x. Cells that equal the one at their own place, and cells whose rows or columns are all alike,
 * have none; of several matches, the one that most cells share is taken. `field` has columns x rows entries. */
LincStatus enc_match(const LincGeometry *geometry, const LincPlane *current, const LincPlane *reference,
                     LincVector *field);

/* The same inside one picture: to equal luma in units before, nearest first, since letters that
 * stand in many places move with none of them. */
LincStatus enc_match_inside(const LincGeometry *geometry, const LincPlane *plane, LincVector *field);

#endif
