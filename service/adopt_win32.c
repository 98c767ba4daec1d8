/* Sections of an earlier run of this broker. See adopt_win32.h. */
#include "adopt_win32.h"

#include <psapi.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define DEVICE_PATH 32768 /* UTF-16 units: the longest path there is */

bool win32_is_secured_as(HANDLE object, PSECURITY_DESCRIPTOR descriptor)
{
    const SECURITY_INFORMATION parts =
        OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    wchar_t *wanted = NULL;
    char *wanted_text = NULL, *found_text = win32_object_sddl(object);
    if (ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1, parts, &wanted,
                                                             NULL))
        wanted_text = win32_utf8(wanted);
    bool same = wanted_text && found_text && strcmp(wanted_text, found_text) == 0;
    free(wanted_text);
    free(found_text);
    LocalFree(wanted);
    return same;
}

/* Whether a view shows `file`, compared by the names that the kernel has for both. */
static bool shows_file(const void *view, HANDLE file)
{
    wchar_t *viewed = calloc(DEVICE_PATH, sizeof *viewed), *wanted = calloc(DEVICE_PATH, sizeof *wanted);
    bool same = false;
    if (viewed && wanted &&
        GetMappedFileNameW(GetCurrentProcess(), (void *)(uintptr_t)view, viewed, DEVICE_PATH) > 0) {
        DWORD length =
            GetFinalPathNameByHandleW(file, wanted, DEVICE_PATH, FILE_NAME_NORMALIZED | VOLUME_NAME_NT);
        same = length > 0 && length < DEVICE_PATH && _wcsicmp(viewed, wanted) == 0;
    }
    free(wanted);
    free(viewed);
    return same;
}

/* Whether the section has the bytes that it should, and shows what it should. */
static bool is_shaped_as(HANDLE section, uint64_t size, HANDLE file)
{
    MEMORY_BASIC_INFORMATION memory = {0};
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    uint64_t page = system.dwPageSize, wanted = (size + page - 1) / page * page;
    const void *view =
        MapViewOfFile(section, FILE_MAP_READ, 0, 0, file == INVALID_HANDLE_VALUE ? 0 : (SIZE_T)size);
    if (!view)
        return false;
    bool same = VirtualQuery(view, &memory, sizeof memory) == sizeof memory && memory.RegionSize == wanted &&
                memory.State == MEM_COMMIT;
    if (same && file != INVALID_HANDLE_VALUE)
        same = shows_file(view, file);
    UnmapViewOfFile(view);
    return same;
}

HANDLE win32_adopt_section(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, uint64_t size, HANDLE file)
{
    HANDLE section = OpenFileMappingW(READ_CONTROL | FILE_MAP_READ, FALSE, name);
    if (section && (!win32_is_secured_as(section, descriptor) || !is_shaped_as(section, size, file))) {
        CloseHandle(section);
        section = NULL;
    }
    return section;
}
