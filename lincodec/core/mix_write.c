/* Writing a component of a spectral tensor (spec 7.5). */
#include "mix_component.h"

void linc_mix_write_component(LincMix *mix) {
    linc_mix_component(mix, 0);
}
