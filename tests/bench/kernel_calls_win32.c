/*
 * Counting calls of the kernel. See kernel_calls_win32.h.
 *
 * Each import that waits, wakes or yields is found in this program's own import table by its name, and its entry is led to
 * a function here that counts and goes on to the real one.
 */
#include "kernel_calls_win32.h"

#include "bench.h"

#include <windows.h>

#include <string.h>

typedef void (*any_function)(void); /* what compilers let one convert to any other */

static volatile LONG64 seen;

static DWORD WINAPI count_wait_one(HANDLE object, DWORD milliseconds)
{
    InterlockedIncrement64(&seen);
    return WaitForSingleObjectEx(object, milliseconds, FALSE);
}

static DWORD WINAPI count_wait_many(DWORD count, const HANDLE *objects, BOOL all, DWORD milliseconds)
{
    InterlockedIncrement64(&seen);
    return WaitForMultipleObjectsEx(count, objects, all, milliseconds, FALSE);
}

static BOOL(WINAPI *real_set)(HANDLE);
static BOOL WINAPI count_set(HANDLE event)
{
    InterlockedIncrement64(&seen);
    return real_set(event);
}

static BOOL(WINAPI *real_reset)(HANDLE);
static BOOL WINAPI count_reset(HANDLE event)
{
    InterlockedIncrement64(&seen);
    return real_reset(event);
}

static BOOL(WINAPI *real_release)(HANDLE);
static BOOL WINAPI count_release(HANDLE mutex)
{
    InterlockedIncrement64(&seen);
    return real_release(mutex);
}

static BOOL(WINAPI *real_switch)(void);
static BOOL WINAPI count_switch(void)
{
    InterlockedIncrement64(&seen);
    return real_switch();
}

static void(WINAPI *real_sleep)(DWORD);
static void WINAPI count_sleep(DWORD milliseconds)
{
    InterlockedIncrement64(&seen);
    real_sleep(milliseconds);
}

typedef struct watched {
    const char *name;
    any_function counter;
    any_function *real; /* NULL: the counter knows another way */
} watched;

static const watched calls[] = {
    {"WaitForSingleObject", (any_function)count_wait_one, NULL},
    {"WaitForMultipleObjects", (any_function)count_wait_many, NULL},
    {"SetEvent", (any_function)count_set, (any_function *)&real_set},
    {"ResetEvent", (any_function)count_reset, (any_function *)&real_reset},
    {"ReleaseMutex", (any_function)count_release, (any_function *)&real_release},
    {"SwitchToThread", (any_function)count_switch, (any_function *)&real_switch},
    {"Sleep", (any_function)count_sleep, (any_function *)&real_sleep},
};

#define CALLS (sizeof calls / sizeof calls[0])

static void watch(const char *name, IMAGE_THUNK_DATA *entry)
{
    DWORD protection;
    for (size_t i = 0; i < CALLS; i++) {
        if (strcmp(name, calls[i].name) != 0)
            continue;
        if (!VirtualProtect(entry, sizeof *entry, PAGE_READWRITE, &protection))
            bench_fail("cannot watch this program's imports: error %lu", GetLastError());
        if (calls[i].real)
            memcpy(calls[i].real, &entry->u1.Function, sizeof *calls[i].real);
        memcpy(&entry->u1.Function, &calls[i].counter, sizeof entry->u1.Function);
        VirtualProtect(entry, sizeof *entry, protection, &protection);
    }
}

void kernel_calls_watch(void)
{
    static int watched_already;
    unsigned char *image = (unsigned char *)GetModuleHandleW(NULL);
    const IMAGE_DOS_HEADER *dos = (const void *)image;
    const IMAGE_NT_HEADERS *nt = (const void *)(image + dos->e_lfanew);
    const IMAGE_DATA_DIRECTORY *directory = &nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
    const IMAGE_IMPORT_DESCRIPTOR *library = (const void *)(image + directory->VirtualAddress);
    for (; !watched_already && library->Name; library++) {
        const IMAGE_THUNK_DATA *names = (const void *)(image + library->OriginalFirstThunk);
        IMAGE_THUNK_DATA *entries = (void *)(image + library->FirstThunk);
        for (; names->u1.AddressOfData; names++, entries++)
            if (!IMAGE_SNAP_BY_ORDINAL(names->u1.Ordinal))
                watch(((const IMAGE_IMPORT_BY_NAME *)(image + names->u1.AddressOfData))->Name, entries);
    }
    watched_already = 1;
}

uint64_t kernel_calls_seen(void)
{
    return (uint64_t)seen;
}
