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
    int8_t *offsets; /* step offsets by importance, an area of 16x16 each, or NULL */
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

LincStatus enc_check_task(const LincEncoder *encoder, const LincTask *task);

/* The 16 quarter-sample planes of padded luma; the first one is luma itself, the others lie in *memory. */
LincStatus enc_make_phases(const LincGeometry *geometry, const LincPlane *luma, LincSample **memory, EncPhases *phases);

#endif
