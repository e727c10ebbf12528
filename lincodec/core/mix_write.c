/* Writing a component of a spectral tensor (spec 7.5). */
#include "mix_component.h"

void linc_mix_write_plane(LincMix *mix, int plane) {
    linc_mix_plane(mix, plane, LINC_MIX_WRITE);
}
