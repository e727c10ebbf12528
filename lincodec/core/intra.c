/* Prediction inside a frame (spec 8.12.9). */
#include "intra.h"

#include <string.h>

/* Displacement a row of the directional modes, in 1/32 sample, and 8192 / displacement of the negative ones. */
static const int8_t angles[LINC_INTRA_MODES] = {0,   0,  32, 26, 21,  17,  13,  9,   5,   2,   0,   -2,
                                                -5,  -9, -13, -17, -21, -26, -32, -26, -21, -17, -13, -9,
                                                -5,  -2, 0,   2,   5,   9,   13,  17,  21,  26,  32};
static const int16_t inverse_angles[LINC_INTRA_MODES] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, -4096, -1638, -910, -630, -482, -390, -315,
    -256, -315, -390, -482, -630, -910, -1638, -4096, 0, 0, 0, 0,     0,     0,    0,    0,    0};

/* Fills gaps from the nearest known sample before, going up the left side and along the top. */
static void fill_gaps(LincSample *s, const uint8_t *known, int pieces, int n, int depth) {
    int first = 0;
    while (first < pieces && !known[first]) first++;
    if (first == pieces) {
        for (int i = 0; i <= 4 * n; i++) s[i] = (LincSample)(1 << (depth - 1));
        return;
    }
    /* Pieces: 4 samples each of the left side from the bottom, the corner, 4 each of the top. */
    int half = pieces / 2, start = first <= half ? first * 4 : first * 4 - 3;
    for (int p = 0, at = 0; p < pieces; p++) {
        int length = p == half ? 1 : 4;
        if (!known[p]) {
            LincSample v = p < first ? s[start] : s[at - 1];
            for (int i = 0; i < length; i++) s[at + i] = v;
        }
        at += length;
    }
}

static void smooth_samples(const LincSample *in, LincSample *out, int last) {
    out[0] = in[0];
    for (int i = 1; i < last; i++) out[i] = (LincSample)((in[i - 1] + 2 * in[i] + in[i + 1] + 2) >> 2);
    out[last] = in[last];
}

void linc_intra_gather(const LincFrame *f, int k, int x, int y, int size_log2, LincNeighbours *neighbours) {
    const LincGeometry *g = f->geometry;
    const LincPlane *plane = &f->picture->plane[k];
    const LincSample *at = linc_at(plane, x, y);
    LincSample *s = neighbours->plain;
    int n = 1 << size_log2, sx = g->shift_x[k], sy = g->shift_y[k], lx = x << sx, ly = y << sy, pieces = n / 2, all = 1;
    uint8_t known[2 * 16 + 1];
    for (int p = 0; p < pieces; p++) {
        int from = p * 4;
        uint8_t *left = &known[pieces - 1 - p], *top = &known[pieces + 1 + p];
        *left = (uint8_t)linc_available(g, lx, ly, lx - 1, (y + from) << sy);
        *top = (uint8_t)linc_available(g, lx, ly, (x + from) << sx, ly - 1);
        all &= *left & *top;
        if (*left)
            for (int i = from; i < from + 4; i++) s[2 * n - 1 - i] = at[i * plane->stride - 1];
        if (*top) memcpy(&s[2 * n + 1 + from], at - plane->stride + from, 4 * sizeof *s);
    }
    known[pieces] = (uint8_t)linc_available(g, lx, ly, lx - 1, ly - 1);
    if (known[pieces]) s[2 * n] = at[-plane->stride - 1];
    if (!(all & known[pieces])) fill_gaps(s, known, 2 * pieces + 1, n, g->depth);
    if (k == 0 && n >= 8) smooth_samples(s, neighbours->smooth, 4 * n);
}

static void predict_planar(const LincSample *c, int n, int size_log2, LincSample *out, ptrdiff_t stride) {
    int right = c[1 + n], below = c[-1 - n];
    for (int j = 0; j < n; j++, out += stride) {
        int left = c[-1 - j];
        for (int i = 0; i < n; i++) {
            int across = (n - 1 - i) * left + (i + 1) * right, down = (n - 1 - j) * c[1 + i] + (j + 1) * below;
            out[i] = (LincSample)((across + down + n) >> (size_log2 + 1));
        }
    }
}

static void predict_mean(const LincSample *c, int n, int size_log2, int edges, LincSample *out, ptrdiff_t stride) {
    int sum = n;
    for (int i = 0; i < n; i++) sum += c[-1 - i] + c[1 + i];
    int mean = sum >> (size_log2 + 1);
    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++) out[j * stride + i] = (LincSample)mean;
    if (!edges) return;
    out[0] = (LincSample)((c[-1] + 2 * mean + c[1] + 2) >> 2);
    for (int i = 1; i < n; i++) {
        out[i] = (LincSample)((c[1 + i] + 3 * mean + 2) >> 2);
        out[i * stride] = (LincSample)((c[-1 - i] + 3 * mean + 2) >> 2);
    }
}

/* side = 1: from the top down; side = -1: from the left across, the same with the axes exchanged. */
static void predict_angular(const LincSample *c, int n, int mode, LincSample *out, ptrdiff_t stride) {
    int side = mode >= 18 ? 1 : -1, angle = angles[mode], inverse = inverse_angles[mode];
    LincSample line[32 + 2 * 32 + 2], *reference = line + 32, turned[32 * 32];
    for (int k = 0; k <= 2 * n; k++) reference[k] = c[side * k];
    reference[2 * n + 1] = 0; /* weight 0, but read */
    int lowest = (n * angle) >> 5;
    if (lowest < -1)
        for (int k = lowest; k < 0; k++) reference[k] = c[-side * ((k * inverse + 128) >> 8)];
    LincSample *to = side > 0 ? out : turned;
    ptrdiff_t to_stride = side > 0 ? stride : n;
    for (int j = 0; j < n; j++) {
        int travel = (j + 1) * angle, part = travel & 31;
        const LincSample *in = reference + (travel >> 5) + 1;
        for (int i = 0; i < n; i++)
            to[j * to_stride + i] = (LincSample)(((32 - part) * in[i] + part * in[i + 1] + 16) >> 5);
    }
    if (side > 0) return;
    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++) out[j * stride + i] = turned[i * n + j];
}

/* Straight modes follow the gradient along the edge that they do not come from. */
static void soften_edge(const LincSample *c, int n, int side, int maximum, LincSample *out, ptrdiff_t stride) {
    for (int i = 0; i < n; i++) {
        LincSample *s = side > 0 ? out + i * stride : out + i;
        *s = linc_clip(*s + ((c[-side * (1 + i)] - c[0]) >> 1), maximum);
    }
}

static int uses_smooth(int chroma, int n, int mode) {
    if (chroma || n < 8 || mode == LINC_INTRA_DC) return 0;
    if (mode == LINC_INTRA_PLANAR) return 1;
    int a = mode > 26 ? mode - 26 : 26 - mode, b = mode > 10 ? mode - 10 : 10 - mode, d = a < b ? a : b;
    return d > (n == 8 ? 7 : n == 16 ? 1 : 0);
}

void linc_intra_predict(const LincGeometry *g, const LincNeighbours *neighbours, int chroma, int size_log2, int mode,
                        LincSample *out, ptrdiff_t stride) {
    int n = 1 << size_log2, edges = !chroma && n < 32;
    const LincSample *c = (uses_smooth(chroma, n, mode) ? neighbours->smooth : neighbours->plain) + 2 * n;
    if (mode == LINC_INTRA_PLANAR) {
        predict_planar(c, n, size_log2, out, stride);
    } else if (mode == LINC_INTRA_DC) {
        predict_mean(c, n, size_log2, edges, out, stride);
    } else {
        predict_angular(c, n, mode, out, stride);
        if (edges && angles[mode] == 0) soften_edge(c, n, mode == 26 ? 1 : -1, g->maximum, out, stride);
    }
}

/* The likely modes: those of the left and the upper leaf, filled up with neighbouring directions or common modes.
 * Above the unit's upper edge nothing is asked, so that one row of modes need not be kept. */
void linc_likely_modes(const LincFrame *f, int x, int y, int likely[3]) {
    int a = LINC_INTRA_DC, b = LINC_INTRA_DC;
    if (linc_available(f->geometry, x, y, x - 1, y)) {
        const LincBlock *left = linc_block(f, x - 1, y);
        if (left->mode == LINC_MODE_INTRA && left->intra_luma != LINC_INTRA_COPY) a = left->intra_luma;
    }
    if ((y & (LINC_UNIT - 1)) && linc_available(f->geometry, x, y, x, y - 1)) {
        const LincBlock *up = linc_block(f, x, y - 1);
        if (up->mode == LINC_MODE_INTRA && up->intra_luma != LINC_INTRA_COPY) b = up->intra_luma;
    }
    likely[0] = a;
    likely[1] = b;
    if (a != b) {
        likely[2] = a && b ? LINC_INTRA_PLANAR : a != LINC_INTRA_DC && b != LINC_INTRA_DC ? LINC_INTRA_DC : 26;
    } else if (a < LINC_INTRA_ANGULAR) {
        likely[0] = LINC_INTRA_PLANAR;
        likely[1] = LINC_INTRA_DC;
        likely[2] = 26;
    } else {
        likely[1] = 2 + ((a + 29) & 31);
        likely[2] = 2 + ((a - 1) & 31);
    }
}

void linc_intra_copy(const LincFrame *f, int plane, int x, int y, int size_log2, LincVector vector, LincSample *out,
                     ptrdiff_t stride) {
    const LincPlane *p = &f->picture->plane[plane];
    int dx = vector.x >> f->geometry->shift_x[plane], dy = vector.y >> f->geometry->shift_y[plane];
    for (int j = 0; j < 1 << size_log2; j++)
        memcpy(out + j * stride, linc_at(p, x + dx, y + dy + j), sizeof(LincSample) << size_log2);
}
