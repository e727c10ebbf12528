/* Candidates for leaves that are copies from the same picture. */
#include "enc_copy.h"

#include "enc_distortion.h"
#include "enc_match.h"

enum { MOST_TRIED = 24 };

/* Vectors that were tried, and the best of them. */
typedef struct Ranking {
    const EncSearch *s;
    int x, y, size;
    LincVector predictor;
    LincVector tried[MOST_TRIED];
    int count;
    LincVector *best;
    uint32_t costs[ENC_MOST_COPIES];
    int kept;
} Ranking;

static void insert(Ranking *r, LincVector v, uint32_t cost) {
    int at = r->kept;
    while (at > 0 && r->costs[at - 1] > cost) at--;
    if (at == ENC_MOST_COPIES) return;
    if (r->kept < ENC_MOST_COPIES) r->kept++;
    for (int k = r->kept - 1; k > at; k--) {
        r->best[k] = r->best[k - 1];
        r->costs[k] = r->costs[k - 1];
    }
    r->best[at] = v;
    r->costs[at] = cost;
}

static void try_vector(Ranking *r, LincVector v) {
    const EncSearch *s = r->s;
    if (r->count == MOST_TRIED || !linc_copy_allowed(s->geometry, r->x, r->y, r->size, v.x, v.y)) return;
    for (int i = 0; i < r->count; i++)
        if (r->tried[i].x == v.x && r->tried[i].y == v.y) return;
    r->tried[r->count++] = v;
    const LincPlane *picture = &s->frame->picture->plane[0];
    LincVector predictors[2] = {r->predictor, r->predictor};
    uint32_t cost = enc_sad(enc_source(s, 0, r->x, r->y), s->source->plane[0].stride,
                            linc_at(picture, r->x + v.x, r->y + v.y), picture->stride, r->size, r->size);
    insert(r, v, cost + ((uint32_t)(s->price * enc_vector_bits(v, predictors)) >> 4));
}

static const LincBlock *copied(const EncSearch *s, int x, int y, int xn, int yn) {
    if (!linc_available(s->geometry, x, y, xn, yn)) return NULL;
    const LincBlock *b = linc_block(s->frame, xn, yn);
    return b->mode == LINC_MODE_INTRA && b->intra_luma == LINC_INTRA_COPY ? b : NULL;
}

int enc_copy_guesses(const EncSearch *s, int x, int y, int size_log2, LincVector guesses[ENC_MOST_COPIES]) {
    int size = 1 << size_log2;
    const LincBlock *left = copied(s, x, y, x - 1, y), *up = copied(s, x, y, x, y - 1);
    Ranking r = {.s = s, .x = x, .y = y, .size = size, .best = guesses};
    if (left || up) r.predictor = left ? left->motion.vector[0] : up->motion.vector[0];
    if (left) try_vector(&r, left->motion.vector[0]);
    if (up) try_vector(&r, up->motion.vector[0]);
    for (int cy = y; cy < y + size; cy += LINC_CELL)
        for (int cx = x; cx < x + size; cx += LINC_CELL) {
            LincVector v = s->copies[(cy >> LINC_CELL_LOG2) * s->geometry->columns + (cx >> LINC_CELL_LOG2)];
            if (v.x != ENC_NO_MATCH) try_vector(&r, (LincVector){(int16_t)(v.x / 4), (int16_t)(v.y / 4)});
        }
    return r.kept;
}
