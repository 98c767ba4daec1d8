/* Ending processes. See kill.h. */
#include "kill.h"

#include <tlhelp32.h>

#define PATIENCE_MS 30000u
#define MOST_PASSES 4u /* a thread may start another while it is being stopped */

/* Asking for its registers waits until it stands still. */
static bool stop_thread(DWORD id)
{
    CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
    HANDLE thread = OpenThread(THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT, FALSE, id);
    if (thread == NULL)
        return false;
    DWORD before = SuspendThread(thread);
    if (before == 0)
        GetThreadContext(thread, &context);
    CloseHandle(thread);
    return before == 0;
}

/* How many of its threads ran until now. */
static unsigned stop_threads(DWORD process)
{
    THREADENTRY32 each = {.dwSize = sizeof each};
    unsigned stopped = 0;
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    if (all == INVALID_HANDLE_VALUE)
        return 0;
    for (BOOL more = Thread32First(all, &each); more; more = Thread32Next(all, &each))
        stopped += each.th32OwnerProcessID == process && stop_thread(each.th32ThreadID);
    CloseHandle(all);
    return stopped;
}

static bool runs_under_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

bool kill_process(HANDLE process, DWORD id, UINT code)
{
    unsigned passes = runs_under_wine() ? MOST_PASSES : 0;
    while (passes > 0 && stop_threads(id) > 0)
        passes--;
    TerminateProcess(process, code);
    return WaitForSingleObject(process, PATIENCE_MS) == WAIT_OBJECT_0;
}
