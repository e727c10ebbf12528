#include "linc_core.h"

int linc_core_version(void) {
    return LINC_CORE_ABI;
}
