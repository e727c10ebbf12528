/* Rows of native samples: codes as they are, or rounded from those of a picture (spec 8.12.12). */
#include <string.h>

#include "resample.h"
#include "sample.h"

enum { SOME = 256 };

static void add_bytes(const uint8_t *in, int count, uint16_t *sums) {
    for (int i = 0; i < count; i++) sums[i] = (uint16_t)(sums[i] + in[i]);
}

static void add_words(const uint8_t *in, int count, uint16_t *sums) {
    for (int i = 0; i < count; i++) {
        uint16_t code;
        memcpy(&code, in + 2 * i, 2);
        sums[i] = (uint16_t)(sums[i] + code);
    }
}

/* As linc_plane_export rounds and clips them; samples inside have at most 14 bits. */
static void add_samples(const LincSample *in, int count, int depth, int inside, uint16_t *sums) {
    int shift = inside - depth;
    int16_t half = shift > 0 ? (int16_t)(1 << (shift - 1)) : 0;
    if (shift < 0) {
        for (int i = 0; i < count; i++) sums[i] = (uint16_t)(sums[i] + (in[i] << -shift));
        return;
    }
    int16_t limit = (int16_t)((1 << depth) - 1);
    for (int i = 0; i < count; i++) {
        int16_t code = (int16_t)((int16_t)(in[i] + half) >> shift);
        sums[i] = (uint16_t)(sums[i] + (code < limit ? code : limit));
    }
}

void linc_source_add(const LincSource *s, int y, int x, int count, uint16_t *sums) {
    const uint8_t *row = s->data + y * s->stride;
    if (s->inside)
        add_samples((const LincSample *)(const void *)row + x, count, s->depth, s->inside, sums);
    else if (s->depth == 8)
        add_bytes(row + x, count, sums);
    else
        add_words(row + 2 * (ptrdiff_t)x, count, sums);
}

void linc_source_line(const LincSource *s, int y, int x, int count, float *line) {
    if (s->depth == 0) {
        memcpy(line, s->data + y * s->stride + (ptrdiff_t)x * (ptrdiff_t)sizeof *line, (size_t)count * sizeof *line);
        return;
    }
    float unit = 1.0f / (float)(1 << (s->depth - 8)); /* a power of two: nothing is rounded */
    for (int done = 0; done < count; done += SOME) {
        uint16_t codes[SOME] = {0};
        int some = count - done < SOME ? count - done : SOME;
        linc_source_add(s, y, x + done, some, codes);
        for (int i = 0; i < some; i++) line[done + i] = (float)codes[i] * unit - 128.0f;
    }
}
