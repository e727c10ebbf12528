/* Frame records: length, small plain header, one entropy coded stream (spec 8.12.3). */
#ifndef LINC_HEADER_H
#define LINC_HEADER_H

#include "linc_core.h"

enum {
    LINC_STEP_INDICES = 176,    /* quantiser step indices, 16 an octave */
    LINC_STEP_OFFSET_UNIT = 2,  /* a step offset of 1 is an eighth of an octave */
    LINC_MAX_STEP_OFFSET = 24,
    LINC_MAX_FILTER_SETS = 3
};

/* Tools of a frame. A reader that meets a bit it does not know says LINC_UNSUPPORTED. */
enum {
    LINC_TOOL_DEBLOCKING = 1,
    LINC_TOOL_FILTER = 2,       /* Wiener filter with signalled sets */
    LINC_TOOL_STEP_OFFSETS = 4, /* offsets of the quantiser step a leaf */
    LINC_TOOL_SIGN_HIDING = 8,  /* one sign of a group of levels follows from the parity of their sum */
    LINC_TOOL_TRANSFORM_SKIP = 16, /* residuals may be coded sample by sample */
    LINC_TOOL_COPY = 32,        /* intra leaves may be copies of units before (intra block copy) */
    LINC_TOOLS_KNOWN = 63
};

/* Everything a frame's header says, explicit. Levels are the pyramid's. */
typedef struct LincHeader {
    int display;
    int level;
    int references;           /* 0, 1, 2 */
    int reference_display[2]; /* displays, earlier in coding order; both may be the same */
    int context_source;       /* display of an earlier frame, or -1 */
    int temporal;             /* 1: temporal vector prediction; collocated: second reference, then first */
    /* Settings: repeated from the last frame of the level unless they changed. */
    int step[3];              /* step indices of the planes, 0 .. LINC_STEP_INDICES - 1 */
    int tools;                /* LINC_TOOL_* */
    int merge_size;           /* length of the merge list, 1 .. LINC_MAX_MERGE */
    int count_limit;          /* states taken over from the source have their counts cut to this, 0 .. 127 */
    int deblock_threshold;    /* added to the step index for deblocking, in eighths of an octave, -24 .. 24 */
    /* Loop filter (with LINC_TOOL_FILTER): in the entropy coded stream, not in the plain header. */
    int filter_sets[3];       /* sets of each plane, 0 .. LINC_MAX_FILTER_SETS */
    int8_t filter[3][LINC_MAX_FILTER_SETS][12];
} LincHeader;

#endif
