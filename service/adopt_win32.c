/* Sections of an earlier run of this broker. See adopt_win32.h. */
#include "adopt_win32.h"

#include "descriptor_win32.h"
#include "growth_size.h"

#include <aclapi.h>
#include <psapi.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define DEVICE_PATH 32768 /* UTF-16 units: the longest path there is */

/* The same entries in the same order. Flags of the descriptor are left out: the kernel may add some of its own. */
static bool same_entries(PACL left, PACL right)
{
    if (!left || !right || left->AceCount != right->AceCount)
        return false;
    for (DWORD i = 0; i < left->AceCount; i++) {
        void *one, *other;
        if (!GetAce(left, i, &one) || !GetAce(right, i, &other))
            return false;
        WORD size = ((const ACE_HEADER *)one)->AceSize;
        if (size != ((const ACE_HEADER *)other)->AceSize || memcmp(one, other, size) != 0)
            return false;
    }
    return true;
}

static bool same_first_entry(PACL left, PACL right)
{
    void *one, *other;
    return left && right && GetAce(left, 0, &one) && GetAce(right, 0, &other) &&
           ((const ACE_HEADER *)one)->AceSize == ((const ACE_HEADER *)other)->AceSize &&
           memcmp(one, other, ((const ACE_HEADER *)one)->AceSize) == 0;
}

/* Whether the object has the owner of `descriptor`, and a DACL that `alike` finds alike. Returns ERROR_SUCCESS; another
   error says that it could not be looked at. */
static DWORD compare_owner_and_dacl(HANDLE object, PSECURITY_DESCRIPTOR descriptor, bool (*alike)(PACL, PACL),
                                    bool *same)
{
    PSECURITY_DESCRIPTOR found = NULL;
    PSID owner = NULL, wanted_owner = NULL;
    PACL dacl = NULL, wanted_dacl = NULL;
    BOOL present, defaulted;
    const DWORD error =
        GetSecurityInfo(object, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                        &owner, NULL, &dacl, NULL, &found);
    *same = error == ERROR_SUCCESS && GetSecurityDescriptorOwner(descriptor, &wanted_owner, &defaulted) &&
            wanted_owner && GetSecurityDescriptorDacl(descriptor, &present, &wanted_dacl, &defaulted) &&
            EqualSid(owner, wanted_owner) && alike(dacl, wanted_dacl);
    LocalFree(found);
    return error;
}

DWORD win32_compare_security(HANDLE object, PSECURITY_DESCRIPTOR descriptor, bool *same)
{
    const DWORD error = compare_owner_and_dacl(object, descriptor, same_entries, same);
    return *same ? win32_compare_label(object, descriptor, same) : error;
}

bool win32_is_secured_as(HANDLE object, PSECURITY_DESCRIPTOR descriptor)
{
    bool same;
    return win32_compare_security(object, descriptor, &same) == ERROR_SUCCESS && same;
}

bool win32_is_of_same_broker(HANDLE object, PSECURITY_DESCRIPTOR descriptor)
{
    bool same;
    return compare_owner_and_dacl(object, descriptor, same_first_entry, &same) == ERROR_SUCCESS && same;
}

typedef void (*any_function)(void); /* what compilers let one convert to any other */

/* What NtQueryObject tells of a handle's object ("PUBLIC_OBJECT_BASIC_INFORMATION"). */
typedef struct object_basic_information {
    ULONG attributes;    // cppcheck-suppress unusedStructMember ; the kernel's layout
    ACCESS_MASK granted; // cppcheck-suppress unusedStructMember
    ULONG handles;
    ULONG pointers;     // cppcheck-suppress unusedStructMember
    ULONG reserved[10]; // cppcheck-suppress unusedStructMember
} object_basic_information;

typedef LONG(WINAPI *query_object_function)(HANDLE, int, void *, ULONG, ULONG *);

unsigned win32_count_handles(HANDLE object)
{
    object_basic_information info = {0};
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    query_object_function query =
        ntdll ? (query_object_function)(any_function)GetProcAddress(ntdll, "NtQueryObject") : NULL;
    return query && query(object, 0, &info, sizeof info, NULL) >= 0 ? info.handles : 0;
}

bool win32_is_an_earlier_one(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, unsigned *handles)
{
    *handles = 0;
    HANDLE section = OpenFileMappingW(READ_CONTROL, FALSE, name);
    bool is = section && win32_is_of_same_broker(section, descriptor);
    if (is)
        *handles = win32_count_handles(section);
    *handles -= *handles > 0; /* the one for looking */
    if (section)
        CloseHandle(section);
    return is;
}

/* Whether the name that the kernel gives a view's file is that of `file`: in the form asked for, behind the first
   `prefix` characters of both. */
static bool is_name_of(const wchar_t *viewed, HANDLE file, DWORD form, size_t prefix)
{
    wchar_t *wanted = calloc(DEVICE_PATH, sizeof *wanted);
    DWORD length =
        wanted ? GetFinalPathNameByHandleW(file, wanted, DEVICE_PATH, FILE_NAME_NORMALIZED | form) : 0;
    bool same = length > prefix && length < DEVICE_PATH && wcslen(viewed) > prefix &&
                _wcsicmp(viewed + prefix, wanted + prefix) == 0;
    free(wanted);
    return same;
}

/* Whether a view shows `file`. Windows names the view's file by its device; Wine by its drive, \??\C:\… where the
   handle's name is \\?\C:\… */
static bool shows_file(const void *view, HANDLE file)
{
    wchar_t *viewed = calloc(DEVICE_PATH, sizeof *viewed);
    bool same = viewed &&
                GetMappedFileNameW(GetCurrentProcess(), (void *)(uintptr_t)view, viewed, DEVICE_PATH) > 0 &&
                (is_name_of(viewed, file, VOLUME_NAME_NT, 0) ||
                 (wcsncmp(viewed, L"\\??\\", 4) == 0 && is_name_of(viewed, file, VOLUME_NAME_DOS, 4)));
    free(viewed);
    return same;
}

static bool shows_no_file(const void *view)
{
    wchar_t name[MAX_PATH];
    return GetMappedFileNameW(GetCurrentProcess(), (void *)(uintptr_t)view, name, MAX_PATH) == 0;
}

/* What NtQuerySection tells of a section ("SectionBasicInformation"). */
typedef struct section_basic_information {
    void *base; // cppcheck-suppress unusedStructMember ; the kernel's layout
    ULONG attributes;
    LARGE_INTEGER size; // cppcheck-suppress unusedStructMember
} section_basic_information;

typedef LONG(WINAPI *query_section_function)(HANDLE, int, void *, SIZE_T, SIZE_T *);

/* With what attributes the section `name` was made; 0 when that cannot be seen. */
static ULONG attributes_of(const wchar_t *name)
{
    section_basic_information info = {0};
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    query_section_function query =
        ntdll ? (query_section_function)(any_function)GetProcAddress(ntdll, "NtQuerySection") : NULL;
    HANDLE section = query ? OpenFileMappingW(SECTION_QUERY | FILE_MAP_READ, FALSE, name) : NULL;
    if (!section || query(section, 0, &info, sizeof info, NULL) < 0)
        info.attributes = 0;
    if (section)
        CloseHandle(section);
    return info.attributes;
}

bool win32_has_large_pages(const wchar_t *name)
{
    return (attributes_of(name) & SEC_LARGE_PAGES) != 0;
}

/* Whether the section has the bytes that it should, in pages of `page` bytes, and shows what it should. */
static bool is_shaped_as(HANDLE section, uint64_t size, uint64_t page, HANDLE file)
{
    MEMORY_BASIC_INFORMATION memory = {0};
    uint64_t wanted = (size + page - 1) / page * page;
    const void *view =
        MapViewOfFile(section, FILE_MAP_READ, 0, 0, file == INVALID_HANDLE_VALUE ? 0 : (SIZE_T)size);
    if (!view)
        return false;
    bool same = VirtualQuery(view, &memory, sizeof memory) == sizeof memory && memory.RegionSize == wanted &&
                memory.State == MEM_COMMIT;
    if (same)
        same = file != INVALID_HANDLE_VALUE ? shows_file(view, file) : shows_no_file(view);
    UnmapViewOfFile(view);
    return same;
}

HANDLE win32_adopt_section(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, uint64_t size, HANDLE file)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    HANDLE section = OpenFileMappingW(READ_CONTROL | FILE_MAP_READ | FILE_MAP_WRITE, TRUE, name);
    if (!section) /* who only asks what a broker would do may not write */
        section = OpenFileMappingW(READ_CONTROL | FILE_MAP_READ, TRUE, name);
    uint64_t page = section && win32_has_large_pages(name) ? GetLargePageMinimum() : system.dwPageSize;
    if (section && (!win32_is_secured_as(section, descriptor) || !is_shaped_as(section, size, page, file))) {
        CloseHandle(section);
        section = NULL;
    }
    return section;
}

/* Adds up what there is at `view`, memory and not: all of it, and the memory that it begins with. */
static bool measure(const void *view, uint64_t *all, uint64_t *committed)
{
    MEMORY_BASIC_INFORMATION memory;
    const uint8_t *at = view;
    *all = *committed = 0;
    while (VirtualQuery(at, &memory, sizeof memory) == sizeof memory && memory.AllocationBase == view &&
           memory.RegionSize > 0) { /* ends: each step goes on, and the view has an end */
        if (*committed == *all && memory.State == MEM_COMMIT)
            *committed += memory.RegionSize;
        *all += memory.RegionSize;
        at += memory.RegionSize;
    }
    return *committed > 0;
}

HANDLE win32_adopt_reserved(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, uint64_t max_size,
                            uint64_t *committed)
{
    uint64_t all = 0;
    *committed = 0;
    const DWORD access = READ_CONTROL | FILE_MAP_READ | FILE_MAP_WRITE;
    HANDLE section = OpenFileMappingW(access, TRUE, name); /* a keeper inherits it */
    const void *view = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0) : NULL;
    bool ours = view && win32_is_secured_as(section, descriptor) && measure(view, &all, committed) &&
                all == growth_reserved(max_size) && shows_no_file(view) &&
                (attributes_of(name) & SEC_RESERVE) != 0;
    if (view)
        UnmapViewOfFile(view);
    if (ours)
        return section;
    if (section)
        CloseHandle(section);
    return NULL;
}
