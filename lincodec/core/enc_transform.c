/* Forward transforms: each stage folds a signal into sums and differences of its two halves. */
#include "enc_transform.h"

#include <string.h>

enum { SOME = 4 };

typedef float lanes8 __attribute__((vector_size(32)));
typedef int16_t lanes8s __attribute__((vector_size(16)));

/* cos(pi k / 64) */
static const double cosines[33] = {
    1.0000000000000000, 0.9987954562051724, 0.9951847266721969, 0.9891765099647810, 0.9807852804032304,
    0.9700312531945440, 0.9569403357322088, 0.9415440651830208, 0.9238795325112867, 0.9039892931234433,
    0.8819212643483550, 0.8577286100002721, 0.8314696123025452, 0.8032075314806449, 0.7730104533627370,
    0.7409511253549591, 0.7071067811865476, 0.6715589548470183, 0.6343932841636455, 0.5956993044924335,
    0.5555702330196023, 0.5141027441932217, 0.4713967368259978, 0.4275550934302822, 0.3826834323650898,
    0.3368898533922201, 0.2902846772544623, 0.2429801799032640, 0.1950903220161283, 0.1467304744553617,
    0.0980171403295608, 0.0490676743274181, 0.0000000000000001,
};

/* The sine transform of 4, [frequency][sample]. */
static const float sine4[16] = {
    0.228013429f, 0.428525073f, 0.577350269f, 0.656538502f,
    0.577350269f, 0.577350269f, 0.000000000f, -0.577350269f,
    0.656538502f, -0.228013429f, -0.577350269f, 0.428525073f,
    0.428525073f, -0.656538502f, 0.577350269f, -0.228013429f,
};

/* cos(pi k / 64) for any k >= 0 */
static double cosine(int k) {
    k &= 127;
    if (k > 64)
        k = 128 - k;
    return k > 32 ? -cosines[64 - k] : cosines[k];
}

void enc_matrices_set(EncMatrices *matrices) {
    for (int stage = 0; stage < 5; stage++) {
        int half = 1 << stage;
        for (int f = 0; f < half; f++)
            for (int i = 0; i < half; i++)
                matrices->odd[stage][f * half + i] = (float)cosine((2 * i + 1) * (2 * f + 1) << (4 - stage));
    }
}

#define INLINE static inline __attribute__((always_inline))

/* Differences of the halves of a signal of 2 * half to every second of the frequencies left, sums stay in its place.
 * Some frequencies at a time, so that one sum need not wait for another. `half` is a constant at each call. */
INLINE void fold(lanes8 *signal, int half, const float *odd, float scale, ptrdiff_t step, float *out) {
    lanes8 difference[16];
    int some = half < SOME ? half : SOME;
    for (int i = 0; i < half; i++) {
        difference[i] = signal[i] - signal[2 * half - 1 - i];
        signal[i] += signal[2 * half - 1 - i];
    }
    for (int f = 0; f < half; f += some, odd += some * half, out += 2 * some * step) {
        lanes8 sums[SOME] = {{0}};
        for (int i = 0; i < half; i++)
            for (int k = 0; k < some; k++)
                sums[k] += difference[i] * odd[k * half + i];
        for (int k = 0; k < some; k++) {
            sums[k] *= scale;
            memcpy(out + (2 * k + 1) * step, &sums[k], sizeof sums[k]);
        }
    }
}

/* Column transforms of eight columns of a square of side 2^size_log2, scaled to be orthonormal. */
INLINE void columns8(const EncMatrices *matrices, const float *in, int size_log2, float *out) {
    /* sqrt(2 / size) and sqrt(1 / size) */
    static const float scales[4] = {0.70710678f, 0.5f, 0.35355339f, 0.25f};
    static const float means[4] = {0.5f, 0.35355339f, 0.25f, 0.17677670f};
    ptrdiff_t n = 1 << size_log2;
    float scale = scales[size_log2 - 2];
    lanes8 signal[32];
    for (int i = 0; i < n; i++)
        memcpy(&signal[i], in + i * n, sizeof signal[i]);
    if (size_log2 > 4) fold(signal, 16, matrices->odd[4], scale, n << (size_log2 - 5), out);
    if (size_log2 > 3) fold(signal, 8, matrices->odd[3], scale, n << (size_log2 - 4), out);
    fold(signal, 4, matrices->odd[2], scale, n << (size_log2 - 3), out);
    fold(signal, 2, matrices->odd[1], scale, n << (size_log2 - 2), out);
    fold(signal, 1, matrices->odd[0], scale, n << (size_log2 - 1), out);
    signal[0] *= means[size_log2 - 2];
    memcpy(out, &signal[0], sizeof signal[0]);
}

INLINE void transform(const EncMatrices *matrices, const int16_t *residual, int size_log2, float *coefficients) {
    int n = 1 << size_log2;
    float in[32 * 32], middle[32 * 32];
    for (int i = 0; i < n * n; i += 8) {
        lanes8s v;
        memcpy(&v, residual + i, sizeof v);
        lanes8 w = __builtin_convertvector(v, lanes8);
        memcpy(in + i, &w, sizeof w);
    }
    for (int x = 0; x < n; x += 8)
        columns8(matrices, in + x, size_log2, middle + x);
    for (int y = 0; y < n; y += 4)
        for (int x = 0; x < n; x += 4)
            for (int j = 0; j < 4; j++)
                for (int i = 0; i < 4; i++)
                    in[(x + i) * n + y + j] = middle[(y + j) * n + x + i];
    for (int x = 0; x < n; x += 8)
        columns8(matrices, in + x, size_log2, coefficients + x);
}

static void transform4(const float *matrix, const int16_t *residual, float *out) {
    float middle[16];
    for (int f = 0; f < 4; f++)
        for (int j = 0; j < 4; j++) {
            float sum = 0;
            for (int k = 0; k < 4; k++)
                sum += matrix[4 * f + k] * (float)residual[4 * k + j];
            middle[4 * f + j] = sum;
        }
    for (int f = 0; f < 4; f++)
        for (int i = 0; i < 4; i++) {
            float sum = 0;
            for (int k = 0; k < 4; k++)
                sum += matrix[4 * f + k] * middle[4 * i + k];
            out[4 * f + i] = sum;
        }
}

void enc_transform(const EncMatrices *matrices, const int16_t *residual, int size_log2, int kind, float *coefficients) {
    static const float cosine4[16] = {0.5f,         0.5f,         0.5f,         0.5f,         //
                                      0.653281482f, 0.270598050f, -0.270598050f, -0.653281482f, //
                                      0.5f,         -0.5f,        -0.5f,        0.5f,         //
                                      0.270598050f, -0.653281482f, 0.653281482f, -0.270598050f};
    if (size_log2 == 2)
        transform4(kind == LINC_DST ? sine4 : cosine4, residual, coefficients);
    else if (size_log2 == 3)
        transform(matrices, residual, 3, coefficients);
    else if (size_log2 == 4)
        transform(matrices, residual, 4, coefficients);
    else
        transform(matrices, residual, 5, coefficients);
}
