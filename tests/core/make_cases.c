/* Sound cases from random decisions and coefficients: segments of every kind of picture, spectral tensors.
 *
 *     make_cases FOLDER [SEGMENTS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "case.h"
#include "linc_mix.h"
#include "random_segment.h"

enum { CAPACITY = 1 << 22, COUNT = 96, TENSORS = 24, LISTED = 1 << 12 };

static const int32_t sizes[][2] = {{1, 1},   {8, 8},   {16, 16}, {64, 64}, {7, 33},
                                   {65, 17}, {72, 56}, {2, 70},  {129, 65}, {40, 24}};
static const int32_t depths[] = {8, 8, 10, 12, 16};
static const int32_t frames[] = {1, 3, 5, 9, 2};

static int write_case(const char *folder, const char *kind, int i, const LincParameters *p, uint8_t *bytes,
                      size_t size) {
    char name[4096];
    case_write(p, bytes);
    snprintf(name, sizeof name, "%s/%s-%03d.case", folder, kind, i);
    FILE *out = size ? fopen(name, "wb") : NULL;
    if (out && fwrite(bytes, 1, CASE_HEADER + size, out) == CASE_HEADER + size && !fclose(out)) return 1;
    fprintf(stderr, "make_cases: cannot make %s\n", name);
    return 0;
}

static int make_segment(const char *folder, int i, uint8_t *bytes) {
    const LincParameters p = {
        .width = sizes[i % 10][0],
        .height = sizes[i % 10][1],
        .chroma = i % 4 == 3 ? i / 4 % 4 : LINC_420,
        .depth = depths[i / 2 % 5],
        .frames = frames[i / 3 % 5],
    };
    size_t size = random_segment((uint64_t)i + 1, &p, bytes + CASE_HEADER, CAPACITY);
    return write_case(folder, "random", i, &p, bytes, size);
}

/* A sparse list of coefficients; the smaller the index in its block, the larger. */
static int64_t random_list(RandomSegment *s, int32_t total, int32_t area, int32_t *where, int32_t *values) {
    int64_t count = 0;
    const uint32_t step = 1 + random_below(s, 40);
    int32_t at = (int32_t)random_below(s, step);
    for (; at < total && count < LISTED; at += 1 + (int32_t)random_below(s, step)) {
        const uint32_t most = at % area < 4 ? 1 + random_below(s, random_chance(s, 3) ? 9000 : 60) : 2;
        const int32_t value = 1 + (int32_t)random_below(s, most);
        where[count] = at;
        values[count++] = random_chance(s, 50) ? value : -value;
    }
    return random_chance(s, 10) ? 0 : count;
}

/* A tensor of the mixing coder, of random coefficients. */
static size_t random_tensor(uint64_t seed, const LincMixShape *shape, uint8_t *out) {
    static int32_t where[LINC_MIX_PLANES][LISTED], values[LINC_MIX_PLANES][LISTED];
    RandomSegment s = {.state = seed * 0x9E3779B97F4A7C15u + 1};
    LincMix *mix;
    size_t size = 0;
    if (linc_mix_open(shape, NULL, 0, &mix) != LINC_OK) return 0;
    LincStatus status = LINC_OK;
    for (int i = 0; i < shape->components && status == LINC_OK; i++) {
        int64_t counts[LINC_MIX_PLANES] = {0};
        const int32_t *const places[] = {where[0], where[1], where[2]};
        const int32_t *const levels[] = {values[0], values[1], values[2]};
        for (int k = 0; k < shape->planes; k++) {
            const int32_t area = shape->height[k] * shape->width[k];
            counts[k] = random_list(&s, shape->rows * shape->columns * area, area, where[k], values[k]);
        }
        status = linc_mix_write(mix, places, levels, counts);
    }
    if (status == LINC_OK) status = linc_mix_finish(mix, out, CAPACITY, &size);
    linc_mix_close(mix);
    return status == LINC_OK ? size : 0;
}

static int make_tensor(const char *folder, int i, uint8_t *bytes) {
    static const int32_t sides[] = {1, 8, 16, 5, 32, 64};
    const int half_x = i / 3 % 2, half_y = i / 6 % 2;
    LincParameters p = {
        .width = 1 + i % 5, .height = 1 + i % 4, .depth = sides[i % 6], .frames = 1 + i % 7,
        .chroma = CASE_MIX | (i % 3 ? 3 : 1) | half_x << 2 | half_y << 3,
    };
    LincMixShape s = {.components = p.frames, .planes = p.chroma & 3, .rows = p.height, .columns = p.width};
    for (int k = 0; k < LINC_MIX_PLANES; k++) {
        s.width[k] = k && half_x ? (p.depth + 1) / 2 : p.depth;
        s.height[k] = k && half_y ? (p.depth + 1) / 2 : p.depth;
    }
    return write_case(folder, "tensor", i, &p, bytes, random_tensor((uint64_t)i + 1, &s, bytes + CASE_HEADER));
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    const int total = count > 2 ? atoi(arguments[2]) : COUNT;
    uint8_t *bytes = malloc(CASE_HEADER + CAPACITY);
    int ok = bytes != NULL;
    for (int i = 0; i < total && ok; i++) ok = make_segment(arguments[1], i, bytes);
    for (int i = 0; i < TENSORS && ok; i++) ok = make_tensor(arguments[1], i, bytes);
    free(bytes);
    return !ok;
}
