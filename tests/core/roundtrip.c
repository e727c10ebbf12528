/* Random segments through writer and decoder: the same decisions, levels, states and samples; then with bytes
 * changed: a status, never a crash. Run under sanitizers. Usage: roundtrip FIRST_SEED COUNT [MUTATIONS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_segment.h"
#include "syntax.h"

enum { CAPACITY = 1 << 24 };

static int differ(const char *what, uint64_t seed, int record) {
    printf("seed %llu record %d: %s differ\n", (unsigned long long)seed, record, what);
    return 1;
}

static int compare_levels(const RandomSegment *s, const LincFrame *a, const LincFrame *b, int x, int y, int log2,
                          int k) {
    int n = 1 << log2, width = s->geometry.plane_width[k];
    for (int j = 0; j < n; j++)
        if (memcmp(linc_levels(a, k, x, y) + j * width, linc_levels(b, k, x, y) + j * width, (size_t)n * 2)) return 1;
    return 0;
}

static int compare_leaf(const RandomSegment *s, const LincFrame *a, const LincFrame *b, int x, int y) {
    const LincBlock *p = linc_block(a, x, y);
    LincChromaTiling t = linc_chroma_tiling(&s->geometry, p->size_log2);
    int side = p->size_log2 - p->split, bad = 0;
    for (int i = 0; i < 4; i++)
        if (p->coded >> i & 1)
            bad |= compare_levels(s, a, b, x + ((i & 1) << side), y + ((i >> 1) << side), side, 0);
    for (int k = 1; k < s->geometry.planes; k++)
        for (int i = 0; i < t.count; i++)
            if (p->coded >> (4 * k + i) & 1)
                bad |= compare_levels(s, a, b, (x >> s->geometry.shift_x[k]) + ((i % t.across) << t.side_log2),
                                      (y >> s->geometry.shift_y[k]) + ((i / t.across) << t.side_log2), t.side_log2, k);
    return bad;
}

static int compare_decisions(const RandomSegment *s, const uint8_t *bytes, int i, uint64_t seed) {
    LincFrame *f = linc_frame_create(&s->geometry);
    const LincFrame *made = s->frame[i];
    LincStates states;
    f->header = made->header;
    memset(f->header.filter, 0, sizeof f->header.filter);
    memset(f->header.filter_sets, 0, sizeof f->header.filter_sets);
    f->collocated[0] = made->collocated[0];
    f->collocated[1] = made->collocated[1];
    linc_states_reset(&states);
    for (int j = 0; j < i; j++)
        if (s->frame[j]->header.display == made->header.context_source) {
            states = *s->states[j];
            linc_states_limit(&states, made->header.count_limit);
        }
    int bad = linc_parse_frame(f, bytes + s->stream[i], s->stream_size[i], &states) != LINC_OK;
    if (bad) differ("status", seed, i);
    size_t cells = (size_t)s->geometry.columns * (size_t)s->geometry.rows;
    if (!bad && memcmp(f->blocks, made->blocks, cells * sizeof *f->blocks)) bad = differ("decisions", seed, i);
    if (!bad && memcmp(&states, s->states[i], sizeof states)) bad = differ("states", seed, i);
    if (!bad && memcmp(&f->header, &made->header, sizeof f->header)) bad = differ("headers", seed, i);
    for (int y = 0; !bad && y < s->geometry.height; y += 8)
        for (int x = 0; !bad && x < s->geometry.width; x += 8) {
            int mask = (1 << linc_block(made, x, y)->size_log2) - 1;
            if (!(x & mask) && !(y & mask) && compare_leaf(s, made, f, x, y)) bad = differ("levels", seed, i);
        }
    linc_frame_destroy(f);
    return bad;
}

static int decode(const LincParameters *p, const uint8_t *bytes, size_t size, LincSegment **segment) {
    LincStatus status = linc_segment_open(bytes, size, p, segment);
    for (int32_t i = 0; !status && i < p->frames; i++) status = linc_segment_parse(*segment, i);
    for (int32_t i = 0; !status && i < p->frames; i++) status = linc_segment_reconstruct(*segment, i);
    return (int)status;
}

static int compare_samples(const RandomSegment *s, LincSegment *segment, uint64_t seed) {
    const LincGeometry *g = &s->geometry;
    int bytes = g->shown.depth == 8 ? 1 : 2, bad = 0;
    size_t stride = (size_t)g->width * 2, size = stride * (size_t)g->height;
    uint8_t *a = calloc(1, size), *b = calloc(1, size);
    for (int i = 0; i < s->frames && !bad; i++)
        for (int k = 0; k < g->planes && !bad; k++) {
            size_t row = (size_t)((g->shown.width + (1 << g->shift_x[k]) - 1) >> g->shift_x[k]) * (size_t)bytes;
            linc_plane_export(g, s->picture[i], k, a, (ptrdiff_t)stride);
            if (linc_segment_output(segment, i, k, b, stride, size)) bad = differ("output status", seed, i);
            for (int y = 0; y < (g->shown.height + (1 << g->shift_y[k]) - 1) >> g->shift_y[k] && !bad; y++)
                if (memcmp(a + (size_t)y * stride, b + (size_t)y * stride, row)) bad = differ("samples", seed, i);
        }
    free(a);
    free(b);
    return bad;
}

static void mutate(RandomSegment *s, uint8_t *bytes, size_t size) {
    int count = 1 + (int)random_below(s, 4);
    for (int i = 0; i < count; i++) bytes[random_below(s, (uint32_t)size)] ^= (uint8_t)(1 << random_below(s, 8));
}

static LincParameters random_parameters(RandomSegment *r) {
    static const int depths[6] = {8, 10, 12, 8, 16, 9};
    LincParameters p;
    int large = random_chance(r, 20);
    p.width = 1 + (int)random_below(r, large ? 300 : 90);
    p.height = 1 + (int)random_below(r, large ? 200 : 90);
    p.chroma = (int)random_below(r, 4);
    p.depth = depths[random_below(r, 6)];
    p.frames = 1 + (int)random_below(r, large ? 4 : 8);
    return p;
}

static int run(uint64_t seed, int mutations, uint8_t *bytes, int counts[8]) {
    RandomSegment s, r = {.state = seed * 77777 + 99};
    LincParameters p = random_parameters(&r);
    size_t size = random_segment_keep(seed, &p, bytes, CAPACITY, &s);
    LincSegment *segment = NULL;
    int bad = size == 0;
    if (bad) printf("seed %llu: not written\n", (unsigned long long)seed);
    for (int i = 0; !bad && i < p.frames; i++) bad = compare_decisions(&s, bytes, i, seed);
    if (!bad && decode(&p, bytes, size, &segment)) bad = differ("decoder status", seed, -1);
    if (!bad) bad = compare_samples(&s, segment, seed);
    linc_segment_close(segment);
    for (int m = 0; !bad && m < mutations; m++) {
        size_t cut = random_chance(&s, 20) ? random_below(&s, (uint32_t)size + 1) : size;
        uint8_t *copy = malloc(cut + !cut); /* exactly as long, so that a read behind the end is seen */
        memcpy(copy, bytes, cut);
        if (cut) mutate(&s, copy, cut);
        LincSegment *broken = NULL;
        counts[decode(&p, copy, cut, &broken)]++;
        linc_segment_close(broken);
        free(copy);
    }
    random_segment_close(&s);
    return bad;
}

int main(int argc, char **argv) {
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    int count = argc > 2 ? atoi(argv[2]) : 100, mutations = argc > 3 ? atoi(argv[3]) : 0, failures = 0;
    int counts[8] = {0};
    uint8_t *bytes = malloc(CAPACITY);
    for (int i = 0; i < count && failures < 5; i++) failures += run(first + (uint64_t)i, mutations, bytes, counts);
    free(bytes);
    printf("%d segments, %d failures; changed bytes: %d decoded, %d corrupt, %d unsupported, %d order, %d other\n",
           count, failures, counts[0], counts[1], counts[2], counts[6], counts[3] + counts[4] + counts[5]);
    return failures != 0;
}
