/* A segment in a file of its own: what tests, campaigns and fuzzers feed the core with.
 *
 * Eight bytes of parameters (width u16, height u16, chroma u8, depth u8, frames u16, little-endian), then the segment.
 */
#ifndef LINC_TEST_CASE_H
#define LINC_TEST_CASE_H

#include <stdint.h>
#include <stdio.h>

#include "linc_core.h"

enum { CASE_HEADER = 8 };

typedef struct Case {
    LincParameters parameters;
    const uint8_t *bytes;
    size_t size;
} Case;

/* Returns 0 if `data` is too short for the parameters. */
int case_read(Case *c, const uint8_t *data, size_t size);

/* Writes the eight bytes. */
void case_write(const LincParameters *parameters, uint8_t header[CASE_HEADER]);

/* What came of decoding: CRC-32 of every frame in display order (`digests`, NULL where they are not asked for; 0 where
 * a frame failed) and the first failure. */
typedef struct Decoded {
    LincStatus status;
    int32_t frames;    /* frames that came out */
    uint32_t digest;   /* CRC-32 over the digests of all frames */
    uint32_t *digests;
    FILE *raw;         /* where the samples go, NULL for nowhere; needs one thread; in coding order */
} Decoded;

/* Decodes everything as a player would: each step once what it needs is there, releasing what no one needs any more. */
void case_decode(const Case *c, int threads, Decoded *decoded);

uint32_t crc32_of(uint32_t crc, const void *data, size_t size);

#endif
