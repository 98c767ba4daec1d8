/* The record of keepers. See keeper_record_win32.h, and platform.h. */
#include "keeper_record_win32.h"

#include "adopt_win32.h"
#include "taken_win32.h"
#include "trust_win32.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_BYTES 4096u
#define RECORD_MAGIC 0x313052455045454Bull /* "KEEPER01" */
#define ENDING_MS    5000u                 /* how long a terminated process may take to be gone */

/* ---- The record -------------------------------------------------------------------------------- */

/* Creates the section, or opens the one that an earlier broker made exactly so. */
static HANDLE create_or_open(const char *shown, PSECURITY_DESCRIPTOR descriptor, platform_failure *failure)
{
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    wchar_t *name = win32_wide(shown);
    SetLastError(name ? 0 : ERROR_OUTOFMEMORY);
    HANDLE section =
        name ? CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, RECORD_BYTES, name)
             : NULL;
    DWORD error = GetLastError();
    if (section && error == ERROR_ALREADY_EXISTS && !win32_is_secured_as(section, descriptor)) {
        CloseHandle(section);
        section = NULL;
    }
    if (!section && win32_name_is_taken(error))
        win32_fail_taken(failure, error, shown, false);
    else if (!section)
        win32_fail(failure, error, "cannot create %s", shown);
    free(name);
    return section;
}

bool win32_is_keeper_record(const void *view)
{
    MEMORY_BASIC_INFORMATION memory;
    return VirtualQuery(view, &memory, sizeof memory) == sizeof memory && memory.State == MEM_COMMIT &&
           memory.RegionSize == RECORD_BYTES;
}

static bool map_record(platform_keepers *k, const char *shown, platform_failure *failure)
{
    k->record = MapViewOfFile(k->section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    if (!k->record)
        return win32_fail(failure, GetLastError(), "cannot map %s", shown);
    if (!win32_is_keeper_record(k->record))
        return win32_fail(failure, 0, "%s has not the size of a record of keepers", shown);
    if (k->record->magic != RECORD_MAGIC) { /* new, or its maker died just here */
        memset(k->record, 0, sizeof *k->record);
        k->record->magic = RECORD_MAGIC;
    }
    return true;
}

PSECURITY_DESCRIPTOR win32_keeper_descriptor(char *sddl, platform_failure *failure)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (sddl)
        descriptor = win32_descriptor(sddl, failure);
    else
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot make a security descriptor");
    free(sddl);
    return descriptor;
}

bool platform_keepers_open(const char *base_name, const access_identity *identity, bool global,
                           platform_keepers **keepers, platform_failure *failure)
{
    *keepers = NULL;
    platform_keepers *k = calloc(1, sizeof *k);
    char *shown = text_make("%s\\%s", global ? "Global" : "Local", base_name);
    PSECURITY_DESCRIPTOR descriptor =
        win32_keeper_descriptor(access_compile_keeper_record(identity), failure);
    if (!k || !shown)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot open the record of keepers");
    else if (descriptor &&
             (k->process = win32_keeper_descriptor(access_compile_keeper_process(identity), failure)) != NULL)
        k->section = create_or_open(shown, descriptor, failure);
    if (k && k->section && map_record(k, shown, failure))
        *keepers = k;
    else if (k)
        platform_keepers_close(k);
    LocalFree(descriptor);
    free(shown);
    return *keepers != NULL;
}

void platform_keepers_close(platform_keepers *keepers)
{
    if (!keepers)
        return;
    if (keepers->record)
        UnmapViewOfFile(keepers->record);
    if (keepers->section)
        CloseHandle(keepers->section);
    LocalFree(keepers->process);
    free(keepers);
}

/* ---- Recognising ------------------------------------------------------------------------------- */

static bool creation_time(HANDLE process, uint64_t *created)
{
    FILETIME begun, exited, kernel, user;
    *created = 0;
    if (!GetProcessTimes(process, &begun, &exited, &kernel, &user))
        return false;
    *created = ((uint64_t)begun.dwHighDateTime << 32) | begun.dwLowDateTime;
    return true;
}

bool win32_keeper_lives(HANDLE process)
{
    return WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
}

/*
 * That a process is a keeper is seen by its descriptor: only the broker's account can make one that it owns with
 * exactly these entries, and no other process is made so. The name of its file says less: an upgrade moves the file of
 * a running program aside.
 */
static keeper_seen look_at(HANDLE process, const recorded_keeper *recorded, PSECURITY_DESCRIPTOR descriptor)
{
    uint64_t created;
    bool same;
    const DWORD waited = WaitForSingleObject(process, 0);
    if (waited == WAIT_FAILED || !creation_time(process, &created))
        return KEEPER_SEEN_FAILED;
    if (waited != WAIT_TIMEOUT || created != recorded->created)
        return KEEPER_SEEN_NOTHING;
    const DWORD error = win32_compare_security(process, descriptor, &same);
    SetLastError(error);
    if (error != ERROR_SUCCESS)
        return KEEPER_SEEN_FAILED;
    return same ? KEEPER_SEEN_KEEPER : KEEPER_SEEN_NOTHING;
}

keeper_seen win32_keeper_open(const recorded_keeper *recorded, PSECURITY_DESCRIPTOR descriptor, DWORD wanted,
                              HANDLE *process)
{
    const DWORD pid = (DWORD)recorded->pid;
    *process = NULL;
    if (pid == 0)
        return KEEPER_SEEN_NOTHING;
    *process = OpenProcess(wanted, FALSE, pid);
    if (!*process && GetLastError() == ERROR_ACCESS_DENIED)
        *process = OpenProcess(wanted, FALSE, pid);
    if (!*process && GetLastError() == ERROR_INVALID_PARAMETER)
        return KEEPER_SEEN_NOTHING; /* no process has that number */
    if (!*process)
        return GetLastError() == ERROR_ACCESS_DENIED ? KEEPER_SEEN_DENIED : KEEPER_SEEN_FAILED;
    const keeper_seen what = look_at(*process, recorded, descriptor);
    if (what != KEEPER_SEEN_KEEPER) {
        const DWORD error = GetLastError();
        CloseHandle(*process);
        *process = NULL;
        SetLastError(error);
    }
    return what;
}

/* ---- Writing it down, and ending it ------------------------------------------------------------- */

bool win32_keeper_record(platform_keepers *keepers, unsigned place, const PROCESS_INFORMATION *started,
                         platform_failure *failure)
{
    recorded_keeper *recorded = &keepers->record->places[place];
    HANDLE theirs;
    if (!DuplicateHandle(GetCurrentProcess(), keepers->section, started->hProcess, &theirs, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return win32_fail(failure, GetLastError(), "cannot give the keeper the record of keepers");
    if (!creation_time(started->hProcess, &recorded->created))
        return win32_fail(failure, GetLastError(), "cannot see when the keeper was started");
    InterlockedExchange(&recorded->pid, (LONG)started->dwProcessId);
    return true;
}

void win32_keeper_terminate(HANDLE process)
{
    TerminateProcess(process, 0);
    WaitForSingleObject(process, ENDING_MS);
}
