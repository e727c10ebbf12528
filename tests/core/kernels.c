/* Kernels against each other and against what they approximate: interpolated planes and single blocks, transforms
 * there and back, extents known and found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enc_phases.h"
#include "inter.h"
#include "lanes.h"
#include "random_segment.h"
#include "transform.h"

enum { SIDE = 96 };

static int check(int ok, const char *what, int a, int b) {
    if (!ok) printf("%s: %d %d\n", what, a, b);
    return !ok;
}

static LincPicture *random_picture(RandomSegment *s, const LincGeometry *g) {
    LincPicture *p = linc_picture_create(g);
    for (int k = 0; p && k < g->planes; k++)
        for (int y = 0; y < p->plane[k].height; y++)
            for (int x = 0; x < p->plane[k].width; x++)
                *linc_at(&p->plane[k], x, y) = (LincSample)random_below(s, (uint32_t)g->maximum + 1);
    if (p) linc_picture_pad(p);
    return p;
}

/* Blocks far outside see the repeated edge only, wherever they are. */
static int far_blocks(RandomSegment *s, const LincGeometry *g, const LincPicture *p) {
    LincSample a[64 * 64];
    LincVector v = {(int16_t)(-32767 + (int)random_below(s, 999)), (int16_t)random_below(s, 4)};
    linc_predict_plane(g, p, 0, 8, 16, 16, 16, v, a, 64, 0);
    int bad = 0;
    for (int y = 0; y < 16; y++)
        for (int x = 1; x < 16; x++) bad |= a[y * 64 + x] != a[y * 64];
    return check(!bad, "far block", v.x, v.y);
}

static int interpolation(RandomSegment *s, const LincGeometry *g) {
    LincPicture *p = random_picture(s, g);
    int halves_only = (int)random_below(s, 2);
    void *memory = malloc(enc_phases_bytes(g, halves_only));
    EncPhases phases;
    int bad = !p || !memory;
    if (!bad) enc_phases_make(g, &p->plane[0], halves_only, memory, &phases);
    for (int phase = 0; phase < 16 && !bad; phase++) {
        if (halves_only && phase & 5) {
            bad |= check(!phases.plane[phase], "phase", phase, 0);
            continue;
        }
        for (int i = 0; i < 50 && !bad; i++) {
            LincSample block[64 * 64];
            int w = 4 << random_below(s, 5), h = 4 << random_below(s, 5);
            int x = (int)random_below(s, SIDE + 64) - 64, y = (int)random_below(s, SIDE + 64) - 64;
            LincVector v = {(int16_t)(x * 4 + (phase & 3)), (int16_t)(y * 4 + (phase >> 2))};
            if (x + w > SIDE + 64 || y + h > SIDE + 64) continue;
            linc_predict_plane(g, p, 0, 0, 0, w, h, v, block, 64, 0);
            for (int j = 0; j < h; j++)
                bad |= memcmp(block + j * 64, phases.plane[phase] + (y + j) * phases.stride + x, (size_t)w * 2) != 0;
            check(!bad, "interpolation", phase, w);
        }
    }
    bad |= far_blocks(s, g, p);
    linc_picture_destroy(p);
    free(memory);
    return bad;
}

/* The largest value that two passes can come to, beyond 16 bits before it is clipped: samples as the signs of taps. */
static int extreme_block(const LincGeometry *g, int fx, int fy) {
    enum { AT = 32 };
    LincPicture *p = linc_picture_create(g);
    LincSample block[64 * 64];
    int bad = !p, sum = 1 << (19 - g->depth);
    if (bad) return 1;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int i = x - AT + 3, j = y - AT + 3, inside = i >= 0 && i < 8 && j >= 0 && j < 8;
            int sign = inside ? linc_luma_taps[fx][i] * linc_luma_taps[fy][j] : 0;
            *linc_at(&p->plane[0], x, y) = (LincSample)(sign > 0 ? g->maximum : 0);
        }
    linc_picture_pad(p);
    for (int j = 0; j < 8; j++) {
        int row = 1 << (g->depth - 9);
        for (int i = 0; i < 8; i++) row += linc_luma_taps[fx][i] * *linc_at(&p->plane[0], AT - 3 + i, AT - 3 + j);
        sum += linc_luma_taps[fy][j] * (row >> (g->depth - 8));
    }
    linc_predict_plane(g, p, 0, AT, AT, 16, 16, (LincVector){(int16_t)fx, (int16_t)fy}, block, 64, 0);
    bad |= check(block[0] == linc_clip(sum >> (20 - g->depth), g->maximum), "extreme block", fx, fy);
    linc_picture_destroy(p);
    return bad;
}

/* Products of pairs, and what makes pairs and takes them apart, against single numbers. */
static int lanes(RandomSegment *s) {
    int16_t a[16], b[16], rows[16];
    int bad = 0;
    for (int i = 0; i < 16; i++) {
        a[i] = (int16_t)((int)random_below(s, 65535) - 32767);
        b[i] = (int16_t)((int)random_below(s, 65535) - 32767);
    }
    LincLanes16 v = linc_load16(a), w = linc_load16(b);
    LincLanes32 one = linc_multiply_pairs(v, w), plain = linc_multiply_pairs_plain(v, w);
    for (int i = 0; i < 8; i++) {
        int sum = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
        bad |= one[i] != sum || plain[i] != sum;
    }
    LincLanes16 low = linc_low_pairs(v, w), high = linc_high_pairs(v, w);
    LincLanes32 low_sums = linc_multiply_pairs(low, linc_pairs_of(1, 2)) * 2, high_sums = {0};
    high_sums += linc_multiply_pairs(high, linc_pairs_of(1, 2)) * 2;
    LincLanes16 packed = linc_pack(low_sums, high_sums), packed_plain = linc_pack_plain(low_sums, high_sums);
    for (int i = 0; i < 16; i++) {
        int at = i / 8 * 8 + i % 4 * 2, sum = 2 * (a[i] + 2 * b[i]);
        LincLanes16 pairs = i & 4 ? high : low;
        bad |= pairs[at] != a[i] || pairs[at + 1] != b[i];
        sum = sum < -32768 ? -32768 : sum > 32767 ? 32767 : sum;
        bad |= packed[i] != sum || packed_plain[i] != sum;
    }
    linc_store16(rows, linc_clip_lanes(v, 4095));
    for (int i = 0; i < 16; i++) bad |= rows[i] != linc_clip(a[i], 4095);
    return check(!bad, "lanes", a[0], b[0]);
}

/* With steps about as fine as the coefficients, a residual comes back almost as it was. */
static int transforms(RandomSegment *s, const LincGeometry *g, int log2, int kind) {
    static int16_t residual[32 * 32], c[32 * 32], flat[32 * 32], out[32 * 32], again[32 * 32];
    int n = 1 << log2, index = log2 > 3 ? 16 * (log2 - 3) : 0, worst = 0, columns = 0, rows = 0;
    int reach = 1 + (int)random_below(s, (uint32_t)g->maximum / 2);
    for (int i = 0; i < n * n; i++) {
        residual[i] = (int16_t)((int)random_below(s, (uint32_t)reach * 2) - reach);
        flat[i] = (LincSample)(g->maximum / 2);
    }
    linc_transform_forward(residual, n, log2, kind, g->depth, c);
    for (int i = 0; i < n * n; i++) {
        if (log2 == 2) c[i] = (int16_t)(c[i] / 2);
        if (!c[i]) continue;
        if (i % n / 4 * 4 + 4 > columns) columns = i % n / 4 * 4 + 4;
        rows = i / n / 4 * 4 + 4;
    }
    linc_residual_add(c, n, log2, kind, index, g, flat, n, out, n);
    memcpy(again, flat, sizeof again);
    linc_residual_add_within(c, n, columns, rows, log2, kind, index, g, again, n);
    for (int i = 0; i < n * n; i++) {
        int error = linc_abs(out[i] - flat[i] - residual[i]);
        if (error > worst) worst = error;
    }
    int bad = check(worst <= (g->depth == 12 ? 8 : 32), "transform error", log2, worst);
    return bad | check(!memcmp(out, again, (size_t)(n * n) * 2), "extents", log2, kind);
}

int main(void) {
    RandomSegment s = {.state = 12345};
    int bad = 0;
    for (int i = 0; i < 12 && !bad; i++) {
        LincParameters p = {SIDE, SIDE, LINC_420 + i % 3, i & 1 ? 12 : 8, 1};
        LincGeometry g;
        bad |= linc_geometry_set(&g, &p) != LINC_OK;
        bad |= interpolation(&s, &g) | lanes(&s);
        for (int k = 0; k < 9; k++) bad |= extreme_block(&g, 1 + k % 3, 1 + k / 3);
        for (int log2 = 2; log2 <= 5; log2++)
            for (int k = 0; k < 20; k++) bad |= transforms(&s, &g, log2, LINC_DCT);
        for (int k = 0; k < 20; k++) bad |= transforms(&s, &g, 2, LINC_DST);
    }
    printf("%s\n", bad ? "kernels differ" : "kernels agree");
    return bad;
}
