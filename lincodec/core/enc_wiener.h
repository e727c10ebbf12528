/* Coefficients of the loop filter for one plane: statistics of areas, sets, which area takes which set. */
#ifndef LINC_ENC_WIENER_H
#define LINC_ENC_WIENER_H

#include "enc_search.h"

/* Chooses sets and areas for a deblocked, padded picture, and writes them into the frame (header.filter_sets,
 * filter, filter_set). Returns LINC_MEMORY or LINC_OK. */
LincStatus enc_choose_filter(EncSearch *s, int plane);

#endif
