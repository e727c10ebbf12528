/* Walk of the levels of one transform (spec 8.12.7). Part of syntax.h: see there for how it is included.
 *
 * The includer defines Coder, LINC_READING (1 or 0), code_bit, code_raw and code_fail.
 */

/* Magnitudes around a level, clipped to 31 (no context tells more apart), with two columns and rows to spare. */
enum { AROUND_STRIDE = 36, AROUND_CLIP = 31 };

typedef struct LevelWalk {
    int16_t *levels;
    ptrdiff_t stride;
    int log2, kind, hiding;
    uint8_t around[34 * AROUND_STRIDE];
    uint8_t groups[9 * 9]; /* whether a group has levels */
} LevelWalk;

static int code_golomb(Coder *c, int order, int limit, int value) {
    int prefix = 0;
    if (!LINC_READING)
        while (value >= (2 << (prefix + order)) - (1 << order)) prefix++;
    int n = 0;
    while (n < limit && code_raw(c, 1, n < prefix)) n++;
    int base = (1 << (n + order)) - (1 << order), bits = n + order;
    if (bits == 0) return base;
    return base + (int)code_raw(c, bits, (uint32_t)(value - base));
}

static int code_last(Coder *c, const LevelWalk *w, int axis, int value) {
    int class = LINC_READING ? 0 : linc_last_class[value], limit = linc_last_class[(1 << w->log2) - 1], n = 0;
    while (n < limit && code_bit(c, linc_ctx_last(w->kind, w->log2, axis, n), n < class)) n++;
    int extra = linc_last_extra(n);
    if (extra == 0) return linc_last_base[n];
    return linc_last_base[n] + (int)code_raw(c, extra, (uint32_t)(value - linc_last_base[n]));
}

/* Magnitude of a level that is not zero. */
static int code_magnitude(Coder *c, const LevelWalk *w, int diagonal, int sum, int nonzero, int value) {
    int ctx = linc_ctx_greater(w->kind, diagonal, sum, nonzero);
    if (!code_bit(c, LINC_CTX_GREATER_1 + ctx, value > 1)) return 1;
    if (!code_bit(c, LINC_CTX_GREATER_2 + ctx, value > 2)) return 2;
    int n = 0;
    while (n < LINC_REMAINDER_PREFIX && code_bit(c, linc_ctx_remainder(w->kind, sum, n), value - 3 > n)) n++;
    if (n < LINC_REMAINDER_PREFIX) return 3 + n;
    return 3 + n + code_golomb(c, 0, LINC_REMAINDER_SUFFIX, value - 3 - n);
}

/* Signs of a group follow its magnitudes, together: first coded level in the highest bit. A hidden sign, always the
 * last level's, is not coded: it is negative where the sum of the magnitudes is odd. */
static void code_signs(Coder *c, const LevelWalk *w, const uint16_t *places, int count, int hidden, int odd) {
    if (count == 0) return;
    uint32_t signs = 0;
    if (!LINC_READING)
        for (int i = 0; i < count; i++)
            signs = signs << 1 | (w->levels[(places[i] >> 8) * w->stride + (places[i] & 255)] < 0);
    if (hidden) {
        if (!LINC_READING && (int)(signs & 1) != odd) code_fail(c);
        signs = code_raw(c, count - 1, signs >> 1) << 1 | (uint32_t)odd;
    } else {
        signs = code_raw(c, count, signs);
    }
    if (!LINC_READING) return;
    for (int i = 0; i < count; i++) {
        int16_t *level = &w->levels[(places[i] >> 8) * w->stride + (places[i] & 255)];
        if (signs >> (count - 1 - i) & 1) *level = (int16_t)-*level;
    }
}

/* Levels of the group at (gx, gy), from scan position `first` down. is_last: `first` is known not to be 0.
 * told: the group is known to have a level. Returns whether it has. */
static int code_group(Coder *c, LevelWalk *w, int gx, int gy, int first, int is_last, int told) {
    uint16_t places[16];
    int count = 0, total = 0, highest = 0, lowest = 0;
    for (int k = first; k >= 0; k--) {
        int x = gx * 4 + (linc_scan_4[k] & 15), y = gy * 4 + (linc_scan_4[k] >> 4);
        uint8_t *p = w->around + y * AROUND_STRIDE + x;
        int a = p[1], b = p[2], d = p[AROUND_STRIDE], e = p[2 * AROUND_STRIDE], g = p[AROUND_STRIDE + 1];
        int sum = a + b + d + e + g;
        int16_t *level = &w->levels[y * w->stride + x];
        int value = LINC_READING ? 0 : (*level < 0 ? -*level : *level);
        int known = (is_last && k == first) || (told && k == 0 && count == 0);
        if (!known && !code_bit(c, linc_ctx_significant(w->kind, w->log2, x + y, sum), value != 0)) continue;
        int nonzero = (a > 0) + (b > 0) + (d > 0) + (e > 0) + (g > 0);
        value = code_magnitude(c, w, x + y, sum, nonzero, value);
        if (LINC_READING) {
            if (value > LINC_LEVEL_MAX) {
                code_fail(c);
                value = 1;
            }
            *level = (int16_t)value;
        }
        *p = (uint8_t)(value < AROUND_CLIP ? value : AROUND_CLIP);
        if (count == 0) highest = k;
        lowest = k;
        total += value;
        places[count++] = (uint16_t)(y << 8 | x);
    }
    code_signs(c, w, places, count, w->hiding && highest - lowest >= LINC_HIDING_SPAN, total & 1);
    return count > 0;
}

/* Writing: marks the groups with levels and finds the last position; 0 if there is no level at all. */
static int find_last(LevelWalk *w, int *last_x, int *last_y) {
    int groups = 1 << (2 * (w->log2 - 2)), found = 0;
    for (int g = groups - 1; g >= 0; g--) {
        int gx = linc_scan_groups[w->log2 - 2][g] & 15, gy = linc_scan_groups[w->log2 - 2][g] >> 4;
        for (int k = 15; k >= 0; k--) {
            int x = gx * 4 + (linc_scan_4[k] & 15), y = gy * 4 + (linc_scan_4[k] >> 4);
            if (!w->levels[y * w->stride + x]) continue;
            w->groups[gy * 9 + gx] = 1;
            if (!found) *last_x = x, *last_y = y;
            found = 1;
            break;
        }
    }
    return found;
}

static int scan_index(const uint8_t *scan, int x, int y) {
    int i = 0;
    while (scan[i] != (x | y << 4)) i++;
    return i;
}

/* Returns the extent of the levels in groups: last column | last row << 4. */
static int code_levels(Coder *c, int16_t *levels, ptrdiff_t stride, int log2, int kind, int hiding) {
    LevelWalk w;
    int size = 1 << log2, last_x = 0, last_y = 0, columns = 0, rows = 0;
    w.levels = levels;
    w.stride = stride;
    w.log2 = log2;
    w.kind = kind;
    w.hiding = hiding;
    memset(w.around, 0, (size_t)(size + 2) * AROUND_STRIDE);
    memset(w.groups, 0, sizeof w.groups);
    if (LINC_READING) {
        for (int y = 0; y < size; y++) memset(levels + y * stride, 0, (size_t)size * sizeof *levels);
    } else if (!find_last(&w, &last_x, &last_y)) {
        code_fail(c);
        return 0;
    }
    last_x = code_last(c, &w, 0, last_x);
    last_y = code_last(c, &w, 1, last_y);
    const uint8_t *scan = linc_scan_groups[log2 - 2];
    int last_group = scan_index(scan, last_x >> 2, last_y >> 2);
    for (int g = last_group; g >= 0; g--) {
        int gx = scan[g] & 15, gy = scan[g] >> 4, told = 0, first = 15;
        uint8_t *has = &w.groups[gy * 9 + gx];
        if (g == last_group) {
            first = scan_index(linc_scan_4, last_x & 3, last_y & 3);
        } else if (g > 0) {
            *has = (uint8_t)code_bit(c, linc_ctx_group(kind, log2, has[1], has[9]), *has);
            if (!*has) continue;
            told = 1;
        }
        *has = (uint8_t)code_group(c, &w, gx, gy, first, g == last_group, told);
        if (*has && gx > columns) columns = gx;
        if (*has && gy > rows) rows = gy;
    }
    return columns | rows << 4;
}
