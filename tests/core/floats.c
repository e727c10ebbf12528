/* Random planes through what computes in binary32, spectral synthesis and other sizes, with memory of exactly the size
 * that is asked for, and with arguments that cannot be: a status, never a crash. Run under sanitizers.
 * Usage: floats FIRST_SEED COUNT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linc_resample.h"
#include "linc_spectral.h"

typedef struct Random {
    uint64_t state;
} Random;

static uint32_t below(Random *random, uint32_t limit) {
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) * limit >> 31);
}

static float *random_floats(Random *random, size_t count) {
    float *out = malloc((count ? count : 1) * sizeof *out);
    for (size_t i = 0; out && i < count; i++) out[i] = (float)below(random, 2001) / 10 - 100;
    return out;
}

static LincSpectralPlane any_plane(Random *random) {
    LincSpectralPlane p = {.height = 1 + (int32_t)below(random, 90), .width = 1 + (int32_t)below(random, 90),
                           .block_height = 4 << below(random, 5), .block_width = 4 << below(random, 5),
                           .components = 1 + (int32_t)below(random, 3), .mean = 0};
    if (below(random, 2)) {
        p.mean = 2 << below(random, 2);
        p.height = (p.height + 3) & ~3;
        p.width = (p.width + 3) & ~3;
    }
    p.rows = (p.height + p.block_height - 1) / p.block_height;
    p.columns = (p.width + p.block_width - 1) / p.block_width;
    p.overlap_down = (int32_t)below(random, (uint32_t)p.block_height / 2 + 1);
    p.overlap_across = (int32_t)below(random, (uint32_t)p.block_width / 2 + 1);
    return p;
}

/* Weights at random places; `starts` and `where` are the caller's to break. */
static LincSpectralWeights any_weights(Random *random, const LincSpectralPlane *p, int64_t *starts, int64_t *where) {
    int64_t lines = (int64_t)p->components * p->rows, strip = (int64_t)p->columns * p->block_width * p->block_height;
    LincSpectralWeights w = {.starts = starts, .where = where};
    for (int64_t line = 0; line < lines; line++) {
        starts[line] = w.count;
        for (int64_t at = (int64_t)below(random, 50); at < strip; at += 1 + (int64_t)below(random, 200))
            where[w.count++] = line * strip + at;
    }
    starts[lines] = w.count;
    w.values = random_floats(random, (size_t)w.count);
    w.down = random_floats(random, (size_t)p->block_height * (size_t)p->block_height);
    w.across = random_floats(random, (size_t)p->block_width * (size_t)p->block_width);
    w.fold_down = random_floats(random, (size_t)p->overlap_down);
    w.fold_across = random_floats(random, (size_t)p->overlap_across);
    return w;
}

static void drop(LincSpectralWeights *w) {
    free((void *)(uintptr_t)w->values);
    free((void *)(uintptr_t)w->down);
    free((void *)(uintptr_t)w->across);
    free((void *)(uintptr_t)w->fold_down);
    free((void *)(uintptr_t)w->fold_across);
}

static int spectral(Random *random) {
    static const int32_t depths[4] = {0, 8, 10, 16};
    LincSpectralPlane p = any_plane(random);
    int64_t lines = (int64_t)p.components * p.rows, floats = linc_spectral_floats(&p);
    int32_t depth = depths[below(random, 4)];
    int32_t merged = p.mean ? p.mean : 1;
    size_t row = (size_t)(p.width / merged) * (depth == 8 ? 1 : depth ? 2 : 4);
    size_t size = row * (size_t)(p.height / merged);
    int64_t *starts = malloc((size_t)(lines + 1) * sizeof *starts);
    int64_t *where = malloc((size_t)(lines * floats / 3 + 1) * sizeof *where);
    float *work = malloc((size_t)floats * sizeof *work), *latents = random_floats(random, (size_t)p.components);
    uint8_t *out = malloc(size);
    int bad = !starts || !where || !work || !latents || !out || floats <= 0;
    LincSpectralWeights w = any_weights(random, &p, starts, where);
    bad |= linc_spectral_render(&p, &w, latents, depth, out, row, size, work) > LINC_CORRUPT;
    bad |= linc_spectral_render(&p, &w, latents, depth, out, row, size - 1, work) != LINC_ARGUMENT;
    bad |= linc_spectral_render(&p, &w, latents, 7, out, row, size, work) != LINC_ARGUMENT;
    if (w.count) { /* a place outside its row, and rows that go past the end: refused before they are used */
        int64_t at = (int64_t)below(random, (uint32_t)w.count), kept = where[at];
        where[at] = below(random, 2) ? -1 : kept + lines * floats;
        bad |= linc_spectral_render(&p, &w, latents, depth, out, row, size, work) == LINC_OK;
        where[at] = kept;
        starts[1 + below(random, (uint32_t)lines)] = w.count + 1;
        bad |= linc_spectral_render(&p, &w, latents, depth, out, row, size, work) == LINC_OK;
    }
    p.overlap_down = p.block_height;
    bad |= linc_spectral_floats(&p) != 0;
    drop(&w);
    free(starts);
    free(where);
    free(work);
    free(latents);
    free(out);
    return bad;
}

/* An axis whose samples are sums of random neighbours, or means of 1, 2 or 4; `first` and `weights` are its own. */
static LincAxis any_axis(Random *random, int32_t *first, float *weights) {
    LincAxis a = {.size = 1 + (int32_t)below(random, 60), .count = 1 + (int32_t)below(random, 60), .first = first,
                  .weights = weights};
    a.taps = 1 + (int32_t)below(random, (uint32_t)(a.size < 20 ? a.size : 20));
    a.mean = (int32_t)below(random, 2);
    if (a.mean) {
        a.taps = 1 << below(random, a.size >= 4 ? 3 : 1);
        a.count = a.size / a.taps;
    }
    int32_t spare = a.size - (a.mean ? a.count * a.taps : a.taps), at = spare ? (int32_t)below(random, 3) % spare : 0;
    for (int32_t i = 0; i < a.count; i++) {
        first[i] = a.mean ? at + i * a.taps : at;
        for (int32_t k = 0; k < a.taps; k++)
            weights[i * a.taps + k] = a.mean ? 1 / (float)a.taps : (float)below(random, 101) / (50 * (float)a.taps);
        if (at < spare && !a.mean) at += (int32_t)below(random, 2);
    }
    return a;
}

static double sample_of(const void *plane, size_t at, int32_t depth) {
    if (depth == 0) return (double)((const float *)plane)[at];
    int code = depth == 8 ? ((const uint8_t *)plane)[at] : ((const uint16_t *)plane)[at];
    return (double)code / (1 << (depth - 8)) - 128;
}

/* Whether an output plane is that of the sums in binary64, to half a code and a little. */
static int is_near(const LincAxis *rows, const LincAxis *columns, const void *in, int32_t in_depth, const void *out,
                   int32_t depth) {
    double unit = depth ? 1.0 / (1 << (depth - 8)) : 0, slack = 0.01 + 0.5 * unit;
    for (int32_t y = 0; y < rows->count; y++)
        for (int32_t x = 0; x < columns->count; x++) {
            double sum = 0;
            for (int32_t v = 0; v < rows->taps; v++)
                for (int32_t u = 0; u < columns->taps; u++)
                    sum += (double)rows->weights[y * rows->taps + v] * (double)columns->weights[x * columns->taps + u] *
                           sample_of(in, (size_t)(rows->first[y] + v) * (size_t)columns->size +
                                             (size_t)(columns->first[x] + u), in_depth);
            if (depth) sum = sum < -128 ? -128 : sum > 128 - unit ? 128 - unit : sum;
            double off = sum - sample_of(out, (size_t)y * (size_t)columns->count + (size_t)x, depth);
            if (off > slack || off < -slack) return 0;
        }
    return 1;
}

static int sizes(Random *random) {
    static const int32_t depths[4] = {0, 8, 10, 16};
    int32_t firsts[2][60];
    float weights[2][60 * 20];
    LincAxis rows = any_axis(random, firsts[0], weights[0]), columns = any_axis(random, firsts[1], weights[1]);
    int32_t depth = depths[below(random, 4)], in_depth = below(random, 2) ? depth : depths[below(random, 4)];
    size_t in_row = (size_t)columns.size * (in_depth == 8 ? 1 : in_depth ? 2 : 4), in_size = in_row * (size_t)rows.size;
    size_t row = (size_t)columns.count * (depth == 8 ? 1 : depth ? 2 : 4), size = row * (size_t)rows.count;
    int64_t floats = linc_resample_floats(&rows, &columns);
    uint8_t *in = malloc(in_size), *out = malloc(size);
    float *work = malloc((size_t)floats * sizeof *work);
    int bad = floats <= 0 || !in || !out || !work;
    for (size_t i = 0; i < in_size / 4 && !in_depth; i++)
        ((float *)(void *)in)[i] = (float)below(random, 2561) / 10 - 128;
    for (size_t i = 0; i < in_size / 2 && in_depth > 8; i++)
        ((uint16_t *)(void *)in)[i] = (uint16_t)below(random, 1u << in_depth);
    for (size_t i = 0; i < in_size && in_depth == 8; i++) in[i] = (uint8_t)below(random, 256);
    for (int32_t first = 0, last; first < rows.count; first = last) {
        last = first + 1 + (int32_t)below(random, (uint32_t)(rows.count - first));
        bad |= linc_resample(&rows, &columns, in, in_row, in_size, in_depth, out, row, size, depth, first, last, work);
    }
    bad |= !is_near(&rows, &columns, in, in_depth, out, depth);
    bad |= linc_resample(&rows, &columns, in, in_row, in_size - 1, in_depth, out, row, size, depth, 0, 1, work) !=
           LINC_ARGUMENT;
    bad |= linc_resample(&rows, &columns, in, in_row, in_size, in_depth, out, row, size - 1, depth, 0, 1, work) !=
           LINC_ARGUMENT;
    bad |= linc_resample(&rows, &columns, in, in_row, in_size, in_depth, out, row, size, depth, 0, rows.count + 1,
                         work) != LINC_ARGUMENT;
    bad |= linc_resample(&rows, &columns, in, in_row, in_size, 17, out, row, size, 12, 0, 1, work) != LINC_ARGUMENT;
    firsts[below(random, 2)][0] = below(random, 2) ? -1 : 61; /* a place outside the plane */
    bad |= linc_resample_floats(&rows, &columns) != 0;
    bad |= linc_resample(&rows, &columns, in, in_row, in_size, in_depth, out, row, size, depth, 0, 1, work) !=
           LINC_ARGUMENT;
    free(in);
    free(out);
    free(work);
    return bad;
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    long count = argc > 2 ? strtol(argv[2], NULL, 10) : 100, failures = 0;
    for (long i = 0; i < count; i++) {
        Random random = {seed + (uint64_t)i};
        below(&random, 2);
        int bad = spectral(&random) + 2 * sizes(&random);
        if (bad) printf("seed %llu: %d\n", (unsigned long long)(seed + (uint64_t)i), bad);
        failures += bad != 0;
    }
    printf("%ld planes, %ld failures\n", count, failures);
    return failures != 0;
}
