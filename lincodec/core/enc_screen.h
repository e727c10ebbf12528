/* Whether a picture is of a screen: text and graphics on flat ground. */
#ifndef LINC_ENC_SCREEN_H
#define LINC_ENC_SCREEN_H

#include "sample.h"

/* Of the cells with contrast, text has most of its samples in the colour of the ground; what a camera or a renderer
 * makes has not. */
int enc_is_screen(const LincGeometry *geometry, const LincPlane *luma);

#endif
