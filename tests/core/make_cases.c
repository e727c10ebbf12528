/* Sound cases of every kind of picture, from random decisions: make_cases FOLDER [COUNT]. */
#include <stdio.h>
#include <stdlib.h>

#include "case.h"
#include "random_segment.h"

enum { CAPACITY = 1 << 22, COUNT = 96 };

static const int32_t sizes[][2] = {{1, 1},   {8, 8},   {16, 16}, {64, 64}, {7, 33},
                                   {65, 17}, {72, 56}, {2, 70},  {129, 65}, {40, 24}};
static const int32_t depths[] = {8, 8, 10, 12, 16};
static const int32_t frames[] = {1, 3, 5, 9, 2};

int main(int count, char **arguments) {
    if (count < 2) return 2;
    const int total = count > 2 ? atoi(arguments[2]) : COUNT;
    uint8_t *bytes = malloc(CASE_HEADER + CAPACITY);
    for (int i = 0; i < total && bytes; i++) {
        const LincParameters p = {
            .width = sizes[i % 10][0],
            .height = sizes[i % 10][1],
            .chroma = i % 4 == 3 ? i / 4 % 4 : LINC_420,
            .depth = depths[i / 2 % 5],
            .frames = frames[i / 3 % 5],
        };
        char name[4096];
        size_t size = random_segment((uint64_t)i + 1, &p, bytes + CASE_HEADER, CAPACITY);
        if (!size) {
            fprintf(stderr, "make_cases: random segment %d does not fit\n", i);
            return 1;
        }
        case_write(&p, bytes);
        snprintf(name, sizeof name, "%s/random-%03d.case", arguments[1], i);
        FILE *out = fopen(name, "wb");
        if (!out || fwrite(bytes, 1, CASE_HEADER + size, out) != CASE_HEADER + size || fclose(out)) {
            perror(name);
            return 1;
        }
    }
    free(bytes);
    return 0;
}
