/* What the encoder keeps of a segment. */
#ifndef LINC_ENC_ENCODER_H
#define LINC_ENC_ENCODER_H

#include "enc_coarse.h"
#include "enc_motion.h"
#include "enc_pool.h"
#include "enc_transform.h"
#include "linc_encoder.h"
#include "pool.h"

typedef struct EncOrigin EncOrigin;

typedef struct EncFrame {
    LincPicture *source;
    int16_t *small;  /* storage of `shrunk` */
    EncShrunk shrunk;
    EncSmall half;         /* luma of half the size, until areas are weighed */
    EncOrigin *origins;    /* where each area comes from, until then */
    LincVector *coarse[2]; /* into each reference, a cell of 16x16 each, or NULL */
    int8_t *offsets; /* step offsets by importance, an area of 16x16 each, or NULL */
    int screen;      /* 1: a picture of text and graphics, whose source stays as long as its picture */
    LincHeader header;
    LincPicture *picture;
    LincMotionField *motion;
    LincStates states; /* as its stream leaves them */
    uint8_t *stream;
    size_t stream_size;
    void *phase_memory;
    size_t phase_bytes;
    EncPhases phases;
} EncFrame;

struct LincEncoder {
    LincGeometry geometry;
    EncMatrices matrices;
    EncFrame *frames;
    LincPool pool;   /* pictures and frames */
    EncPool phases;  /* memory of phases */
};

LincStatus enc_check_task(const LincEncoder *encoder, const LincTask *task);

/* Makes the coarse vectors of a frame into its reference number r, if they are not there. */
LincStatus enc_coarse_field(LincEncoder *encoder, const LincTask *task, int r);

/* Frees what only the weighing of areas needs. */
void enc_forget_half(EncFrame *frame);

#endif
