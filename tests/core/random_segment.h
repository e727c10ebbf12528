/* Segments of random valid decisions, for tests: every element of the syntax long before an encoder chooses it. */
#ifndef LINC_RANDOM_SEGMENT_H
#define LINC_RANDOM_SEGMENT_H

#include "block.h"

/* What was written, to compare a decoder's results with. Records are in coding order. */
typedef struct RandomSegment {
    LincGeometry geometry;
    int frames;
    LincFrame **frame;         /* decisions, levels */
    LincPicture **picture;     /* reconstructed */
    LincMotionField **motion;
    LincStates **states;       /* final */
    size_t *stream, *stream_size;
    uint64_t state;            /* of the random numbers */
} RandomSegment;

/* Writes a segment of parameters->frames random frames; returns its size, 0 if it does not fit. `keep`, if not NULL,
 * must be closed. */
size_t random_segment(uint64_t seed, const LincParameters *parameters, uint8_t *out, size_t capacity);
size_t random_segment_keep(uint64_t seed, const LincParameters *parameters, uint8_t *out, size_t capacity,
                           RandomSegment *keep);
void random_segment_close(RandomSegment *segment);

/* Random numbers and decisions of one frame (random_decisions.c). */
uint32_t random_below(RandomSegment *s, uint32_t limit);
int random_chance(RandomSegment *s, int percent);
void random_decisions(RandomSegment *s, LincFrame *frame);

#endif
