#include "codes.h"

#include <stdint.h>
#include <string.h>

int linc_codes_put(const float *line, int width, int depth, void *out) {
    float scale = depth ? (float)(1 << (depth - 8)) : 1, middle = 128 * scale + 0.5f, top = 256 * scale - 0.5f;
    int strange = 0;
    for (int x = 0; x < width; x++) strange |= !(line[x] > -1e30f && line[x] < 1e30f);
    if (depth == 0) {
        memcpy(out, line, (size_t)width * sizeof *line);
    } else if (depth == 8) {
        uint8_t *codes = out;
        for (int x = 0; x < width; x++) { /* what is not a number becomes 0 */
            float v = line[x] + middle;
            codes[x] = (uint8_t)(int32_t)(v > 0 ? v < top ? v : top : 0);
        }
    } else {
        uint8_t *bytes = out;
        for (int x = 0; x < width; x++) {
            float v = line[x] * scale + middle;
            uint16_t code = (uint16_t)(int32_t)(v > 0 ? v < top ? v : top : 0);
            memcpy(bytes + 2 * x, &code, 2);
        }
    }
    return !strange;
}
