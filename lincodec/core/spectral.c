/* Spectral segments at one time: rows of blocks, each put out once the next one is there (spec 8.3). */
#include <string.h>

#include "codes.h"
#include "linc_spectral.h"
#include "spectral_blocks.h"
#include "spectral_lines.h"

static int is_side(int32_t side) {
    return side >= 4 && side <= LINC_SPECTRAL_SIDE && !(side & (side - 1));
}

static int covers(int32_t blocks, int32_t side, int32_t size) {
    return size >= 1 && size <= LINC_MAX_SIDE && blocks == (size + side - 1) / side;
}

/* Samples that become one, along each axis. */
static int merged(const LincSpectralPlane *p) {
    return p->mean ? p->mean : 1;
}

static int is_known(const LincSpectralPlane *p) {
    return p && is_side(p->block_height) && is_side(p->block_width) && covers(p->rows, p->block_height, p->height) &&
           covers(p->columns, p->block_width, p->width) && p->overlap_down >= 0 &&
           p->overlap_down <= p->block_height / 2 && p->overlap_across >= 0 &&
           p->overlap_across <= p->block_width / 2 && p->components >= 1 && p->components <= LINC_MAX_FRAMES &&
           (p->mean == 0 || p->mean == 2 || p->mean == 4) && p->height % merged(p) == 0 && p->width % merged(p) == 0;
}

/* Samples, and coefficients, of a row of blocks. */
static int64_t strip_of(const LincSpectralPlane *p) {
    return (int64_t)p->columns * p->block_width * p->block_height;
}

int64_t linc_spectral_floats(const LincSpectralPlane *plane) {
    return is_known(plane) ? 3 * strip_of(plane) : 0;
}

/* The coefficients of a row of blocks: the sum of the components' weights, each times its latent. */
static LincStatus gather(const LincSpectralPlane *p, const LincSpectralWeights *w, const float *latents, int row,
                         float *coefficients) {
    int64_t strip = strip_of(p);
    memset(coefficients, 0, (size_t)strip * sizeof *coefficients);
    for (int k = 0; k < p->components; k++) {
        int64_t line = (int64_t)k * p->rows + row, first = w->starts[line], last = w->starts[line + 1];
        if (first < 0 || last < first || last > w->count) return LINC_ARGUMENT;
        const float latent = latents[k];
        for (int64_t i = first; i < last; i++) {
            uint64_t at = (uint64_t)w->where[i] - (uint64_t)(line * strip);
            if (at >= (uint64_t)strip) return LINC_ARGUMENT;
            coefficients[at] += latent * w->values[i];
        }
    }
    return LINC_OK;
}

/* The blocks of a row, blended across. */
static void synthesise(const LincSpectralPlane *p, const LincSpectralWeights *w, const float *coefficients,
                       float *strip) {
    int line = p->columns * p->block_width;
    for (int b = 0; b < p->columns; b++)
        linc_spectral_block(p, w, coefficients + (ptrdiff_t)b * p->block_height * p->block_width,
                            strip + (ptrdiff_t)b * p->block_width, line);
    for (int y = 0; y < p->block_height; y++)
        linc_spectral_blend_line(strip + (ptrdiff_t)y * line, p->columns, p->block_width, p->overlap_across,
                                 w->fold_across);
}

/* Puts out a row of blocks, which may be overwritten. */
static LincStatus put(const LincSpectralPlane *p, float *strip, int row, int depth, uint8_t *out, size_t stride) {
    int first = row * p->block_height, lines = p->height - first, fine = 1, mean = merged(p);
    ptrdiff_t length = (ptrdiff_t)p->columns * p->block_width;
    if (lines > p->block_height) lines = p->block_height;
    for (int y = 0; y < lines; y += mean) {
        float *line = strip + y * length;
        if (mean > 1) linc_spectral_mean_line(line, length, mean, p->width);
        fine &= linc_codes_put(line, p->width / mean, depth, out + (size_t)((first + y) / mean) * stride);
    }
    return fine ? LINC_OK : LINC_CORRUPT;
}

LincStatus linc_spectral_render(const LincSpectralPlane *p, const LincSpectralWeights *w, const float *latents,
                                int32_t depth, void *out, size_t stride, size_t size, float *work) {
    if (!is_known(p) || !w || !latents || !out || !work || (depth && (depth < 8 || depth > 16))) return LINC_ARGUMENT;
    size_t line = (size_t)(p->width / merged(p)) * (depth == 8 ? 1 : depth ? 2 : sizeof(float));
    size_t height = (size_t)(p->height / merged(p));
    if (stride < line || stride > PTRDIFF_MAX / height || (height - 1) * stride + line > size) return LINC_ARGUMENT;
    int64_t strip = strip_of(p);
    float *coefficients = work, *now = work + strip, *before = now + strip;
    int width = p->columns * p->block_width;
    for (int row = 0; row < p->rows; row++) {
        LincStatus status = gather(p, w, latents, row, coefficients);
        if (status) return status;
        synthesise(p, w, coefficients, now);
        if (row > 0) {
            for (int i = 0; i < p->overlap_down; i++)
                linc_spectral_blend_lines(before + (ptrdiff_t)(p->block_height - 1 - i) * width,
                                          now + (ptrdiff_t)i * width, width, w->fold_down[i]);
            status = put(p, before, row - 1, depth, out, stride);
            if (status) return status;
        }
        float *next = before;
        before = now;
        now = next;
    }
    return put(p, before, p->rows - 1, depth, out, stride);
}
