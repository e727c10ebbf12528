/* Pictures and frames for reuse. Held for a few instructions only, so waiting threads spin. */
#include "pool.h"

#include <string.h>

static void lock(LincPool *pool) {
    while (__atomic_test_and_set(&pool->locked, __ATOMIC_ACQUIRE)) {
    }
}

static void unlock(LincPool *pool) {
    __atomic_clear(&pool->locked, __ATOMIC_RELEASE);
}

LincPicture *linc_pool_picture(LincPool *pool, const LincGeometry *geometry) {
    LincPicture *picture = NULL;
    lock(pool);
    if (pool->pictures) picture = pool->picture[--pool->pictures];
    unlock(pool);
    if (!picture) return linc_picture_create(geometry);
    picture->padded = 0;
    return picture;
}

LincFrame *linc_pool_frame(LincPool *pool, const LincGeometry *geometry) {
    LincFrame *frame = NULL;
    lock(pool);
    if (pool->frames) frame = pool->frame[--pool->frames];
    unlock(pool);
    if (!frame) return linc_frame_create(geometry);
    memset(&frame->header, 0, sizeof frame->header);
    for (int i = 0; i < 2; i++) {
        frame->collocated[i] = NULL;
        frame->reference[i] = NULL;
    }
    frame->picture = NULL;
    return frame;
}

void linc_pool_keep_picture(LincPool *pool, LincPicture *picture) {
    if (!picture) return;
    lock(pool);
    int room = pool->pictures < LINC_POOL_SIZE;
    if (room) pool->picture[pool->pictures++] = picture;
    unlock(pool);
    if (!room) linc_picture_destroy(picture);
}

void linc_pool_keep_frame(LincPool *pool, LincFrame *frame) {
    if (!frame) return;
    lock(pool);
    int room = pool->frames < LINC_POOL_SIZE;
    if (room) pool->frame[pool->frames++] = frame;
    unlock(pool);
    if (!room) linc_frame_destroy(frame);
}

void linc_pool_empty(LincPool *pool) {
    while (pool->pictures) linc_picture_destroy(pool->picture[--pool->pictures]);
    while (pool->frames) linc_frame_destroy(pool->frame[--pool->frames]);
}
