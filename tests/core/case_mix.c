#include <stdlib.h>

#include "case.h"
#include "linc_mix.h"

static LincMixShape shape_of(const LincParameters *p) {
    LincMixShape s = {.components = p->frames, .planes = p->chroma & 3, .rows = p->height, .columns = p->width};
    for (int i = 0; i < LINC_MIX_PLANES; i++) {
        s.width[i] = i && p->chroma & 4 ? (p->depth + 1) / 2 : p->depth;
        s.height[i] = i && p->chroma & 8 ? (p->depth + 1) / 2 : p->depth;
    }
    return s;
}

/* The lists of one plane into the digest of their component. */
static LincStatus take(const LincMix *mix, int plane, int64_t count, uint32_t *digest) {
    /* Exactly as large as they must be, so that a sanitizer sees an entry too many. */
    int32_t *where = malloc((size_t)count * sizeof *where + 1), *values = malloc((size_t)count * sizeof *values + 1);
    LincStatus status = LINC_MEMORY;
    if (where && values) status = linc_mix_take(mix, plane, where, values, count);
    if (status == LINC_OK) {
        *digest = crc32_of(*digest, where, (size_t)count * sizeof *where);
        *digest = crc32_of(*digest, values, (size_t)count * sizeof *values);
    }
    free(where);
    free(values);
    return status;
}

void case_mix_decode(const Case *c, Decoded *decoded) {
    const LincMixShape shape = shape_of(&c->parameters);
    LincMix *mix;
    decoded->status = linc_mix_open(&shape, c->bytes, c->size, &mix);
    if (decoded->status != LINC_OK) return;
    for (int i = 0; i < shape.components && decoded->status == LINC_OK; i++) {
        int64_t found[LINC_MIX_PLANES] = {0};
        uint32_t digest = 0;
        decoded->status = linc_mix_read(mix, found);
        for (int plane = 0; plane < shape.planes && decoded->status == LINC_OK; plane++)
            decoded->status = take(mix, plane, found[plane], &digest);
        if (decoded->status != LINC_OK) break;
        decoded->frames++;
        decoded->digest = crc32_of(decoded->digest, &digest, sizeof digest);
        if (decoded->digests) decoded->digests[i] = digest;
    }
    if (decoded->status == LINC_OK) decoded->status = linc_mix_ended(mix);
    linc_mix_close(mix);
}
