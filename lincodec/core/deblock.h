/* Deblocking of a reconstructed frame, in place (spec 8.12.11). */
#ifndef LINC_DEBLOCK_H
#define LINC_DEBLOCK_H

#include "block.h"

void linc_deblock(const LincFrame *frame);

#endif
