/* Public interface of the compiled core: partitioned segments, bytes to samples and back (spec 8.12).
 *
 * A segment is a list of frame records in coding order. Parsing a frame and reconstructing it are two calls:
 * parsing needs the record it takes its context states from and the motion of its references, reconstruction needs
 * the reconstructed references. Calls for different records may run at the same time once what they need is there;
 * two calls for one record may not. No call keeps global state; every failure is a status.
 */
#ifndef LINC_CORE_H
#define LINC_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define LINC_API __declspec(dllexport)
#else
#define LINC_API __attribute__((visibility("default")))
#endif

/* Raised whenever a signature or a structure of this file changes. */
#define LINC_CORE_ABI 1
LINC_API int linc_core_version(void);

typedef enum LincStatus {
    LINC_OK = 0,
    LINC_CORRUPT = 1,     /* the bytes contradict the specification */
    LINC_UNSUPPORTED = 2, /* a tool or an edition that this reader does not know */
    LINC_LIMIT = 3,       /* larger than a limit of the specification */
    LINC_MEMORY = 4,      /* no memory */
    LINC_ARGUMENT = 5,    /* the caller's mistake: a null pointer, an index out of range, a buffer too small */
    LINC_ORDER = 6        /* something that the record needs has not been parsed, reconstructed, or was released */
} LincStatus;

enum { LINC_GREY = 0, LINC_420 = 1, LINC_422 = 2, LINC_444 = 3 }; /* LincParameters.chroma */

enum {
    LINC_MAX_SIDE = 16384,   /* samples a side (spec 9) */
    LINC_MAX_FRAMES = 65535, /* frames a segment */
    LINC_MAX_LEVELS = 8      /* levels of the pyramid */
};

/* What the container knows about a segment. */
typedef struct LincParameters {
    int32_t width, height; /* luma samples shown, 1 to LINC_MAX_SIDE */
    int32_t chroma;        /* LINC_GREY .. LINC_444 */
    int32_t depth;         /* bits a sample of the source, 8 to 16 */
    int32_t frames;        /* frames in the segment, 1 to LINC_MAX_FRAMES */
} LincParameters;

/* What the record of a frame says, resolved. Displays count from 0 within the segment. */
typedef struct LincFrameInfo {
    int32_t display;          /* position in display order */
    int32_t level;            /* level of the pyramid, 0 to LINC_MAX_LEVELS - 1 */
    int32_t references;       /* 0 (intra), 1 or 2 */
    int32_t reference[2];     /* records (not displays) of the references, -1 where there is none */
    int32_t context_source;   /* record whose final context states this one starts from, -1 for initial states */
    int32_t needs_motion;     /* 1 where parsing needs the references parsed (temporal vectors) */
    int32_t offset, bytes;    /* of the whole record in the segment */
    int32_t tools;            /* bits of the tools it uses (spec 8.12.3) */
    int32_t step[3];          /* quantiser step indices of the planes */
} LincFrameInfo;

typedef struct LincSegment LincSegment;

/* Release masks. */
enum {
    LINC_RELEASE_STATES = 1,  /* final context states */
    LINC_RELEASE_MOTION = 2,  /* vectors kept for later frames */
    LINC_RELEASE_PICTURE = 4, /* reconstructed samples */
    LINC_RELEASE_BLOCKS = 8   /* decisions and levels; reconstruction does this by itself */
};

/* Reads and checks every record header. `bytes` must stay readable until the segment is closed. */
LINC_API LincStatus linc_segment_open(const uint8_t *bytes, size_t size, const LincParameters *parameters,
                                      LincSegment **segment);
LINC_API void linc_segment_close(LincSegment *segment);

/* The record that shows at `display`, or -1. */
LINC_API int32_t linc_segment_record(const LincSegment *segment, int32_t display);
LINC_API LincStatus linc_segment_frame(const LincSegment *segment, int32_t record, LincFrameInfo *info);

/* Entropy decoding of one record. Needs context_source parsed, and the references parsed if needs_motion. */
LINC_API LincStatus linc_segment_parse(LincSegment *segment, int32_t record);

/* Samples of one record. Needs it parsed and the references reconstructed. */
LINC_API LincStatus linc_segment_reconstruct(LincSegment *segment, int32_t record);

/* Writes one plane of a reconstructed record at the source's size and depth: 8-bit samples if the depth is 8,
 * otherwise 16-bit native-endian ones. `stride` is in bytes. */
LINC_API LincStatus linc_segment_output(const LincSegment *segment, int32_t record, int32_t plane, void *out,
                                        size_t stride, size_t size);

LINC_API void linc_segment_release(LincSegment *segment, int32_t record, uint32_t what);

/* Bytes of memory that one reconstructed picture and one parsed record take, for limits. */
LINC_API size_t linc_picture_bytes(const LincParameters *parameters);
LINC_API size_t linc_parsed_bytes(const LincParameters *parameters);

#ifdef __cplusplus
}
#endif

#endif
