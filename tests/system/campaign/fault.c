/* The one call of the broker that goes wrong. See campaign.h and faults.h. */
#include "campaign.h"

#include "account.h"

#include <string.h>

#define POLL_MS 5u

static void undo_view(void *view)
{
    UnmapViewOfFile(view);
}

static void undo_handle(void *handle)
{
    CloseHandle(handle);
}

/* A section that every account may write: of what the campaign itself says. */
static void *shared_memory(const char *name, size_t bytes)
{
    SECURITY_ATTRIBUTES everybody = {sizeof everybody, account_descriptor("D:(A;;GA;;;WD)"), FALSE};
    HANDLE section =
        CreateFileMappingA(INVALID_HANDLE_VALUE, &everybody, PAGE_READWRITE, 0, (DWORD)bytes, name);
    void *view = section ? MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, bytes) : NULL;
    if (!view)
        support_fail("cannot make %s: %s", name, support_error(GetLastError()));
    support_on_cleanup(undo_handle, section);
    support_on_cleanup(undo_view, view);
    return view;
}

/* Programs started from here on find it by the environment variable. */
void fault_prepare(world *w)
{
    const char *name = support_unique("Local\\campaign-faults");
    w->faults = shared_memory(name, sizeof *w->faults);
    SetEnvironmentVariableW(FAULTS_NAME, support_wide(name));
    w->witness_name = support_unique("Local\\campaign-witness");
    w->seen = shared_memory(w->witness_name, sizeof *w->seen);
}

void fault_arm(world *w, faults_action action, unsigned at, DWORD error)
{
    faults *f = w->faults;
    memset(f, 0, sizeof *f);
    f->at = (LONG)at;
    f->action = (LONG)action;
    f->error = (LONG)error;
    InterlockedExchange(&f->armed, 1);
}

void fault_disarm(world *w)
{
    InterlockedExchange(&w->faults->armed, 0);
    InterlockedExchange(&w->faults->released, 1);
}

bool fault_wait(world *w, bool or_ready, unsigned ms)
{
    for (unsigned waited = 0; waited < ms && !w->faults->fired && world_broker_runs(w); waited += POLL_MS) {
        if (or_ready && strncmp(process_output(w->broker->process), "ready", 5) == 0)
            break;
        Sleep(POLL_MS); /* between two looks, bounded above */
    }
    return w->faults->fired != 0;
}
