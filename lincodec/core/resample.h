/* Planes at other sizes, from codes, floats or pictures (spec 8.4). */
#ifndef LINC_RESAMPLE_H
#define LINC_RESAMPLE_H

#include "linc_resample.h"

/* Where native samples come from. */
typedef struct LincSource {
    const uint8_t *data;
    ptrdiff_t stride; /* bytes */
    int depth;        /* bits of the codes; 0: floats, centred */
    int inside;       /* bits of the LincSample that are rounded to these codes; 0: they are codes */
} LincSource;

typedef struct LincSink {
    uint8_t *data;
    ptrdiff_t stride; /* bytes */
    int depth;        /* as that of a source */
} LincSink;

/* Adds the codes of `count` samples of a row, from `x` on, to `sums`. Not for floats. */
void linc_source_add(const LincSource *source, int y, int x, int count, uint16_t *sums);

/* `count` samples of a row, from `x` on, as floats, centred. */
void linc_source_line(const LincSource *source, int y, int x, int count, float *line);

/* Whether axes are known. */
int linc_axis_is_known(const LincAxis *axis);

/* Rows `first` to `last` - 1, of known axes; everything fits. */
LincStatus linc_resample_rows(const LincAxis *rows, const LincAxis *columns, const LincSource *source,
                              const LincSink *sink, int first, int last, float *work);

/* The same where both axes are means and sums of codes fit into 16 bits; 0: they are not, or do not. */
int linc_resample_means(const LincAxis *rows, const LincAxis *columns, const LincSource *source,
                        const LincSink *sink, int first, int last, uint16_t *work);

#endif
