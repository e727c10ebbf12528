/* A reference at fractions of a sample, made once for all blocks that are searched in it. */
#ifndef LINC_ENC_PHASES_H
#define LINC_ENC_PHASES_H

#include "enc_motion.h"
#include "sample.h"

/* Bytes of working memory that enc_phases_make takes for planes of this geometry. */
size_t enc_phases_bytes(const LincGeometry *geometry, int halves_only);

/* Luma (padded) at quarter-sample positions, the same samples that linc_predict_plane gives, with margins but 8
 * samples a side. `halves_only`: of the fractions only halves. `memory` holds enc_phases_bytes and stays in use. */
void enc_phases_make(const LincGeometry *geometry, const LincPlane *luma, int halves_only, void *memory,
                     EncPhases *phases);

#endif
