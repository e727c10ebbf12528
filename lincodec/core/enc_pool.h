/* Large blocks of memory kept for reuse: fresh memory costs a page fault every 4 KiB. */
#ifndef LINC_ENC_POOL_H
#define LINC_ENC_POOL_H

#include <stddef.h>

enum { ENC_POOL_SIZE = 8 };

typedef struct EncPool {
    void *block[ENC_POOL_SIZE];
    size_t size[ENC_POOL_SIZE];
    char locked; /* several threads take from and give to it */
} EncPool;

/* At least `size` bytes, not set; NULL without memory. */
void *enc_pool_take(EncPool *pool, size_t size);

/* Keeps or frees a block that was taken with this size; NULL is allowed. */
void enc_pool_give(EncPool *pool, void *block, size_t size);

void enc_pool_empty(EncPool *pool);

#endif
