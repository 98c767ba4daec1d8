/* The memory of sections: large pages, NUMA nodes, first contents, and pages made present. */
#ifndef SHMBROKER_MEMORY_WIN32_H
#define SHMBROKER_MEMORY_WIN32_H

#include "contents_win32.h"

/* Adds a sentence to what was asked for and is not so. */
TEXT_PRINTF(2, 3)
void win32_note(platform_section_granted *granted, const char *format, ...);

/* Enables SeLockMemoryPrivilege, which large pages need, in this process; false, with the last error, when its account
   does not have it. */
bool win32_lock_memory_enable(void);
void win32_lock_memory_disable(void);

/* The node of `request` when the machine has it, with `granted` saying so; otherwise CONFIG_NUMA_ANY and a note. */
DWORD win32_numa_node(const platform_section_request *request, platform_section_granted *granted);

/* Writes `contents` into the new section. */
bool win32_section_fill(HANDLE section, win32_contents *contents, const platform_progress *progress,
                        platform_failure *failure);

/* Makes the section's pages present, with `granted` saying whether it was done. */
void win32_section_prefetch(HANDLE section, const platform_section_request *request,
                            platform_section_granted *granted);

#endif
