/* Sections that grow, and who has one open. See platform.h. */
#include "adopt_win32.h"
#include "growth_size.h"
#include "growth_win32.h"
#include "holder_win32.h"

#include <stdlib.h>

/* One call for all of it: it succeeds as a whole, or changes nothing. What is memory already stays as it is. */
bool win32_section_commit(HANDLE section, uint64_t size, platform_failure *failure)
{
    DWORD error = ERROR_SUCCESS;
    /* The view goes on behind what is committed: Wine forgets a commitment that ends where its view does. */
    const uint64_t pages = growth_whole_pages(size), mapped = growth_reserved(size);
    void *view = mapped <= SIZE_MAX ? MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, (SIZE_T)mapped) : NULL;
    if (!view || !VirtualAlloc(view, (SIZE_T)pages, MEM_COMMIT, PAGE_READWRITE))
        error = mapped <= SIZE_MAX ? GetLastError() : ERROR_NOT_ENOUGH_MEMORY;
    if (view)
        UnmapViewOfFile(view);
    if (error == ERROR_SUCCESS)
        return true;
    return win32_fail_advise(
        failure, error,
        error == ERROR_COMMITMENT_LIMIT ? "enlarge the paging file, end other programs, or ask for less"
        : error == ERROR_ACCESS_DENIED
            ? "the broker took it over from an earlier one and may not write it: restart it as "
              "the service that made it"
            : "ask for less",
        "cannot make %llu bytes of the region memory", (unsigned long long)size);
}

bool platform_section_grow(platform_section *section, uint64_t size, platform_failure *failure)
{
    return win32_section_commit((HANDLE)section, size, failure);
}

unsigned platform_section_users(const platform_section *section, platform_kept kept)
{
    const unsigned ours = 1u + (kept != 0), handles = win32_count_handles((HANDLE)(uintptr_t)section);
    return handles > ours ? handles - ours : 0;
}

void platform_section_holders(const char *object_name, const platform_section *section, uint32_t keeper,
                              char holders[PLATFORM_HOLDERS])
{
    HANDLE opened = NULL;
    holders[0] = 0;
    if (!section) {
        wchar_t *name = win32_wide(object_name);
        opened = name ? OpenFileMappingW(READ_CONTROL, FALSE, name) : NULL;
        free(name);
    }
    HANDLE object = section ? (HANDLE)(uintptr_t)section : opened;
    if (object)
        win32_list_holders(object, keeper, holders, PLATFORM_HOLDERS);
    if (opened)
        CloseHandle(opened);
}
