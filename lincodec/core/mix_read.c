/* Reading a component of a spectral tensor (spec 7.5). */
#include "mix_component.h"

int linc_mix_read_component(LincMix *mix) {
    return linc_mix_component(mix, 1);
}
