/* Plain headers of frame records (spec 8.12.3). */
#ifndef LINC_RECORD_H
#define LINC_RECORD_H

#include "header.h"

/* What the headers before this one leave behind: the last settings and the last record of each level. */
typedef struct LincRecordMemory {
    LincHeader last[LINC_MAX_LEVELS];
    uint8_t seen[LINC_MAX_LEVELS];
} LincRecordMemory;

typedef struct LincRecord {
    LincHeader header;
    const uint8_t *stream; /* entropy coded */
    size_t stream_size;
    size_t offset, size;   /* of the record in the segment */
} LincRecord;

/* Reads the record at *position and moves it behind. */
LincStatus linc_record_read(const uint8_t *bytes, size_t size, size_t *position, LincRecordMemory *memory,
                            LincRecord *record);

/* Bytes that a record's length and header can take at most. */
enum { LINC_RECORD_MAX = 64 };

/* Writes length and header for a stream of `stream_size` bytes (the stream follows); returns how many bytes. */
size_t linc_record_write(const LincHeader *header, size_t stream_size, LincRecordMemory *memory,
                         uint8_t bytes[LINC_RECORD_MAX]);

#endif
