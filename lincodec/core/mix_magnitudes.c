/* What is known of a plane before its first magnitude (spec 7.5.5). */
#include "mix_magnitudes.h"

#include <string.h>

void linc_mix_magnitudes_begin(LincMix *mix, int plane, int32_t *counts) {
    int columns = mix->shape.columns;
    counts[0] = counts[1] = 0;
    memset(mix->seen, 0, (size_t)mix->blocks);
    for (int block = 0; block < mix->blocks; block++) {
        int row = block / columns, column = block % columns, at = (row + 1) * mix->class_row + column + 1;
        int pass = (row + column) & 1;
        if (!mix->plane[plane].classes[linc_mix_slot(mix, 0)][at]) continue;
        mix->active[pass * mix->blocks + counts[pass]++] = block;
        linc_mix_predict_block(mix, plane, pass, at, &mix->shared[block]);
    }
}
