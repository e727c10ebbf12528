/* Loop filters of the encoder: what the decoder does, and with which sets of coefficients. */
#ifndef LINC_ENC_FILTER_H
#define LINC_ENC_FILTER_H

#include "enc_search.h"
#include "pool.h"

/* Runs deblocking and, if `wiener`, chooses and runs the filter that the header then says. */
LincStatus enc_loop_filters(EncSearch *s, LincPool *pool, int wiener);

#endif
