/* Means of whole numbers of codes, in whole numbers: half and quarter sizes (spec 8.4). */
#include <string.h>

#include "resample.h"

static int log2_of(int number) {
    int log2 = 0;
    while (1 << log2 < number) log2++;
    return 1 << log2 == number ? log2 : -1;
}

/* Neighbours added to each other, half as many: little-endian pairs in lanes of 32 bits, in vectors that compilers do
 * not find, for what is written lies over what is read. */
static void add_pairs(uint16_t *sums, int count) {
    int i = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    typedef uint32_t Pairs __attribute__((vector_size(32)));
    typedef uint16_t Sums __attribute__((vector_size(16)));
    for (; i + 8 <= count; i += 8) {
        Pairs pairs;
        memcpy(&pairs, sums + 2 * i, sizeof pairs);
        Sums found = __builtin_convertvector((pairs & 0xffff) + (pairs >> 16), Sums);
        memcpy(sums + i, &found, sizeof found);
    }
#endif
    for (; i < count; i++) sums[i] = (uint16_t)(sums[2 * i] + sums[2 * i + 1]);
}

static void put(const uint16_t *sums, int count, int log2, const LincSink *sink, int y) {
    uint8_t *row = sink->data + y * sink->stride;
    const uint32_t half = (1u << log2) >> 1;
    if (sink->depth == 8) {
        for (int i = 0; i < count; i++) row[i] = (uint8_t)((sums[i] + half) >> log2);
        return;
    }
    for (int i = 0; i < count; i++) {
        uint16_t code = (uint16_t)((sums[i] + half) >> log2);
        memcpy(row + 2 * i, &code, 2);
    }
}

int linc_resample_means(const LincAxis *rows, const LincAxis *columns, const LincSource *source,
                        const LincSink *sink, int first, int last, uint16_t *sums) {
    if (!rows->mean || !columns->mean || !source->depth || sink->depth != source->depth) return 0;
    int down = log2_of(rows->taps), across = log2_of(columns->taps), width = columns->count << (across & 31);
    if (down < 0 || across < 0 || source->depth + down + across > 16) return 0;
    for (int y = first; y < last; y++) {
        memset(sums, 0, (size_t)width * sizeof *sums);
        for (int k = 0; k < rows->taps; k++)
            linc_source_add(source, rows->first[y] + k, columns->first[0], width, sums);
        for (int log2 = across; log2 > 0; log2--) add_pairs(sums, columns->count << (log2 - 1));
        put(sums, columns->count, down + across, sink, y);
    }
    return 1;
}
