/* What a caller asks before anything else: which interface this library has, which processor it runs on. */
#ifndef LINC_VERSION_H
#define LINC_VERSION_H

#include "linc_core.h"

/* Raised whenever a function or structure of the interface changes; the Python side refuses any other. */
#define LINC_CORE_ABI 1

LINC_API int32_t linc_core_version(void);

/* The highest x86-64 level (1 to 3) whose instructions processor and operating system both offer; 0 elsewhere. */
LINC_API int32_t linc_cpu_level(void);

#endif
