/* Both forms of a row of the loop filter give the same samples, for any taps. */
#include <stdio.h>
#include <string.h>

#include "filter_row.h"

enum { STRIDE = 64, ROWS = 40, AT = 20 * STRIDE + 8 };

static uint32_t next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state;
}

int main(void) {
    static LincSample in[ROWS * STRIDE], fast[STRIDE], plain[STRIDE];
    uint32_t state = 1;
    for (int turn = 0; turn < 20000; turn++) {
        ptrdiff_t offsets[LINC_FILTER_TAPS_LUMA];
        int8_t taps[LINC_FILTER_TAPS_LUMA];
        int luma = turn & 1, maximum = turn & 2 ? 4095 : 16383, lanes = luma || turn & 4 ? 32 : 16;
        int count = luma ? LINC_FILTER_TAPS_LUMA : LINC_FILTER_TAPS_CHROMA;
        for (int i = 0; i < ROWS * STRIDE; i++) in[i] = (LincSample)((next(&state) >> 16) & (uint32_t)maximum);
        for (int k = 0; k < count; k++) {
            const int8_t *at = luma ? linc_filter_luma[k] : linc_filter_chroma[k];
            offsets[k] = at[1] * STRIDE + at[0];
            taps[k] = turn < 8 ? (k & 1 ? 127 : -128) : (int8_t)(next(&state) >> 24);
        }
        linc_filter_row(in + AT, fast, offsets, taps, count, lanes, maximum);
        linc_filter_row_plain(in + AT, plain, offsets, taps, count, lanes, maximum);
        if (memcmp(fast, plain, (size_t)lanes * sizeof *fast)) {
            printf("turn %d differs\n", turn);
            return 1;
        }
    }
    printf("rows agree\n");
    return 0;
}
