/* Prediction of motion vectors (spec 8.12.6). Reads decisions of blocks coded before, so a partly filled
 * frame will do. */
#ifndef LINC_MOTION_H
#define LINC_MOTION_H

#include "block.h"

/* Fills up to header.merge_size candidates, all different, and returns how many (at least 1). */
int linc_merge_list(const LincFrame *frame, const LincPart *part, LincMotion list[LINC_MAX_MERGE]);

/* The two predictors for reference r of a part. */
void linc_vector_predictors(const LincFrame *frame, const LincPart *part, int r, LincVector predictors[2]);

#endif
