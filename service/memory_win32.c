/* The memory of sections. See memory_win32.h and platform.h. */
#include "memory_win32.h"

#include <psapi.h>
#include <stdarg.h>
#include <string.h>

#define VIEW_STEP (64u << 20) /* bytes that are mapped at a time */
#define FILL_STEP (1u << 20)  /* bytes between two signs of life */
#define PAGE      4096u

static void make_progress(const platform_progress *progress)
{
    if (progress->call)
        progress->call(progress->context);
}

void win32_note(platform_section_granted *granted, const char *format, ...)
{
    size_t at = strlen(granted->note);
    va_list values;
    if (at > 0)
        at += (size_t)snprintf(granted->note + at, sizeof granted->note - at, "; ");
    va_start(values, format);
    if (at < sizeof granted->note)
        vsnprintf(granted->note + at, sizeof granted->note - at, format, values);
    va_end(values);
}

/* ---- What the machine has ----------------------------------------------------------------------- */

static uint32_t last_node(void)
{
    ULONG last = 0;
    return GetNumaHighestNodeNumber(&last) ? last : 0;
}

bool platform_memory_read(platform_memory *memory, platform_failure *failure)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    memset(memory, 0, sizeof *memory);
    if (!GlobalMemoryStatusEx(&status)) /* GetPerformanceInfo would count all processes, too */
        return win32_fail(failure, GetLastError(), "cannot find out how much memory this machine has");
    memory->commit_limit = status.ullTotalPageFile; /* not the paging file's: what can be promised in all */
    memory->commit_available = status.ullAvailPageFile;
    memory->large_page = GetLargePageMinimum();
    memory->last_node = last_node();
    return true;
}

/* AdjustTokenPrivileges succeeds also when the token does not have the privilege: the last error tells. */
static bool adjust_lock_memory(DWORD attributes)
{
    HANDLE token = NULL;
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1, .Privileges[0].Attributes = attributes};
    bool ok = LookupPrivilegeValueW(NULL, L"SeLockMemoryPrivilege", &privileges.Privileges[0].Luid) &&
              OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token) &&
              AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL) &&
              GetLastError() == ERROR_SUCCESS;
    DWORD error = GetLastError();
    if (token)
        CloseHandle(token);
    SetLastError(error);
    return ok;
}

bool win32_lock_memory_enable(void)
{
    return adjust_lock_memory(SE_PRIVILEGE_ENABLED);
}

void win32_lock_memory_disable(void)
{
    adjust_lock_memory(0);
}

DWORD win32_numa_node(const platform_section_request *request, platform_section_granted *granted)
{
    const uint32_t last = last_node();
    GROUP_AFFINITY processors = {0};
    if (request->numa_node == CONFIG_NUMA_ANY)
        return CONFIG_NUMA_ANY;
    if (request->numa_node > last)
        win32_note(granted, "this machine has no NUMA node %u (its last is %u), so its memory is on any",
                   (unsigned)request->numa_node, (unsigned)last);
    else if (GetNumaNodeProcessorMaskEx((USHORT)request->numa_node, &processors) && processors.Mask == 0)
        win32_note(granted, "NUMA node %u of this machine has no processors, so its memory is on any",
                   (unsigned)request->numa_node);
    else
        granted->numa_node = true;
    return granted->numa_node ? request->numa_node : CONFIG_NUMA_ANY;
}

/* ---- First contents ----------------------------------------------------------------------------- */

static bool fill_view(uint8_t *view, uint64_t bytes, win32_contents *contents,
                      const platform_progress *progress, platform_failure *failure)
{
    for (uint64_t done = 0; done < bytes; done += FILL_STEP) {
        size_t step = bytes - done < FILL_STEP ? (size_t)(bytes - done) : FILL_STEP;
        if (!win32_contents_take(contents, view + done, step, failure))
            return false;
        make_progress(progress);
    }
    return true;
}

bool win32_section_fill(HANDLE section, win32_contents *contents, const platform_progress *progress,
                        platform_failure *failure)
{
    for (uint64_t at = 0; at < contents->length; at += VIEW_STEP) {
        uint64_t bytes = contents->length - at < VIEW_STEP ? contents->length - at : VIEW_STEP;
        uint8_t *view = MapViewOfFile(section, FILE_MAP_WRITE, (DWORD)(at >> 32), (DWORD)(at & 0xFFFFFFFFu),
                                      (SIZE_T)bytes);
        if (!view)
            return win32_fail(failure, GetLastError(), "cannot write the region's initial contents");
        bool filled = fill_view(view, bytes, contents, progress, failure);
        UnmapViewOfFile(view);
        if (!filled)
            return false;
    }
    return true;
}

/* ---- Pages made present ------------------------------------------------------------------------- */

typedef BOOL(WINAPI *prefetch_function)(HANDLE, ULONG_PTR, PWIN32_MEMORY_RANGE_ENTRY, ULONG);
typedef void (*any_function)(void); /* what compilers let one convert to any other */

/* Pages of the paging file come into being when they are touched. */
static void touch(const volatile uint8_t *view, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes; at += PAGE)
        (void)view[at];
}

/* Those of a file are read from the disk. They are not touched: a disk that fails would end the broker. */
static bool read_ahead(void *view, uint64_t bytes)
{
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    prefetch_function prefetch =
        kernel ? (prefetch_function)(any_function)GetProcAddress(kernel, "PrefetchVirtualMemory") : NULL;
    WIN32_MEMORY_RANGE_ENTRY range = {view, (SIZE_T)bytes};
    SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return prefetch && prefetch(GetCurrentProcess(), 1, &range, 0);
}

static bool make_present(HANDLE section, const platform_section_request *request)
{
    for (uint64_t at = 0; at < request->size; at += VIEW_STEP) {
        uint64_t bytes = request->size - at < VIEW_STEP ? request->size - at : VIEW_STEP;
        void *view = MapViewOfFile(section, FILE_MAP_READ, (DWORD)(at >> 32), (DWORD)(at & 0xFFFFFFFFu),
                                   (SIZE_T)bytes);
        bool present = view != NULL;
        if (present && request->backing_path)
            present = read_ahead(view, bytes);
        else if (present)
            touch(view, bytes);
        DWORD error = GetLastError();
        if (view)
            UnmapViewOfFile(view);
        SetLastError(error);
        if (!present)
            return false;
        make_progress(&request->progress);
    }
    return true;
}

void win32_section_prefetch(HANDLE section, const platform_section_request *request,
                            platform_section_granted *granted)
{
    MEMORYSTATUSEX machine = {.dwLength = sizeof machine};
    char size[TEXT_SIZE], available[TEXT_SIZE];
    platform_failure failure;
    if (!GlobalMemoryStatusEx(&machine))
        machine.ullAvailPhys = 0;
    if (request->size > machine.ullAvailPhys) {
        text_size_about(request->size, size);
        text_size_about(machine.ullAvailPhys, available);
        win32_note(granted, "its %s have not been made present: only %s of this machine's memory are free",
                   size, available);
        return;
    }
    granted->prefetched = make_present(section, request);
    if (!granted->prefetched) {
        win32_fail(&failure, GetLastError(), "its pages have not been made present");
        win32_note(granted, "%s", failure.text);
    }
}
