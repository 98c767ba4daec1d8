/*
 * Which sessions there are. See platform.h.
 *
 * WTSEnumerateSessions passes over sessions that the caller may not query, which is so for a service's own account. The
 * list of processes has each one's session, for everybody (NtQuerySystemInformation, SystemProcessInformation).
 */
#include "support_win32.h"

#include <stdlib.h>
#include <winternl.h>

#define LENGTH_MISMATCH ((LONG)0xC0000004)
#define FIRST_BYTES     (256u << 10)
#define MOST_BYTES      (64u << 20)

typedef LONG(WINAPI *query_function)(ULONG what, void *buffer, ULONG bytes, ULONG *needed);
typedef void (*any_function)(void); /* what every function pointer may pass through */

/* All processes. The caller frees the list; NULL with `failure` set. */
static unsigned char *list_processes(ULONG *length, platform_failure *failure)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    query_function query =
        ntdll ? (query_function)(any_function)GetProcAddress(ntdll, "NtQuerySystemInformation") : NULL;
    LONG status = LENGTH_MISMATCH;
    for (ULONG bytes = FIRST_BYTES; query && bytes <= MOST_BYTES && status == LENGTH_MISMATCH; bytes *= 2) {
        unsigned char *list = malloc(bytes);
        status = list ? query(SystemProcessInformation, list, bytes, length) : -1;
        if (status >= 0 && *length <= bytes)
            return list;
        free(list);
    }
    win32_fail(failure, 0, "cannot list the processes, to see which sessions there are (status 0x%08lX)",
               (unsigned long)status);
    return NULL;
}

static size_t add(uint32_t *ids, size_t room, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return count;
    if (count < room)
        ids[count++] = id;
    return count;
}

bool platform_sessions_list(uint32_t *ids, size_t room, size_t *count, platform_failure *failure)
{
    ULONG length = 0, at = 0, step = 1;
    *count = 0;
    unsigned char *list = list_processes(&length, failure);
    if (!list)
        return false;
    while (step != 0 && at + sizeof(SYSTEM_PROCESS_INFORMATION) <= length) {
        const SYSTEM_PROCESS_INFORMATION *process = (const void *)(list + at);
        *count = add(ids, room, *count, process->SessionId);
        step = process->NextEntryOffset;
        at += step;
    }
    free(list);
    return true;
}

uint32_t platform_own_session(void)
{
    DWORD session = 0;
    return ProcessIdToSessionId(GetCurrentProcessId(), &session) ? session : 0;
}
