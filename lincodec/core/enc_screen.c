/* Whether a picture is of a screen. */
#include "enc_screen.h"

#include <string.h>

enum {
    CONTRAST = 64, /* codes of 8 bits between the darkest and the lightest sample of a cell */
    GROUND = 24,   /* samples of 64 within three neighbouring codes */
    EVERY = 2      /* cells, each way, of which one is looked at */
};

/* 0: no contrast, 1: contrast, 2: contrast on flat ground. */
static int kind_of(const LincPlane *plane, int x, int y, int shift) {
    uint8_t counts[258];
    int low = 255, high = 0;
    memset(counts, 0, sizeof counts);
    for (int j = 0; j < LINC_CELL; j++)
        for (int i = 0; i < LINC_CELL; i++) {
            int v = *linc_at(plane, x + i, y + j) >> shift;
            if (v < low) low = v;
            if (v > high) high = v;
            counts[v + 1]++;
        }
    if (high - low < CONTRAST) return 0;
    for (int v = low; v <= high; v++)
        if (counts[v] + counts[v + 1] + counts[v + 2] >= GROUND) return 2;
    return 1;
}

int enc_is_screen(const LincGeometry *geometry, const LincPlane *luma) {
    int seen = 0, contrast = 0, ground = 0, step = EVERY * LINC_CELL;
    for (int y = 0; y + LINC_CELL <= geometry->height; y += step)
        for (int x = 0; x + LINC_CELL <= geometry->width; x += step) {
            int kind = kind_of(luma, x, y, geometry->depth - 8);
            seen++;
            contrast += kind > 0;
            ground += kind > 1;
        }
    /* Measured: screens 0.66 to 0.98 of the cells with contrast, cameras and animation 0.01 to 0.21. */
    return contrast * 64 >= seen && ground * 5 >= contrast * 2;
}
