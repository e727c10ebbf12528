/* Coarse motion search: exhaustive at an eighth of the size, refined at a quarter. */
#include "enc_coarse.h"

#include <stdlib.h>
#include <string.h>

#include "lanes.h"

enum { WINDOW = 8, STEP = 4 }; /* samples of a small picture: side of what is compared, distance of cells */

static size_t small_samples(int width, int height) {
    return (size_t)(width + 2 * ENC_SMALL_MARGIN) * (size_t)(height + 2 * ENC_SMALL_MARGIN);
}

/* At least a window each way, the last row and column repeated where the picture has less. */
static int small_side(int side, int scale) {
    int small = (side + scale - 1) / scale;
    return small < WINDOW ? WINDOW : small;
}

size_t enc_shrunk_samples(int width, int height) {
    return small_samples(small_side(width, 4), small_side(height, 4)) +
           small_samples(small_side(width, 8), small_side(height, 8));
}

int enc_coarse_cells(int side) {
    return (small_side(side, 4) + STEP - 1) / STEP;
}

int enc_eighth_cells(int side) {
    return (small_side(side, 8) + STEP - 1) / STEP;
}

int enc_coarse_range(int distance) {
    int range = 4 + 3 * (distance < 0 ? -distance : distance);
    return range < ENC_COARSE_RANGE ? range : ENC_COARSE_RANGE;
}

static void lay_out(EncSmall *small, int16_t *storage, int width, int height) {
    small->width = width;
    small->height = height;
    small->stride = width + 2 * ENC_SMALL_MARGIN;
    small->samples = storage + ENC_SMALL_MARGIN * small->stride + ENC_SMALL_MARGIN;
}

static void repeat_edges(const EncSmall *small) {
    size_t row_bytes = (size_t)small->stride * sizeof(int16_t);
    for (int y = 0; y < small->height; y++) {
        int16_t *row = small->samples + y * small->stride;
        for (int x = 1; x <= ENC_SMALL_MARGIN; x++) {
            row[-x] = row[0];
            row[small->width - 1 + x] = row[small->width - 1];
        }
    }
    int16_t *first = small->samples - ENC_SMALL_MARGIN;
    int16_t *last = first + (small->height - 1) * small->stride;
    for (int y = 1; y <= ENC_SMALL_MARGIN; y++) {
        memcpy(first - y * small->stride, first, row_bytes);
        memcpy(last + y * small->stride, last, row_bytes);
    }
}

/* Averages of scale x scale samples; beyond the right and lower edge the last sample repeats. A constant scale. */
static inline __attribute__((always_inline)) void average(const int16_t *plane, ptrdiff_t stride, int width, int height,
                                                          int scale, const EncSmall *out) {
    enum { SOME = 64 };
    int count = scale * scale, whole = width / scale;
    for (int y = 0; y < out->height; y++) {
        int16_t *row = out->samples + y * out->stride;
        for (int first = 0; first < out->width; first += SOME) {
            int some = out->width - first < SOME ? out->width - first : SOME, sums[SOME];
            for (int x = 0; x < some; x++) sums[x] = count / 2;
            for (int j = 0; j < scale; j++) {
                const int16_t *in = plane + (y * scale + j < height ? y * scale + j : height - 1) * stride;
                int x = 0;
                for (; x < some && first + x < whole; x++)
                    for (int i = 0; i < scale; i++) sums[x] += in[(first + x) * scale + i];
                for (; x < some; x++)
                    for (int i = 0; i < scale; i++) {
                        int at = (first + x) * scale + i;
                        sums[x] += in[at < width ? at : width - 1];
                    }
            }
            for (int x = 0; x < some; x++) row[first + x] = (int16_t)(sums[x] / count);
        }
    }
}

void enc_shrink(const int16_t *plane, ptrdiff_t stride, int width, int height, int16_t *storage, EncShrunk *out) {
    EncSmall *quarter = &out->quarter, *eighth = &out->eighth;
    lay_out(quarter, storage, small_side(width, 4), small_side(height, 4));
    lay_out(eighth, storage + small_samples(quarter->width, quarter->height), small_side(width, 8),
            small_side(height, 8));
    average(plane, stride, width, height, 4, quarter);
    average(quarter->samples, quarter->stride, quarter->width, quarter->height, 2, eighth);
    repeat_edges(quarter);
    repeat_edges(eighth);
}

int16_t *enc_halve(const int16_t *plane, ptrdiff_t stride, int width, int height, EncSmall *out) {
    int w = small_side(width, 2), h = small_side(height, 2);
    int16_t *memory = malloc(small_samples(w, h) * sizeof *memory);
    memset(out, 0, sizeof *out);
    if (!memory) return NULL;
    lay_out(out, memory, w, h);
    out->memory = memory;
    average(plane, stride, width, height, 2, out);
    repeat_edges(out);
    return out->samples;
}

/* One window that is searched for, and the best vector so far. */
typedef struct probe {
    LincLanes16 window[WINDOW / 2]; /* two rows each */
    const int16_t *place; /* of the window in the reference */
    ptrdiff_t place_stride;
    LincVector near; /* vector of the neighbour: far from it is dear */
    int range, price;
    uint32_t best;
    LincVector vector;
} probe;

static int doublings(int value) {
    unsigned v = (unsigned)(value < 0 ? -value : value) + 1;
    return 31 - __builtin_clz(v);
}

/* Sum of absolute differences, of samples of 14 bits at most. */
static inline uint32_t window_sad(const probe *p, const int16_t *at) {
    LincUnsigned16 sum = {0};
    for (int i = 0; i < WINDOW / 2; i++, at += 2 * p->place_stride)
        sum += (LincUnsigned16)linc_absolute(p->window[i] - linc_load8x2(at, at + p->place_stride));
    return linc_total(linc_pair_sums(sum));
}

static inline void try_vector(probe *p, int x, int y) {
    if (x < -p->range || x > p->range || y < -p->range || y > p->range)
        return;
    uint32_t cost = window_sad(p, p->place + y * p->place_stride + x);
    cost += (uint32_t)(p->price * (doublings(x - p->near.x) + doublings(y - p->near.y)));
    if (cost < p->best) {
        p->best = cost;
        p->vector = (LincVector){(int16_t)x, (int16_t)y};
    }
}

static int clamped(int v, int low, int high) {
    return v < low ? low : v > high ? high : v;
}

static void start(probe *p, const EncSmall *current, const EncSmall *reference, int column, int row) {
    int x = clamped(column * STEP - (WINDOW - STEP) / 2, 0, current->width - WINDOW);
    int y = clamped(row * STEP - (WINDOW - STEP) / 2, 0, current->height - WINDOW);
    const int16_t *window = current->samples + y * current->stride + x;
    for (int i = 0; i < WINDOW / 2; i++)
        p->window[i] = linc_load8x2(window + 2 * i * current->stride, window + (2 * i + 1) * current->stride);
    p->place = reference->samples + y * reference->stride + x;
    p->place_stride = reference->stride;
    p->best = UINT32_MAX;
    p->vector = (LincVector){0, 0};
}

static void refine(probe *p, int reach) {
    LincVector centre = p->vector;
    for (int y = -reach; y <= reach; y++)
        for (int x = -reach; x <= reach; x++)
            if (x || y)
                try_vector(p, centre.x + x, centre.y + y);
}

static void search_eighth(const EncSmall *current, const EncSmall *reference, int range, int price, int hasty,
                          LincVector *field, int columns, int rows) {
    probe p = {.range = range, .price = price};
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            start(&p, current, reference, column, row);
            p.near = column ? field[row * columns + column - 1] : (LincVector){0, 0};
            try_vector(&p, 0, 0);
            if (hasty) try_vector(&p, p.near.x, p.near.y);
            for (int y = -range; y <= range; y += 1 + hasty)
                for (int x = -range; x <= range; x += 1 + hasty) try_vector(&p, x, y);
            if (hasty) refine(&p, 1);
            field[row * columns + column] = p.vector;
        }
}

/* Vectors of the cell above it in the hierarchy and of that one's neighbours, at twice their length. */
static void try_parents(probe *p, const LincVector *field, int columns, int rows, int column, int row) {
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            int r = clamped(row / 2 + j, 0, rows - 1), c = clamped(column / 2 + i, 0, columns - 1);
            LincVector v = field[r * columns + c];
            try_vector(p, 2 * v.x, 2 * v.y);
        }
}

void enc_coarse_search(const EncShrunk *current, const EncShrunk *reference, int range, int price, int hasty,
                       LincVector *eighth, LincVector *field) {
    int columns8 = (current->eighth.width + STEP - 1) / STEP, rows8 = (current->eighth.height + STEP - 1) / STEP;
    int columns = (current->quarter.width + STEP - 1) / STEP, rows = (current->quarter.height + STEP - 1) / STEP;
    search_eighth(&current->eighth, &reference->eighth, (range + 1) / 2, price, hasty, eighth, columns8, rows8);
    probe p = {.range = range, .price = price};
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            LincVector *at = field + row * columns + column;
            start(&p, &current->quarter, &reference->quarter, column, row);
            p.near = column ? at[-1] : (LincVector){0, 0};
            try_vector(&p, 0, 0);
            try_vector(&p, p.near.x, p.near.y);
            if (row)
                try_vector(&p, at[-columns].x, at[-columns].y);
            try_parents(&p, eighth, columns8, rows8, column, row);
            refine(&p, hasty ? 1 : 2);
            refine(&p, 1);
            *at = p.vector;
        }
    for (int i = 0; i < columns * rows; i++)
        field[i] = (LincVector){(int16_t)(4 * field[i].x), (int16_t)(4 * field[i].y)};
}
