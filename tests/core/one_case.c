/* One case of random decisions to standard output: one_case SEED WIDTH HEIGHT CHROMA DEPTH FRAMES. */
#include <stdio.h>
#include <stdlib.h>

#include "case.h"
#include "random_segment.h"

enum { CAPACITY = 1 << 25 };

int main(int count, char **arguments) {
    if (count != 7) return 2;
    const LincParameters p = {
        .width = atoi(arguments[2]),
        .height = atoi(arguments[3]),
        .chroma = atoi(arguments[4]),
        .depth = atoi(arguments[5]),
        .frames = atoi(arguments[6]),
    };
    uint8_t *bytes = malloc(CASE_HEADER + CAPACITY);
    size_t size = bytes ? random_segment((uint64_t)atoll(arguments[1]), &p, bytes + CASE_HEADER, CAPACITY) : 0;
    if (!size) return 1;
    case_write(&p, bytes);
    size += CASE_HEADER;
    int failed = fwrite(bytes, 1, size, stdout) != size;
    free(bytes);
    return failed;
}
