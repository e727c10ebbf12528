/* What the encoder keeps of a segment. */
#ifndef LINC_ENC_ENCODER_H
#define LINC_ENC_ENCODER_H

#include "enc_coarse.h"
#include "enc_motion.h"
#include "enc_transform.h"
#include "linc_encoder.h"

typedef struct EncFrame {
    LincPicture *source;
    int16_t *small;  /* storage of `shrunk` */
    EncShrunk shrunk;
    LincHeader header;
    LincPicture *picture;
    LincMotionField *motion;
    LincStates states; /* as its stream leaves them */
    uint8_t *stream;
    size_t stream_size;
    LincSample *phase_memory;
    EncPhases phases;
} EncFrame;

struct LincEncoder {
    LincGeometry geometry;
    EncMatrices matrices;
    EncFrame *frames;
};

/* The 16 quarter-sample planes of a frame's reconstruction. */
LincStatus enc_make_phases(const LincGeometry *geometry, EncFrame *frame);

#endif
