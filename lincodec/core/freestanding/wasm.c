/* The functions of string.h and stdlib.h for WebAssembly, which has no process to provide them.
 *
 * Memory that was freed is kept in lists by size, four sizes to a doubling, and given out again whole: a decoder asks
 * for the same few sizes again and again. What is new comes from the end of the module's memory. */
#if defined(__wasm__)

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_LOG2 = 16, HEADER = 16, LEAST_LOG2 = 6, STEPS_LOG2 = 2, MOST_LOG2 = 31 };
enum { LISTS = (MOST_LOG2 - LEAST_LOG2) << STEPS_LOG2 };

/* The header of a piece; what is given out begins HEADER bytes on. */
typedef struct Piece {
    struct Piece *next; /* of those that are free */
    uint32_t list;
} Piece;

extern unsigned char __heap_base;
static Piece *free_pieces[LISTS];
static uintptr_t top; /* end of the pieces; 0 before the first */

/* Bytes of the pieces of a list, header included. */
static size_t bytes_of(uint32_t list) {
    size_t base = (size_t)1 << (LEAST_LOG2 + (list >> STEPS_LOG2));
    return base + (base >> STEPS_LOG2) * (list & ((1 << STEPS_LOG2) - 1));
}

/* The first list whose pieces have so many bytes, LISTS if none has. */
static uint32_t list_of(size_t bytes) {
    if (bytes > (size_t)1 << (MOST_LOG2 - 1)) return LISTS;
    uint32_t log2 = bytes <= (1u << LEAST_LOG2) ? LEAST_LOG2 : 31 - (uint32_t)__builtin_clz((uint32_t)bytes);
    uint32_t list = (log2 - LEAST_LOG2) << STEPS_LOG2;
    while (bytes_of(list) < bytes) list++;
    return list;
}

/* Bytes behind all pieces; NULL where the module may not grow so far. */
static Piece *grown(size_t bytes) {
    if (!top) top = ((uintptr_t)&__heap_base + HEADER - 1) & ~(uintptr_t)(HEADER - 1);
    uintptr_t end = top + bytes;
    if (end < top) return NULL;
    size_t pages = __builtin_wasm_memory_size(0), wanted = (end + (1u << PAGE_LOG2) - 1) >> PAGE_LOG2;
    if (end > UINTPTR_MAX - (1u << PAGE_LOG2)) return NULL;
    if (wanted > pages && __builtin_wasm_memory_grow(0, wanted - pages) == (size_t)-1) return NULL;
    Piece *piece = (Piece *)top;
    top = end;
    return piece;
}

void *malloc(size_t size) {
    uint32_t list = size > SIZE_MAX - HEADER ? LISTS : list_of(size + HEADER);
    if (list == LISTS) return NULL;
    Piece *piece = free_pieces[list];
    if (piece) {
        free_pieces[list] = piece->next;
    } else {
        piece = grown(bytes_of(list));
        if (!piece) return NULL;
    }
    piece->list = list;
    return (char *)piece + HEADER;
}

void free(void *memory) {
    if (!memory) return;
    Piece *piece = (Piece *)(void *)((char *)memory - HEADER);
    piece->next = free_pieces[piece->list];
    free_pieces[piece->list] = piece;
}

/* Else the compiler knows these two calls as one of calloc. */
__attribute__((no_builtin)) void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *memory = malloc(bytes);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

void *realloc(void *memory, size_t size) {
    if (!memory) return malloc(size);
    size_t room = bytes_of(((Piece *)(void *)((char *)memory - HEADER))->list) - HEADER;
    if (size <= room) return memory;
    void *moved = malloc(size);
    if (!moved) return NULL;
    memcpy(moved, memory, room);
    free(memory);
    return moved;
}

/* One instruction each (bulk memory); what C would say the compiler may turn into calls of themselves. */
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    __asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\nmemory.copy 0, 0" : : "r"(to), "r"(from), "r"(size) : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t size) {
    __asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\nmemory.copy 0, 0" : : "r"(to), "r"(from), "r"(size) : "memory");
    return to;
}

void *memset(void *to, int value, size_t size) {
    __asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\nmemory.fill 0" : : "r"(to), "r"(value), "r"(size) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *first = a, *second = b;
    for (size_t i = 0; i < size; i++)
        if (first[i] != second[i]) return first[i] - second[i];
    return 0;
}

#endif
