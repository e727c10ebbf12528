/* Hidden signs of levels. */
#ifndef LINC_ENC_HIDING_H
#define LINC_ENC_HIDING_H

#include "enc_quantise.h"

/* Makes the parity of every group's levels say the sign that is not coded; returns what that saves, in squared
 * steps, which may be less than nothing. */
float enc_hide_signs(EncQuantiser *q, const EncRates *rates, const float *coefficients, int size_log2, int kind,
                     float lambda);

#endif
