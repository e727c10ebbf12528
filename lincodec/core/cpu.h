/* Which processor this is, so that the library made for it can be loaded. */
#ifndef LINC_CPU_H
#define LINC_CPU_H

#include "linc_core.h"

/* The highest x86-64 level (1 to 3) whose instructions processor and operating system both offer; 0 elsewhere. */
LINC_API int32_t linc_cpu_level(void);

#endif
