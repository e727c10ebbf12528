/* Random integers through the writer and the reader of the mixing coder; then with bytes changed: a status, never a
 * crash. Run under sanitizers. Usage: mixing FIRST_SEED COUNT MUTATIONS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linc_mix.h"

enum { CAPACITY = 1 << 20, PLACES = 1 << 16 };

typedef struct Random {
    uint64_t state;
} Random;

static uint32_t below(Random *random, uint32_t limit) {
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) * limit >> 31);
}

static LincMixShape any_shape(Random *random) {
    static const int32_t sides[5][2] = {{8, 8}, {16, 8}, {8, 4}, {64, 32}, {5, 3}};
    LincMixShape shape = {.components = 1 + (int32_t)below(random, 5), .planes = below(random, 2) ? 3 : 1,
                          .rows = 1 + (int32_t)below(random, 4), .columns = 1 + (int32_t)below(random, 4)};
    uint32_t kind = below(random, 5), across = below(random, 2), down = below(random, 2);
    for (int i = 0; i < 3; i++) {
        shape.height[i] = sides[kind][i && down];
        shape.width[i] = sides[kind][i && across];
    }
    return shape;
}

static int32_t area(const LincMixShape *shape, int plane) {
    return shape->rows * shape->columns * shape->height[plane] * shape->width[plane];
}

/* Ascending places and values of a plane of a component. */
static int64_t any_levels(Random *random, const LincMixShape *shape, int plane, int32_t *where, int32_t *values) {
    int64_t count = 0;
    uint32_t sparse = 1 + below(random, 40), large = 1 + below(random, 3);
    for (int32_t place = 0; place < area(shape, plane); place++) {
        if (below(random, sparse)) continue;
        uint32_t most = below(random, 60) ? 1 + below(random, 4 * large) : 65535;
        int32_t value = 1 + (int32_t)below(random, most);
        where[count] = place;
        values[count++] = below(random, 2) ? -value : value;
    }
    return count;
}

typedef struct Store {
    int32_t where[5][3][PLACES], values[5][3][PLACES];
    int64_t counts[5][3];
    float wishes[3][PLACES];
    int32_t chosen[3][PLACES];
    uint8_t bytes[CAPACITY];
} Store;

static size_t written(const LincMixShape *shape, Store *s) {
    LincMix *mix;
    size_t size = 0;
    if (linc_mix_open(shape, NULL, 0, &mix) != LINC_OK) return 0;
    for (int k = 0; k < shape->components; k++) {
        const int32_t *where[3], *values[3];
        for (int i = 0; i < 3; i++) {
            where[i] = s->where[k][i];
            values[i] = s->values[k][i];
        }
        if (linc_mix_write(mix, where, values, s->counts[k]) != LINC_OK) return 0;
    }
    if (linc_mix_finish(mix, s->bytes, CAPACITY, &size) != LINC_OK) size = 0;
    linc_mix_close(mix);
    return size;
}

/* Whether the bytes are read, and as the integers of `s` where it is given; else the status. */
static LincStatus read_back(const LincMixShape *shape, const uint8_t *bytes, size_t size, const Store *s, int *same) {
    static int32_t where[PLACES], values[PLACES];
    LincMix *mix;
    LincStatus status = linc_mix_open(shape, bytes, size, &mix);
    for (int k = 0; status == LINC_OK && k < shape->components; k++) {
        int64_t found[3];
        status = linc_mix_read(mix, found);
        for (int i = 0; status == LINC_OK && i < shape->planes; i++) {
            status = linc_mix_take(mix, i, where, values, found[i]);
            if (!s) continue;
            size_t length = sizeof *where * (size_t)found[i];
            *same &= found[i] == s->counts[k][i] && !memcmp(where, s->where[k][i], length) &&
                     !memcmp(values, s->values[k][i], length);
        }
    }
    if (status == LINC_OK) status = linc_mix_ended(mix);
    linc_mix_close(mix);
    return status;
}

static void break_bytes(Random *random, const LincMixShape *shape, const Store *s, size_t size, int count) {
    for (int i = 0; i < count; i++) {
        size_t length = below(random, 8) ? size : 1 + below(random, (uint32_t)size);
        uint8_t *bytes = malloc(length);
        memcpy(bytes, s->bytes, length);
        for (uint32_t n = 1 + below(random, 4); n; n--) {
            uint32_t at = below(random, (uint32_t)length);
            bytes[at] ^= (uint8_t)(1 + below(random, 255));
        }
        read_back(shape, bytes, length, NULL, NULL);
        free(bytes);
    }
}

static int choose(Random *random, const LincMixShape *shape, Store *s) {
    const float *wishes[3] = {s->wishes[0], s->wishes[1], s->wishes[2]};
    int32_t *levels[3] = {s->chosen[0], s->chosen[1], s->chosen[2]};
    LincMix *mix;
    if (linc_mix_open(shape, NULL, 0, &mix) != LINC_OK) return 0;
    int sound = 1;
    for (int turn = 0; turn < 2; turn++) {
        linc_mix_rewind(mix);
        for (int k = 0; k < shape->components; k++) {
            for (int i = 0; i < shape->planes; i++)
                for (int j = 0; j < area(shape, i); j++)
                    s->wishes[i][j] = ((float)below(random, 2001) - 1000) / (float)(1 + below(random, 1500));
            sound &= linc_mix_choose(mix, wishes, 0.1f, levels) == LINC_OK;
        }
    }
    linc_mix_close(mix);
    return sound;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    Store *s = malloc(sizeof *s);
    if (!s) return 2;
    int bad = 0;
    for (long seed = atol(argv[1]), end = seed + atol(argv[2]); seed < end; seed++) {
        Random random = {(uint64_t)seed * 7919 + 1};
        LincMixShape shape = any_shape(&random);
        for (int k = 0; k < shape.components; k++)
            for (int i = 0; i < shape.planes; i++)
                s->counts[k][i] = any_levels(&random, &shape, i, s->where[k][i], s->values[k][i]);
        size_t size = written(&shape, s);
        int same = 1;
        if (!size || read_back(&shape, s->bytes, size, s, &same) != LINC_OK || !same) {
            printf("seed %ld: differs\n", seed);
            bad = 1;
        }
        break_bytes(&random, &shape, s, size, atoi(argv[3]));
        if (!choose(&random, &shape, s)) {
            printf("seed %ld: no choice\n", seed);
            bad = 1;
        }
    }
    free(s);
    return bad;
}
