/* The catalog's memory: a section of the broker's own, reserved whole and committed as it grows. See
   platform.h. */
#include "adopt_win32.h"
#include "support_win32.h"
#include "taken_win32.h"

#include <stdlib.h>
#include <string.h>

/* Creates the section, or takes over that of an earlier broker. `error` is the create call's. */
static HANDLE create_or_adopt(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, uint64_t reserved,
                              bool *adopted, DWORD *error)
{
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    SetLastError(0);
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE | SEC_RESERVE,
                                        (DWORD)(reserved >> 32), (DWORD)reserved, name);
    *error = GetLastError();
    *adopted = section && *error == ERROR_ALREADY_EXISTS;
    if (*adopted && !win32_is_secured_as(section, descriptor)) {
        CloseHandle(section);
        section = NULL;
    }
    return section;
}

static bool map(HANDLE section, const char *shown, uint64_t reserved, platform_catalog *catalog,
                platform_failure *failure)
{
    catalog->base = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, (SIZE_T)reserved);
    if (!catalog->base)
        return win32_fail_advise(
            failure, GetLastError(),
            "end the programs that hold an older broker's catalog open, then start again",
            "cannot map %llu bytes of %s", (unsigned long long)reserved, shown);
    catalog->reserved = reserved;
    catalog->handle = section;
    return true;
}

bool platform_catalog_open(const char *base_name, const char *sddl, uint64_t reserved, bool local_will_do,
                           platform_catalog *catalog, platform_failure *failure)
{
    memset(catalog, 0, sizeof *catalog);
    DWORD error = ERROR_OUTOFMEMORY;
    HANDLE section = NULL;
    bool may_global = win32_may_create_global(), adopted = false, ok = false;
    catalog->global = may_global || !local_will_do;
    char *shown = text_make("%s\\%s", catalog->global ? "Global" : "Local", base_name);
    wchar_t *name = shown ? win32_wide(shown) : NULL;
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(sddl, failure);
    if (!descriptor)
        goto cleanup;
    if (name)
        section = create_or_adopt(name, descriptor, reserved, &adopted, &error);
    if (section)
        ok = map(section, shown, reserved, catalog, failure);
    else if (name && win32_name_is_taken(error))
        win32_fail_taken(failure, error, shown, error == ERROR_ACCESS_DENIED && !may_global);
    else
        win32_fail(failure, error, "cannot create the catalog %s", shown ? shown : base_name);
    catalog->adopted = adopted;
cleanup:
    if (section && !ok)
        CloseHandle(section);
    LocalFree(descriptor);
    free(name);
    free(shown);
    return ok;
}

bool platform_catalog_commit(platform_catalog *catalog, uint64_t bytes, platform_failure *failure)
{
    if (VirtualAlloc(catalog->base, (SIZE_T)bytes, MEM_COMMIT, PAGE_READWRITE))
        return true;
    return win32_fail_advise(failure, GetLastError(), "enlarge the paging file or end other programs",
                             "cannot get %llu bytes of memory for the catalog", (unsigned long long)bytes);
}

void platform_catalog_close(platform_catalog *catalog)
{
    if (catalog->base)
        UnmapViewOfFile(catalog->base);
    if (catalog->handle)
        CloseHandle(catalog->handle);
    memset(catalog, 0, sizeof *catalog);
}
