#include "version.h"

int32_t linc_core_version(void) {
    return LINC_CORE_ABI;
}
