/* A few pictures and frames kept for reuse: fresh memory costs a page fault every 4 KiB. */
#ifndef LINC_POOL_H
#define LINC_POOL_H

#include "block.h"

enum { LINC_POOL_SIZE = 16 };

typedef struct LincPool {
    LincPicture *picture[LINC_POOL_SIZE];
    LincFrame *frame[LINC_POOL_SIZE];
    int pictures, frames;
    char locked; /* several threads take from and give to it */
} LincPool;

/* As linc_picture_create and linc_frame_create; NULL without memory. */
LincPicture *linc_pool_picture(LincPool *pool, const LincGeometry *geometry);
LincFrame *linc_pool_frame(LincPool *pool, const LincGeometry *geometry);

/* Keeps or destroys; NULL is allowed. */
void linc_pool_keep_picture(LincPool *pool, LincPicture *picture);
void linc_pool_keep_frame(LincPool *pool, LincFrame *frame);

void linc_pool_empty(LincPool *pool);

#endif
