/* All of <string.h> that the core may use. The core is compiled without a C library, so that building takes a
 * fraction of a second on every platform; these functions are the process's own. */
#ifndef LINC_FREESTANDING_STRING_H
#define LINC_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
