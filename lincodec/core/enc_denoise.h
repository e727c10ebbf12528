/* Temporal filter of source pictures: frames that many others are predicted from are coded with less noise. */
#ifndef LINC_ENC_DENOISE_H
#define LINC_ENC_DENOISE_H

#include "enc_encoder.h"

/* A filtered copy of the source of the task's frame in *out; neighbours without a source are left out. */
LincStatus enc_denoise(LincEncoder *encoder, const LincTask *task, double step, LincPicture **out);

#endif
