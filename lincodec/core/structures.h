/* Sizes of what callers and this library share: a caller that was made for other headers would write past the end. */
#ifndef LINC_STRUCTURES_H
#define LINC_STRUCTURES_H

#include "linc_core.h"

/* Bytes of LincParameters (0), LincFrameInfo (1), LincEffort (2), LincTask (3), LincMixShape (4),
 * LincSpectralPlane (5), LincSpectralWeights (6), LincAxis (7), LincFlowGrid (8), LincFlowField (9), LincBetween (10);
 * 0 beyond. */
LINC_API int32_t linc_structure_bytes(int32_t which);

#endif
