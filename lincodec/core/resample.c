/* Planes at other sizes: both axes, one after the other, in the order that leaves less to do (spec 8.4). */
#include "resample.h"

#include <string.h>

#include "codes.h"
#include "resample_lines.h"

enum { MOST_TAPS = 16 /* of rows that are made from lines at their final width */ };

/* Lines kept for the rows that are made next: those of a sum may begin and end within eight. */
static int ring_of(const LincAxis *rows) {
    return linc_beside(rows->taps + 2 * LINC_BESIDE - 2);
}

/* Native samples that an axis reads, to a whole number of eight. */
static int span_of(const LincAxis *axis) {
    return linc_beside(axis->first[axis->count - 1] + axis->taps - axis->first[0]);
}

/* Whether lines are brought to their width before rows are made of them: there are fewer before. */
static int is_across_first(const LincAxis *rows) {
    return rows->count > rows->first[rows->count - 1] + rows->taps - rows->first[0] && rows->taps <= MOST_TAPS;
}

static int is_side(int32_t side) {
    return side >= 1 && side <= LINC_MAX_OUTPUT_SIDE;
}

int linc_axis_is_known(const LincAxis *a) {
    if (!a || !a->first || !a->weights || !is_side(a->size) || !is_side(a->count)) return 0;
    if (a->taps < 1 || a->taps > a->size || (a->mean != 0 && a->mean != 1)) return 0;
    int32_t least = 0;
    for (int i = 0; i < a->count; i++) {
        if (a->first[i] < least || a->first[i] > a->size - a->taps) return 0;
        if (a->mean && i && a->first[i] != a->first[i - 1] + a->taps) return 0;
        least = a->first[i];
    }
    return 1;
}

int64_t linc_resample_floats(const LincAxis *rows, const LincAxis *columns) {
    if (!linc_axis_is_known(rows) || !linc_axis_is_known(columns)) return 0;
    int64_t in = span_of(columns), out = linc_beside(columns->count);
    return LINC_BESIDE * (2 * in + out) + in + out * (is_across_first(rows) ? ring_of(rows) + 1 : LINC_BESIDE);
}

static int put(const LincSink *sink, int y, const float *line, int width) {
    return linc_codes_put(line, width, sink->depth, sink->data + y * sink->stride);
}

/* Rows first, eight at a time, then along them. */
static int down_and_across(const LincAxis *rows, const LincAxis *columns, const LincSource *source,
                           const LincSink *sink, int first, int last, float *work) {
    const int span = span_of(columns), width = linc_beside(columns->count), start = columns->first[0];
    const int used = columns->first[columns->count - 1] + columns->taps - start;
    float *sums = work, *line = sums + LINC_BESIDE * span, *found = line + span, *rest = found + LINC_BESIDE * width;
    int fine = 1;
    memset(sums, 0, (size_t)span * LINC_BESIDE * sizeof *sums);
    for (int y = first; y < last; y += LINC_BESIDE) {
        int count = last - y < LINC_BESIDE ? last - y : LINC_BESIDE;
        for (int i = 0; i < count; i++) {
            float *sum = sums + (ptrdiff_t)i * span;
            memset(sum, 0, (size_t)used * sizeof *sum);
            for (int k = 0; k < rows->taps; k++) {
                float weight = rows->weights[(ptrdiff_t)(y + i) * rows->taps + k];
                if (weight == 0) continue;
                linc_source_line(source, rows->first[y + i] + k, start, used, line);
                linc_line_add(line, weight, used, sum);
            }
        }
        linc_lines_across(columns, sums, span, found, width, rest);
        for (int i = 0; i < count; i++) fine &= put(sink, y + i, found + (ptrdiff_t)i * width, columns->count);
    }
    return fine;
}

/* Eight native lines to their width, into the ring. */
static void widen(const LincAxis *columns, const LincSource *source, int size, int y, float *lines, float *ring,
                  float *work) {
    const int span = span_of(columns), width = linc_beside(columns->count), start = columns->first[0];
    const int used = columns->first[columns->count - 1] + columns->taps - start;
    for (int i = 0; i < LINC_BESIDE; i++)
        linc_source_line(source, y + i < size ? y + i : size - 1, start, used, lines + (ptrdiff_t)i * span);
    linc_lines_across(columns, lines, span, ring, width, work);
}

/* Along native lines, eight at a time, then the rows that these allow. */
static int across_and_down(const LincAxis *rows, const LincAxis *columns, const LincSource *source,
                           const LincSink *sink, int first, int last, float *work) {
    const int span = span_of(columns), width = linc_beside(columns->count), kept = ring_of(rows);
    float *lines = work, *ring = lines + LINC_BESIDE * span, *line = ring + (ptrdiff_t)kept * width;
    float *rest = line + width;
    int next = rows->first[first] & ~(LINC_BESIDE - 1), fine = 1;
    memset(lines, 0, (size_t)span * LINC_BESIDE * sizeof *lines);
    for (int y = first; y < last; y++) {
        const float *used[MOST_TAPS];
        for (; next < rows->first[y] + rows->taps; next += LINC_BESIDE)
            widen(columns, source, rows->size, next, lines, ring + (ptrdiff_t)(next % kept) * width, rest);
        for (int k = 0; k < rows->taps; k++) used[k] = ring + (ptrdiff_t)((rows->first[y] + k) % kept) * width;
        linc_lines_sum(used, rows->weights + (ptrdiff_t)y * rows->taps, rows->taps, width, line);
        fine &= put(sink, y, line, columns->count);
    }
    return fine;
}

LincStatus linc_resample_rows(const LincAxis *rows, const LincAxis *columns, const LincSource *source,
                              const LincSink *sink, int first, int last, float *work) {
    if (linc_resample_means(rows, columns, source, sink, first, last, (uint16_t *)(void *)work)) return LINC_OK;
    int fine = is_across_first(rows) ? across_and_down(rows, columns, source, sink, first, last, work)
                                     : down_and_across(rows, columns, source, sink, first, last, work);
    return fine ? LINC_OK : LINC_CORRUPT;
}

static int is_depth(int32_t depth) {
    return depth == 0 || (depth >= 8 && depth <= 16);
}

/* Whether planes of some rows lie within `size` bytes. */
static int fits(int32_t width, int32_t rows, int32_t depth, size_t stride, size_t size) {
    size_t row = (size_t)width * (depth == 8 ? 1 : depth ? 2 : sizeof(float)), height = (size_t)rows;
    return stride >= row && stride <= PTRDIFF_MAX / height && (height - 1) * stride + row <= size;
}

LincStatus linc_resample(const LincAxis *rows, const LincAxis *columns, const void *in, size_t in_stride,
                         size_t in_size, int32_t in_depth, void *out, size_t stride, size_t size, int32_t depth,
                         int32_t first, int32_t last, float *work) {
    if (!linc_axis_is_known(rows) || !linc_axis_is_known(columns) || !in || !out || !work) return LINC_ARGUMENT;
    if (!is_depth(in_depth) || !is_depth(depth)) return LINC_ARGUMENT;
    if (first < 0 || last <= first || last > rows->count) return LINC_ARGUMENT;
    if (!fits(columns->size, rows->size, in_depth, in_stride, in_size)) return LINC_ARGUMENT;
    if (!fits(columns->count, rows->count, depth, stride, size)) return LINC_ARGUMENT;
    LincSource source = {in, (ptrdiff_t)in_stride, in_depth, 0};
    LincSink sink = {out, (ptrdiff_t)stride, depth};
    return linc_resample_rows(rows, columns, &source, &sink, first, last, work);
}
