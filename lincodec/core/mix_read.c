/* Reading a component of a spectral tensor (spec 7.5). */
#include "mix_component.h"

int linc_mix_read_component(LincMix *mix) {
    for (int plane = 0; plane < mix->shape.planes; plane++)
        if (!linc_mix_plane(mix, plane, LINC_MIX_READ)) return 0;
    return 1;
}
