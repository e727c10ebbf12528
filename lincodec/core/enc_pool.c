/* Blocks of memory for reuse. Held for a few instructions only, so waiting threads spin. */
#include "enc_pool.h"

#include <stdlib.h>

static void lock(EncPool *pool) {
    while (__atomic_test_and_set(&pool->locked, __ATOMIC_ACQUIRE)) {
    }
}

static void unlock(EncPool *pool) {
    __atomic_clear(&pool->locked, __ATOMIC_RELEASE);
}

void *enc_pool_take(EncPool *pool, size_t size) {
    void *found = NULL;
    lock(pool);
    for (int i = 0; i < ENC_POOL_SIZE && !found; i++) {
        if (!pool->block[i] || pool->size[i] != size) continue;
        found = pool->block[i];
        pool->block[i] = NULL;
    }
    unlock(pool);
    return found ? found : malloc(size);
}

void enc_pool_give(EncPool *pool, void *block, size_t size) {
    lock(pool);
    for (int i = 0; i < ENC_POOL_SIZE && block; i++) {
        if (pool->block[i]) continue;
        pool->block[i] = block;
        pool->size[i] = size;
        block = NULL;
    }
    unlock(pool);
    free(block);
}

void enc_pool_empty(EncPool *pool) {
    for (int i = 0; i < ENC_POOL_SIZE; i++) {
        free(pool->block[i]);
        pool->block[i] = NULL;
    }
}
