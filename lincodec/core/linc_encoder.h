/* Public interface of the encoder of partitioned segments: samples to bytes (spec 8.12).
 *
 * Order of calls: open; a source for every display; frames, each after its references and its context source;
 * finish. Calls for different displays may run at the same time once what they need is there. The bytes do not
 * depend on which calls ran together.
 */
#ifndef LINC_ENCODER_H
#define LINC_ENCODER_H

#include "linc_core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How hard to search. */
typedef struct LincEffort {
    int32_t merge_trials;       /* merge candidates whose residual is tried */
    int32_t intra_trials;       /* modes tried in frames without references */
    int32_t intra_inter_trials; /* modes tried in frames with references */
    int32_t both_rounds;        /* rounds of the search for two vectors */
    int32_t parts;              /* 1: leaves cut in two */
    int32_t transform_split;    /* 1: four transforms for one */
    int32_t rdo;                /* 1: quantisation by rate and distortion */
    int32_t vectors;            /* -1 to 2: steps of the search at fractions of a sample; -1: only at halves */
    int32_t early;              /* 0 to 4: how readily a search ends at what it has */
    int32_t plain;              /* 1: residuals without a transform are tried on any picture, 0: on screens alone */
} LincEffort;

/* What the importance of areas changes. */
enum {
    LINC_WEIGH_NOTHING = 0,
    LINC_WEIGH_ERRORS = 1, /* the weight of their errors */
    LINC_WEIGH_STEPS = 2   /* that, and their steps: with LINC_TOOL_STEP_OFFSETS */
};

/* How to code one frame. */
typedef struct LincTask {
    int32_t display;
    int32_t level;            /* of the pyramid */
    int32_t references;       /* 0 to 2 */
    int32_t reference[2];     /* displays */
    int32_t context_source;   /* display, or -1 */
    int32_t step[3];          /* step indices */
    int32_t tools;            /* of LincHeader */
    int32_t temporal, merge_size, count_limit, deblock_threshold; /* of LincHeader */
    int32_t referenced;       /* 1: other frames will refer to this one */
    int32_t weighing;         /* LINC_WEIGH_*: what is done with what linc_encoder_weigh found */
    int32_t denoise_reach;    /* frames each way that the source is filtered with along motion, 0: not at all */
    double denoise_strength;  /* weight of the neighbours, about 1 */
    double lambda;            /* price of a bit in squared luma steps */
    double chroma_weight[2];  /* of the squared error of U and V, that of luma is 1 */
    LincEffort effort;
} LincTask;

typedef struct LincEncoder LincEncoder;

LINC_API LincStatus linc_encoder_open(const LincParameters *parameters, LincEncoder **encoder);
LINC_API void linc_encoder_close(LincEncoder *encoder);

/* Copies the planes of a frame: 8-bit samples if the depth is 8, otherwise 16-bit native-endian ones; strides in
 * bytes. A frame with denoise_reach needs the sources of the frames around it given before, or its bytes depend on
 * which were there. A source that is there already stays; one goes when its frame is coded. */
LINC_API LincStatus linc_encoder_source(LincEncoder *encoder, int32_t display, const void *const planes[3],
                                        const size_t strides[3]);

/* What areas of frames are worth to frames predicted from them, in three steps before any of these is coded: the
 * luma of every frame, samples and stride as those of a source; what each area of a frame has from its references;
 * and, for `tasks` in coding order, offsets of areas. `strength` is in eighths of an octave of the step for a doubling
 * of the importance. Steps of different displays may run at the same time. */
LINC_API LincStatus linc_encoder_glance(LincEncoder *encoder, int32_t display, const void *luma, size_t stride);
LINC_API LincStatus linc_encoder_measure(LincEncoder *encoder, const LincTask *task);
LINC_API LincStatus linc_encoder_weigh(LincEncoder *encoder, const LincTask *tasks, int32_t count, double strength);

LINC_API LincStatus linc_encoder_frame(LincEncoder *encoder, const LincTask *task);

/* Bytes of the frame's stream, 0 if it has not been coded. */
LINC_API size_t linc_encoder_frame_bytes(const LincEncoder *encoder, int32_t display);

/* The reconstruction, as linc_segment_output. */
LINC_API LincStatus linc_encoder_output(const LincEncoder *encoder, int32_t display, int32_t plane, void *out,
                                        size_t stride, size_t size);

/* Frees what is kept for frames that refer to this one, and its source; its bytes stay. */
LINC_API void linc_encoder_release(LincEncoder *encoder, int32_t display);

/* The segment: the records of `count` displays in coding order. With out = NULL only *size is set. */
LINC_API LincStatus linc_encoder_finish(const LincEncoder *encoder, const int32_t *order, int32_t count, uint8_t *out,
                                        size_t capacity, size_t *size);

/* Whether a picture is a page of a screen: of cells of 8x8 samples of luma, every second one each way, `cells` gets how
 * many there are, how many have contrast, and how many of those stand on flat ground. `size`: samples across and down;
 * `stride` in bytes. */
LINC_API LincStatus linc_screen_cells(const void *luma, size_t stride, const int32_t size[2], int32_t depth,
                                      int32_t cells[3]);

#ifdef __cplusplus
}
#endif

#endif
