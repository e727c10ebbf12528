/* Broken variants of sound cases: bytes, records, fields of headers, parameters; lengths repaired. */
#ifndef LINC_TEST_MUTATE_H
#define LINC_TEST_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* A generator of its own for every mutation, so that each can be made again alone. */
typedef struct Random {
    uint64_t state;
} Random;

uint32_t any_below(Random *random, uint32_t limit);

/* Changes `size` bytes at `data` in place, as often as `random` likes; returns the new size, at most `capacity`. */
size_t mutate_bytes(uint8_t *data, size_t size, size_t capacity, Random *random);

/* Called for the stream of a record where the caller has a better idea than mutate_bytes. */
typedef size_t (*StreamMutator)(uint8_t *data, size_t size, size_t capacity, Random *random);

/* Makes a case out of a sound one and parts of another sound one; returns its size, at most `capacity`. */
size_t mutate_case(const uint8_t *seed, size_t size, const uint8_t *other, size_t other_size, uint8_t *out,
                   size_t capacity, Random *random, StreamMutator mutator);

#endif
