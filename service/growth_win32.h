/* Memory of sections that were reserved for more than they have. */
#ifndef SHMBROKER_GROWTH_WIN32_H
#define SHMBROKER_GROWTH_WIN32_H

#include "support_win32.h"

/* Makes the first `size` bytes memory, or changes nothing. */
bool win32_section_commit(HANDLE section, uint64_t size, platform_failure *failure);

#endif
