/* Levels as in the x86-64 psABI: 2 has SSE4.2 and POPCNT, 3 has AVX2, BMI, FMA, F16C, LZCNT and MOVBE. */
#include "cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>

enum {
    /* Leaf 1, ecx. */
    LEVEL_2 = bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT,
    LEVEL_3 = bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C,
    /* Leaf 7, ebx. */
    LEVEL_3_EXTENDED = bit_BMI | bit_AVX2 | bit_BMI2,
    /* XCR0: the operating system saves the registers of SSE and AVX. */
    SAVED = 6
};

/* Without this an AVX instruction would fault although cpuid lists it (old kernels, some hypervisors). */
static int registers_saved(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & SAVED) == SAVED;
}

int32_t linc_cpu_level(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & LEVEL_2) != LEVEL_2) return 1;
    if ((c & LEVEL_3) != LEVEL_3 || !registers_saved()) return 2;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & LEVEL_3_EXTENDED) != LEVEL_3_EXTENDED) return 2;
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(c & bit_LZCNT)) return 2;
    return 3;
}

#else

int32_t linc_cpu_level(void) {
    return 0;
}

#endif
