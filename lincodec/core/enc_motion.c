/* Motion search of a block in one reference: whole samples by SAD, fractions by SATD. */
#include "enc_motion.h"

#include "enc_distortion.h"

enum { HEXAGONS = 12, SQUARES = 4 }; /* most steps of a search */

/* A search under way. */
typedef struct hunt {
    const EncAim *aim;
    LincVector vector;
    uint32_t cost;
} hunt;

static int component_bits(int d) {
    unsigned v = (unsigned)(d < 0 ? -d : d);
    return v ? 3 + 2 * (31 - __builtin_clz(v)) : 1;
}

static int difference_bits(LincVector v, LincVector p) {
    return component_bits(v.x - p.x) + component_bits(v.y - p.y);
}

int enc_vector_bits(LincVector v, const LincVector predictors[2]) {
    int a = difference_bits(v, predictors[0]), b = difference_bits(v, predictors[1]);
    return a < b ? a : b;
}

int enc_nearer_predictor(LincVector v, const LincVector predictors[2]) {
    return difference_bits(v, predictors[1]) < difference_bits(v, predictors[0]);
}

static uint32_t vector_price(const EncAim *aim, LincVector v) {
    return (uint32_t)(aim->price * enc_vector_bits(v, aim->predictors)) >> 4;
}

static int outside(const EncAim *aim, int x, int y) {
    return x < aim->low.x || x > aim->high.x || y < aim->low.y || y > aim->high.y;
}

static void try_whole(hunt *h, int x, int y) {
    const EncAim *aim = h->aim;
    if (outside(aim, x, y))
        return;
    LincVector v = {(int16_t)x, (int16_t)y};
    uint32_t cost = vector_price(aim, v);
    if (cost >= h->cost)
        return;
    const int16_t *there = enc_phase_at(aim->reference, aim->x, aim->y, v);
    cost += enc_sad(aim->target, aim->stride, there, aim->reference->stride, aim->width, aim->height) >> aim->sad_shift;
    if (cost < h->cost) {
        h->cost = cost;
        h->vector = v;
    }
}

static void try_fraction(hunt *h, int x, int y) {
    const EncAim *aim = h->aim;
    if (outside(aim, x, y))
        return;
    LincVector v = {(int16_t)x, (int16_t)y};
    uint32_t cost = vector_price(aim, v);
    if (cost >= h->cost || !enc_phase_made(aim->reference, v))
        return;
    const int16_t *there = enc_phase_at(aim->reference, aim->x, aim->y, v);
    cost += enc_satd(aim->target, aim->stride, there, aim->reference->stride, aim->width, aim->height, aim->satd_shift);
    if (cost < h->cost) {
        h->cost = cost;
        h->vector = v;
    }
}

static int clamped(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

/* The whole-sample vector nearest to one of quarters, inside the bounds. */
static LincVector whole(const EncAim *aim, LincVector v) {
    int x = clamped((v.x + 2) & ~3, (aim->low.x + 3) & ~3, aim->high.x & ~3);
    int y = clamped((v.y + 2) & ~3, (aim->low.y + 3) & ~3, aim->high.y & ~3);
    return (LincVector){(int16_t)x, (int16_t)y};
}

static void try_starts(hunt *h, const LincVector *starts, int count) {
    LincVector tried[32];
    int n = 0;
    for (int i = 0; i < count; i++) {
        LincVector v = whole(h->aim, starts[i]);
        int known = 0;
        for (int k = 0; k < n; k++)
            known |= tried[k].x == v.x && tried[k].y == v.y;
        if (known)
            continue;
        if (n < 32)
            tried[n++] = v;
        try_whole(h, v.x, v.y);
    }
}

static void walk_hexagons(hunt *h) {
    static const int8_t corners[6][2] = {{-2, 0}, {-1, -2}, {1, -2}, {2, 0}, {1, 2}, {-1, 2}};
    int first = 0, last = 5; /* after a step only the three corners ahead are new */
    for (int step = 0; step < HEXAGONS; step++) {
        LincVector centre = h->vector;
        int moved = -1;
        for (int k = first; k <= last; k++) {
            const int8_t *c = corners[(k + 6) % 6];
            uint32_t before = h->cost;
            try_whole(h, centre.x + 4 * c[0], centre.y + 4 * c[1]);
            if (h->cost < before)
                moved = (k + 6) % 6;
        }
        if (moved < 0)
            return;
        first = moved - 1;
        last = moved + 1;
    }
}

static void walk_squares(hunt *h, int steps) {
    for (int step = 0; step < steps; step++) {
        LincVector centre = h->vector;
        for (int k = 0; k < 9; k++)
            if (k != 4)
                try_whole(h, centre.x + 4 * (k % 3 - 1), centre.y + 4 * (k / 3 - 1));
        if (h->vector.x == centre.x && h->vector.y == centre.y)
            return;
    }
}

/* The four nearest positions at a distance, then the two diagonal ones beside the best of them. */
static void step_cross(hunt *h, int size) {
    LincVector centre = h->vector;
    try_fraction(h, centre.x - size, centre.y);
    try_fraction(h, centre.x + size, centre.y);
    try_fraction(h, centre.x, centre.y - size);
    try_fraction(h, centre.x, centre.y + size);
    LincVector near = h->vector;
    if (near.x != centre.x) {
        try_fraction(h, near.x, centre.y - size);
        try_fraction(h, near.x, centre.y + size);
    } else if (near.y != centre.y) {
        try_fraction(h, centre.x - size, near.y);
        try_fraction(h, centre.x + size, near.y);
    }
}

/* All eight positions at a distance, again around the best one while that moves. */
static void step_square(hunt *h, int size, int times) {
    for (; times > 0; times--) {
        LincVector centre = h->vector;
        for (int k = 0; k < 9; k++)
            if (k != 4) try_fraction(h, centre.x + size * (k % 3 - 1), centre.y + size * (k / 3 - 1));
        if (h->vector.x == centre.x && h->vector.y == centre.y) return;
    }
}

static void refine(hunt *h) {
    for (int size = 2; size > (h->aim->patience < 0); size >>= 1) {
        if (h->aim->patience > 0)
            step_square(h, size, h->aim->patience);
        else
            step_cross(h, size);
    }
}

uint32_t enc_motion_search(const EncAim *aim, const LincVector *starts, int count, int wide, LincVector *best) {
    hunt h = {aim, {0, 0}, UINT32_MAX};
    try_starts(&h, starts, count);
    if (h.cost == UINT32_MAX)
        h.vector = whole(aim, (LincVector){0, 0});
    if (wide)
        walk_hexagons(&h);
    walk_squares(&h, wide ? 1 : SQUARES);
    h.cost = UINT32_MAX;
    try_fraction(&h, h.vector.x, h.vector.y);
    for (int k = 0; k < 2; k++)
        if ((aim->predictors[k].x | aim->predictors[k].y) & 3)
            try_fraction(&h, aim->predictors[k].x, aim->predictors[k].y);
    refine(&h);
    *best = h.vector;
    return h.cost;
}

uint32_t enc_motion_refine(const EncAim *aim, LincVector start, LincVector *best) {
    int x = clamped(start.x, aim->low.x, aim->high.x), y = clamped(start.y, aim->low.y, aim->high.y);
    hunt h = {aim, {(int16_t)x, (int16_t)y}, UINT32_MAX};
    try_fraction(&h, x, y);
    refine(&h);
    *best = h.vector;
    return h.cost;
}
