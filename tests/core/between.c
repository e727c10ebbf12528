/* Random pairs of pictures and what lies between them, with memory of exactly the size that is asked for, and with
 * arguments that cannot be: a status, never a crash. Run under sanitizers.
 * Usage: between FIRST_SEED COUNT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linc_flow.h"

typedef struct Random {
    uint64_t state;
} Random;

static uint32_t below(Random *random, uint32_t limit) {
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) * limit >> 31);
}

typedef struct Sizes {
    size_t samples[3], cells;
    int32_t height, width;
    LincFlowGrid grid;
} Sizes;

/* Everything about one of the two pictures. */
typedef struct Picture {
    void *plane[3], *levels;
    int32_t *vectors, *left, *seen;
} Picture;

static LincBetween any_job(Random *random, Sizes *sizes) {
    static const int32_t depths[4] = {8, 8, 10, 16};
    LincBetween job = {.height = 1 + (int32_t)below(random, 80), .width = 1 + (int32_t)below(random, 80)};
    if (below(random, 8) == 0) job.width = 2000 + (int32_t)below(random, 2000); /* cells of more than 4 samples */
    job.planes = below(random, 4) ? 3 : 1;
    job.shift_x = (int32_t)below(random, 2);
    job.shift_y = job.shift_x && below(random, 2);
    job.depth = depths[below(random, 4)];
    job.share = 1 + (int32_t)below(random, 65535);
    sizes->height = (job.height + job.shift_y) >> job.shift_y;
    sizes->width = (job.width + job.shift_x) >> job.shift_x;
    for (int p = 0; p < 3; p++)
        sizes->samples[p] = p ? (size_t)sizes->height * (size_t)sizes->width : (size_t)job.height * (size_t)job.width;
    linc_flow_grid(job.height, job.width, &sizes->grid);
    sizes->cells = (size_t)sizes->grid.rows * (size_t)sizes->grid.columns;
    return job;
}

/* Noise, or waves that are `moved` samples to the right. */
static void *any_plane(Random *random, const LincBetween *job, const Sizes *sizes, int p, int noise, int moved) {
    size_t bytes = job->depth == 8 ? 1 : 2, width = (size_t)(p ? sizes->width : job->width);
    uint8_t *out = malloc(sizes->samples[p] * bytes);
    for (size_t i = 0; out && i < sizes->samples[p]; i++) {
        int x = (int)(i % width) - moved, y = (int)(i / width), wave = (x * x / 7 + y * 5 + 64 * 64) & 255;
        uint32_t code = noise ? below(random, 1u << job->depth) : (uint32_t)wave << (job->depth - 8);
        if (bytes == 1)
            out[i] = (uint8_t)code;
        else
            memcpy(out + 2 * i, &(uint16_t){(uint16_t)code}, 2);
    }
    return out;
}

static int make(Random *random, const LincBetween *job, const Sizes *sizes, int noise, int moved, Picture *out) {
    memset(out, 0, sizeof *out);
    for (int p = 0; p < job->planes; p++) out->plane[p] = any_plane(random, job, sizes, p, noise, moved);
    out->levels = malloc((size_t)linc_flow_planes_bytes(job->height, job->width));
    out->vectors = malloc(2 * sizes->cells * sizeof *out->vectors);
    out->left = malloc(sizes->cells * sizeof *out->left);
    out->seen = malloc(sizes->cells * sizeof *out->seen);
    return linc_flow_planes(out->plane[0], job->height, job->width, job->depth, out->levels) != LINC_OK;
}

static void drop(Picture *picture) {
    for (int p = 0; p < 3; p++) free(picture->plane[p]);
    free(picture->levels);
    free(picture->vectors);
    free(picture->left);
    free(picture->seen);
}

static int search(const LincBetween *job, const Sizes *sizes, Picture *one, Picture *other) {
    void *work = malloc((size_t)linc_flow_search_bytes(job->height, job->width));
    int bad = linc_flow_search(one->levels, other->levels, job->height, job->width, one->vectors, one->left, work);
    for (size_t i = 0; i < 2 * sizes->cells; i++) bad |= one->vectors[i] > 1 << 22 || one->vectors[i] < -(1 << 22);
    free(work);
    return bad;
}

static int is_equal(const LincBetween *job, const Sizes *sizes, void *const one[3], const void *const other[3]) {
    for (int p = 0; p < job->planes; p++)
        if (memcmp(one[p], other[p], sizes->samples[p] * (job->depth == 8 ? 1 : 2))) return 0;
    return 1;
}

/* The picture in one go, and in bands by several calls; `first` is what it has to be if `is_known`. */
static int shown(Random *random, LincBetween *job, const Sizes *sizes, int is_known) {
    void *work = malloc((size_t)linc_between_bytes(job)), *again[3] = {0};
    int32_t *vectors = malloc(2 * sizes->cells * sizeof *vectors), bands = sizes->grid.rows + 1;
    int bad = linc_flow_between(job, vectors, work) != LINC_OK;
    job->vectors = vectors;
    for (int p = 0; p < job->planes; p++) job->out[p] = malloc(2 * sizes->samples[p]);
    bad |= linc_between(job, 0, bands, work) != LINC_OK;
    if (is_known) bad |= !is_equal(job, sizes, job->out, job->first);
    for (int p = 0; p < job->planes; p++) {
        again[p] = job->out[p];
        job->out[p] = malloc(2 * sizes->samples[p]);
    }
    for (int32_t at = 0, to; at < bands; at = to) {
        to = at + 1 + (int32_t)below(random, (uint32_t)(bands - at));
        bad |= linc_between(job, at, to, work) != LINC_OK;
    }
    bad |= !is_equal(job, sizes, job->out, (const void *const *)again);
    bad |= linc_between(job, 0, bands + 1, work) != LINC_ARGUMENT || linc_between(job, 1, 1, work) != LINC_ARGUMENT;
    job->share = 65536;
    bad |= linc_between(job, 0, 1, work) != LINC_ARGUMENT || linc_between_bytes(job) != 0;
    for (int p = 0; p < 3; p++) {
        free(job->out[p]);
        free(again[p]);
    }
    free(vectors);
    free(work);
    return bad;
}

static int pair(Random *random) {
    Sizes sizes;
    LincBetween job = any_job(random, &sizes);
    Picture one, other;
    int same = below(random, 3) == 0, noise = (int)below(random, 2);
    int bad = make(random, &job, &sizes, noise, 0, &one);
    bad |= make(random, &job, &sizes, noise, same ? 0 : 3, &other);
    if (same) /* noise is not the same twice */
        for (int p = 0; p < job.planes; p++)
            memcpy(other.plane[p], one.plane[p], sizes.samples[p] * (job.depth == 8 ? 1 : 2));
    bad |= linc_flow_planes(other.plane[0], job.height, job.width, job.depth, other.levels) != LINC_OK;
    bad |= search(&job, &sizes, &one, &other) | search(&job, &sizes, &other, &one);
    bad |= linc_flow_seen(one.vectors, other.vectors, job.height, job.width, one.seen) != LINC_OK;
    bad |= linc_flow_seen(other.vectors, one.vectors, job.height, job.width, other.seen) != LINC_OK;
    job.ahead = (LincFlowField){one.vectors, one.left, one.seen};
    job.back = (LincFlowField){other.vectors, other.left, other.seen};
    for (int p = 0; p < job.planes; p++) {
        job.first[p] = one.plane[p];
        job.second[p] = other.plane[p];
    }
    if (same) /* whatever repeats itself: nothing is better than staying */
        for (size_t i = 0; i < 2 * sizes.cells; i++) bad |= one.vectors[i] != 0;
    bad |= shown(random, &job, &sizes, same);
    bad |= linc_flow_planes_bytes(0, job.width) != 0 || linc_flow_search_bytes(job.height, LINC_MAX_SIDE + 1) != 0;
    bad |= linc_flow_planes(one.plane[0], job.height, job.width, 7, one.levels) != LINC_ARGUMENT;
    drop(&one);
    drop(&other);
    return bad;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    uint64_t first = strtoull(argv[1], NULL, 10);
    int count = atoi(argv[2]), failures = 0;
    for (int k = 0; k < count; k++) {
        Random random = {(first + (uint64_t)k) * UINT64_C(0x9E3779B97F4A7C15)};
        if (!pair(&random)) continue;
        failures++;
        printf("seed %llu fails\n", (unsigned long long)(first + (uint64_t)k));
    }
    printf("%d pairs, %d failures\n", count, failures);
    return failures != 0;
}
