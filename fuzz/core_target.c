/* libFuzzer on the core's decoder; `make fuzz-core` builds and runs it.
 *
 * Inputs are cases (tests/core/case.h). Half of the mutations are libFuzzer's own on the stream of one record, with lengths
 * and headers written anew; the others are those of the mutation campaign.
 */
#include <string.h>

#include "case.h"
#include "mutate.h"

enum { AREA = 1 << 16, FRAMES = 40 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned int seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Case c;
    if (!case_read(&c, data, size)) return -1;
    if (case_area(&c) > AREA || c.parameters.frames > FRAMES) return -1;
    Decoded decoded = {0};
    case_decode(&c, 1, &decoded);
    return 0;
}

static size_t fuzzer_bytes(uint8_t *data, size_t size, size_t capacity, Random *random) {
    (void)random;
    return LLVMFuzzerMutate(data, size, size + 64 < capacity ? size + 64 : capacity);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned int seed) {
    static uint8_t out[1 << 20];
    Random random = {seed};
    StreamMutator mutator = any_below(&random, 2) ? fuzzer_bytes : NULL;
    size_t limit = capacity < sizeof out ? capacity : sizeof out;
    if (limit < CASE_HEADER) return size;
    size = mutate_case(data, size, data, size, out, limit, &random, mutator);
    memcpy(data, out, size);
    return size;
}
