/* Exact matches of a picture's cells in another one.
 *
 * The cells of the current picture go into a table by a hash of their samples; then every place of the reference is
 * hashed and looked up. Each match votes for its vector: of a letter that stands in a hundred places the one that
 * moved with its page is wanted.
 */
#include "enc_match.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIDE = LINC_CELL,
    TABLE_BITS = 16,
    VOTE_BITS = 12,
    PROBES = 8,
    LEADERS = 16,   /* vectors with the most votes that every cell tries */
    STRIP = 64,     /* columns of the reference that are looked at first, ... */
    STRIP_EVERY = 512, /* ... out of so many: pictures of cameras stop there */
    FEWEST = 4,     /* votes in the strips that make the rest worth a look */
    CHAIN = 64,     /* cells with one hash that are looked at */
    FURTHEST = 8000 /* samples a vector may have */
};

typedef struct Vote {
    int16_t x, y;
    uint32_t count;
} Vote;

typedef struct Match {
    const LincGeometry *geometry;
    const LincPlane *current, *reference;
    LincVector *field;
    int32_t *heads;  /* by hash: a cell, or -1 */
    int32_t *next;   /* by cell: another one with the same place in the table, or -1 */
    uint32_t *hashes;/* by cell */
    uint32_t *rows;  /* hashes of eight samples along rows of the reference: eight rows, and one of sums */
    Vote *votes;
    uint32_t total;
    int inside;      /* 1: matches of a picture in itself */
} Match;

/* Weights of samples along a row, and of rows. */
static const uint32_t across[SIDE] = {0x9E3779B1u, 0x85EBCA77u, 0xC2B2AE3Du, 0x27D4EB2Fu,
                                      0x165667B1u, 0xD3A2646Du, 0xFD7046C5u, 0xB55A4F09u};
static const uint32_t down[SIDE] = {0x2C1B3C6Du, 0x297A2D39u, 0x7FEB352Du, 0x846CA68Bu,
                                    0x68E31DA5u, 0xB5297A4Du, 0x1B56C4E9u, 0x9C8E7D31u};

static void hash_row(const LincSample *in, int count, uint32_t *out) {
    for (int x = 0; x < count; x++) {
        uint32_t sum = 0;
        for (int i = 0; i < SIDE; i++) sum += (uint32_t)in[x + i] * across[i];
        out[x] = sum;
    }
}

static int equal(const Match *m, int x, int y, int dx, int dy) {
    for (int j = 0; j < SIDE; j++)
        if (memcmp(linc_at(m->current, x, y + j), linc_at(m->reference, x + dx, y + dy + j),
                   SIDE * sizeof(LincSample)))
            return 0;
    return 1;
}

/* Whether all rows or all columns of a cell are alike: such a cell matches nearly everywhere. */
static int is_plain(const LincPlane *plane, int x, int y) {
    int rows = 1, columns = 1;
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++) {
            LincSample v = *linc_at(plane, x + i, y + j);
            rows &= v == *linc_at(plane, x + i, y);
            columns &= v == *linc_at(plane, x, y + j);
        }
    return rows | columns;
}

/* Cells into the table; returns how many. */
static int fill_table(Match *m) {
    const LincGeometry *g = m->geometry;
    int count = 0;
    for (int i = 0; i < 1 << TABLE_BITS; i++) m->heads[i] = -1;
    for (int row = 0; row < g->rows; row++)
        for (int column = 0; column < g->columns; column++) {
            int x = column * SIDE, y = row * SIDE, cell = row * g->columns + column;
            m->field[cell] = (LincVector){ENC_NO_MATCH, 0};
            if ((!m->inside && equal(m, x, y, 0, 0)) || is_plain(m->current, x, y)) continue;
            uint32_t hash = 0, line;
            for (int j = 0; j < SIDE; j++) {
                hash_row(linc_at(m->current, x, y + j), 1, &line);
                hash += line * down[j];
            }
            int32_t *head = &m->heads[hash >> (32 - TABLE_BITS)];
            m->hashes[cell] = hash;
            m->next[cell] = *head;
            *head = cell;
            count++;
        }
    return count;
}

static void vote(Match *m, int dx, int dy) {
    uint32_t slot = ((uint32_t)dx * 0x9E3779B1u + (uint32_t)dy * 0x85EBCA77u) >> (32 - VOTE_BITS);
    m->total++;
    for (int i = 0; i < PROBES; i++) {
        Vote *v = &m->votes[(slot + (uint32_t)i) & ((1u << VOTE_BITS) - 1)];
        if (v->count && (v->x != dx || v->y != dy)) continue;
        *v = (Vote){(int16_t)dx, (int16_t)dy, v->count + 1};
        return;
    }
}

static int length(int v) {
    return v < 0 ? -v : v;
}

/* One more match of a cell, which keeps the nearest one until votes are counted. */
static void take(Match *m, int cell, int x, int y) {
    int cx = cell % m->geometry->columns * SIDE, cy = cell / m->geometry->columns * SIDE;
    int dx = x - cx, dy = y - cy;
    if (length(dx) > FURTHEST || length(dy) > FURTHEST) return;
    if (m->inside && !linc_copy_allowed(m->geometry, cx, cy, SIDE, dx, dy)) return;
    if (!equal(m, cx, cy, dx, dy)) return;
    LincVector *best = &m->field[cell];
    vote(m, dx, dy);
    if (best->x == ENC_NO_MATCH || length(dx) + length(dy) < (length(best->x) + length(best->y)) / 4)
        *best = (LincVector){(int16_t)(4 * dx), (int16_t)(4 * dy)};
}

/* Looks up the places of the reference in `count` columns from x0. */
static void scan(Match *m, int x0, int count) {
    const LincPlane *p = m->reference;
    int most = m->geometry->width - SIDE + 1 - x0;
    if (count > most) count = most;
    if (count <= 0) return;
    uint32_t *sums = m->rows + (size_t)SIDE * (size_t)m->geometry->width;
    for (int y = 0; y < p->height; y++) {
        hash_row(linc_at(p, x0, y), count, m->rows + (size_t)(y % SIDE) * (size_t)m->geometry->width);
        if (y < SIDE - 1) continue;
        memset(sums, 0, (size_t)count * sizeof *sums);
        for (int j = 0; j < SIDE; j++) {
            const uint32_t *row = m->rows + (size_t)((y + 1 + j) % SIDE) * (size_t)m->geometry->width;
            for (int x = 0; x < count; x++) sums[x] += row[x] * down[j];
        }
        for (int x = 0; x < count; x++) {
            int cell = m->heads[sums[x] >> (32 - TABLE_BITS)];
            for (int i = 0; cell >= 0 && i < CHAIN; i++, cell = m->next[cell])
                if (m->hashes[cell] == sums[x]) take(m, cell, x0 + x, y - SIDE + 1);
        }
    }
}

/* The vectors with the most votes, most first; returns how many. */
static int find_leaders(const Match *m, Vote leaders[LEADERS]) {
    int count = 0;
    for (int i = 0; i < 1 << VOTE_BITS; i++) {
        Vote v = m->votes[i];
        int at = count;
        if (v.count < 2) continue;
        while (at > 0 && leaders[at - 1].count < v.count) at--;
        if (at == LEADERS) continue;
        if (count < LEADERS) count++;
        for (int k = count - 1; k > at; k--) leaders[k] = leaders[k - 1];
        leaders[at] = v;
    }
    return count;
}

/* Cells with a match take that of the first leader that is one. */
static void follow_leaders(Match *m) {
    const LincGeometry *g = m->geometry;
    Vote leaders[LEADERS];
    int count = find_leaders(m, leaders);
    for (int cell = 0; cell < g->columns * g->rows; cell++) {
        if (m->field[cell].x == ENC_NO_MATCH) continue;
        int x = cell % g->columns * SIDE, y = cell / g->columns * SIDE;
        for (int k = 0; k < count; k++) {
            int dx = leaders[k].x, dy = leaders[k].y;
            if (x + dx < 0 || y + dy < 0 || x + dx + SIDE > g->width || y + dy + SIDE > g->height) continue;
            if (!equal(m, x, y, dx, dy)) continue;
            m->field[cell] = (LincVector){(int16_t)(4 * dx), (int16_t)(4 * dy)};
            break;
        }
    }
}

static void search(Match *m) {
    const LincGeometry *g = m->geometry;
    if (!fill_table(m)) return;
    for (int x = 0; x < g->width; x += STRIP_EVERY) scan(m, x, STRIP);
    if (m->total < FEWEST) return;
    for (int x = 0; x < g->width; x += STRIP_EVERY) scan(m, x + STRIP, STRIP_EVERY - STRIP);
    if (!m->inside) follow_leaders(m);
}

static LincStatus match(const LincGeometry *geometry, const LincPlane *current, const LincPlane *reference, int inside,
                        LincVector *field) {
    size_t cells = (size_t)geometry->columns * (size_t)geometry->rows;
    Match m = {.geometry = geometry, .current = current, .reference = reference, .field = field, .inside = inside};
    m.heads = malloc(sizeof *m.heads << TABLE_BITS);
    m.next = malloc(cells * sizeof *m.next);
    m.hashes = malloc(cells * sizeof *m.hashes);
    m.rows = malloc((SIDE + 1) * (size_t)geometry->width * sizeof *m.rows);
    m.votes = calloc((size_t)1 << VOTE_BITS, sizeof *m.votes);
    LincStatus status = m.heads && m.next && m.hashes && m.rows && m.votes ? LINC_OK : LINC_MEMORY;
    if (!status) search(&m);
    free(m.heads);
    free(m.next);
    free(m.hashes);
    free(m.rows);
    free(m.votes);
    return status;
}

LincStatus enc_match(const LincGeometry *geometry, const LincPlane *current, const LincPlane *reference,
                     LincVector *field) {
    return match(geometry, current, reference, 0, field);
}

LincStatus enc_match_inside(const LincGeometry *geometry, const LincPlane *plane, LincVector *field) {
    return match(geometry, plane, plane, 1, field);
}
