/* A segment in a file of its own: what tests, campaigns and fuzzers feed the core with.
 *
 * Eight bytes of parameters (width u16, height u16, chroma u8, depth u8, frames u16, little-endian), then the
 * segment. With chroma 128 and more the bytes are a spectral tensor of the mixing coder: width and height are in
 * blocks, depth is the side of a block, frames the number of components; bits 0 and 1 of chroma are the number of
 * planes, bits 2 and 3 say that blocks of the later planes have half the width, half the height.
 */
#ifndef LINC_TEST_CASE_H
#define LINC_TEST_CASE_H

#include <stdint.h>
#include <stdio.h>

#include "linc_core.h"

enum { CASE_HEADER = 8, CASE_MIX = 128 /* in chroma */ };

typedef struct Case {
    LincParameters parameters;
    const uint8_t *bytes;
    size_t size;
} Case;

/* Returns 0 if `data` is too short for the parameters. */
int case_read(Case *c, const uint8_t *data, size_t size);

/* Samples of a picture, or coefficients of a component: what the work on a case grows with. */
int64_t case_area(const Case *c);

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

/* The same of a spectral tensor (case_mix.c); its components count as frames. */
void case_mix_decode(const Case *c, Decoded *decoded);

uint32_t crc32_of(uint32_t crc, const void *data, size_t size);

#endif
