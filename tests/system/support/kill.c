/* Ending processes. See kill.h. */
#include "kill.h"

#include <tlhelp32.h>

#define PATIENCE_MS 30000u
#define MOST_PASSES 4u /* a thread may start another while it is being stopped */

/* Whether it ran until now. Asking for its registers waits until it stands still. */
static bool stop_thread(HANDLE thread)
{
    CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
    const DWORD before = SuspendThread(thread);
    if (before == 0)
        GetThreadContext(thread, &context);
    else if (before != (DWORD)-1)
        ResumeThread(thread); /* of one that stands still already */
    return before == 0;
}

static bool resume_thread(HANDLE thread)
{
    return ResumeThread(thread) == 1;
}

/* For how many of its threads it was so. */
static unsigned do_to_threads(DWORD process, bool (*what)(HANDLE thread))
{
    THREADENTRY32 each = {.dwSize = sizeof each};
    unsigned count = 0;
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    if (all == INVALID_HANDLE_VALUE)
        return 0;
    for (BOOL more = Thread32First(all, &each); more; more = Thread32Next(all, &each)) {
        HANDLE thread = each.th32OwnerProcessID == process
                            ? OpenThread(THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT, FALSE, each.th32ThreadID)
                            : NULL;
        if (thread == NULL)
            continue;
        count += what(thread);
        CloseHandle(thread);
    }
    CloseHandle(all);
    return count;
}

unsigned stop_process(DWORD id)
{
    unsigned sum = 0, stopped = 1;
    for (unsigned pass = 0; pass < MOST_PASSES && stopped > 0; pass++)
        sum += stopped = do_to_threads(id, stop_thread);
    return sum;
}

unsigned resume_process(DWORD id)
{
    return do_to_threads(id, resume_thread);
}

static bool runs_under_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

bool kill_process(HANDLE process, DWORD id, UINT code)
{
    if (runs_under_wine())
        stop_process(id);
    TerminateProcess(process, code);
    return WaitForSingleObject(process, PATIENCE_MS) == WAIT_OBJECT_0;
}
