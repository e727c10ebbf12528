#include "structures.h"

#include "linc_encoder.h"
#include "linc_flow.h"
#include "linc_mix.h"
#include "linc_resample.h"
#include "linc_spectral.h"

int32_t linc_structure_bytes(int32_t which) {
    static const int32_t bytes[] = {
        sizeof(LincParameters), sizeof(LincFrameInfo),     sizeof(LincEffort),          sizeof(LincTask),
        sizeof(LincMixShape),   sizeof(LincSpectralPlane), sizeof(LincSpectralWeights), sizeof(LincAxis),
        sizeof(LincFlowGrid),   sizeof(LincFlowField),     sizeof(LincBetween),
    };
    return which >= 0 && which < (int32_t)(sizeof bytes / sizeof *bytes) ? bytes[which] : 0;
}
