/* Keepers: how they are found, started, given what they keep, and ended. See platform.h. */
#include "keeper_record_win32.h"

#include "names.h"
#include "private_namespace_win32.h"

#include <stdlib.h>
#include <string.h>

#define SIGNS 2u /* handles that each keeper inherits */
#define WANTED                                                                                               \
    (PROCESS_DUP_HANDLE | PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE | READ_CONTROL)

struct platform_keeper {
    HANDLE process;
    HANDLE stay; /* the event; NULL when it has been told */
    DWORD pid;
    const private_space
        *given; /* the last of the private namespaces that it has; NULL: it has none of this process's */
};

/* ---- Finding one ------------------------------------------------------------------------------- */

bool platform_keeper_find(platform_keepers *keepers, unsigned place, platform_keeper **keeper,
                          platform_failure *failure)
{
    recorded_keeper *recorded = &keepers->record->places[place];
    HANDLE process;
    *keeper = calloc(1, sizeof **keeper);
    if (!*keeper)
        return win32_fail(failure, ERROR_OUTOFMEMORY, "cannot look for the keeper of an earlier broker");
    const keeper_seen what = win32_keeper_open(recorded, keepers->process, WANTED, &process);
    const DWORD error = GetLastError();
    if (what == KEEPER_SEEN_KEEPER) {
        **keeper = (platform_keeper){.process = process, .pid = (DWORD)recorded->pid};
        return true;
    }
    free(*keeper);
    *keeper = NULL;
    if (what == KEEPER_SEEN_FAILED)
        return win32_fail(failure, error,
                          "cannot see whether the keeper of an earlier broker, process %ld, lives",
                          recorded->pid);
    InterlockedExchange(&recorded->pid, 0);
    return true;
}

/* ---- Starting ---------------------------------------------------------------------------------- */

/* What the program gets as standard input and output: see program_win32.c. */
typedef struct signs {
    HANDLE stay;
    HANDLE broker;
} signs;

static bool make_signs(signs *s)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    const HANDLE self = GetCurrentProcess();
    s->stay = CreateEventW(&inherited, TRUE, FALSE, NULL);
    return s->stay && DuplicateHandle(self, self, self, &s->broker, SYNCHRONIZE, TRUE, 0);
}

/* What the program inherits: its signs, then the sections, each under the number that it has here. */
typedef struct inheritance {
    HANDLE *handles;
    size_t count;
} inheritance;

static bool make_inheritance(const signs *s, platform_section *const *sections, size_t count, inheritance *i)
{
    i->handles = calloc(count + SIGNS, sizeof *i->handles);
    if (!i->handles)
        return false;
    i->handles[i->count++] = s->stay;
    i->handles[i->count++] = s->broker;
    for (size_t section = 0; section < count; section++)
        i->handles[i->count++] = (HANDLE)sections[section];
    return true;
}

/* Starts `path` with the handles of `given` and no other of this process, in System32, so that it holds no folder. */
static bool launch(const wchar_t *path, wchar_t *command_line, PSECURITY_DESCRIPTOR descriptor,
                   const inheritance *given, PROCESS_INFORMATION *started)
{
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    wchar_t folder[MAX_PATH];
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof startup,
                                              .dwFlags = STARTF_USESTDHANDLES,
                                              .hStdInput = given->handles[0],
                                              .hStdOutput = given->handles[1]}};
    startup.lpAttributeList = calloc(1, size);
    SetLastError(ERROR_OUTOFMEMORY);
    bool listed =
        startup.lpAttributeList && InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size);
    bool ok = listed &&
              UpdateProcThreadAttribute(startup.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                        given->handles, given->count * sizeof *given->handles, NULL, NULL) &&
              GetSystemDirectoryW(folder, MAX_PATH) > 0 &&
              CreateProcessW(path, command_line, &security, &security, TRUE,
                             EXTENDED_STARTUPINFO_PRESENT | DETACHED_PROCESS, NULL, folder,
                             &startup.StartupInfo, started);
    DWORD error = GetLastError();
    if (listed)
        DeleteProcThreadAttributeList(startup.lpAttributeList);
    free(startup.lpAttributeList);
    SetLastError(error);
    return ok;
}

/* Starts the program beside this one. Where it cannot be given so many handles at its start, `given` is cut down to the
   signs. */
static bool launch_beside(PSECURITY_DESCRIPTOR descriptor, inheritance *given, PROCESS_INFORMATION *started,
                          platform_failure *failure)
{
    wchar_t *path = win32_beside_program(TEXT(NAMES_KEEPER));
    size_t size = path ? wcslen(path) + sizeof "\"\"" : 0;
    wchar_t *command_line = path ? malloc(size * sizeof *command_line) : NULL;
    bool ok = false;
    if (command_line) {
        swprintf(command_line, size, L"\"%ls\"", path);
        ok = launch(path, command_line, descriptor, given, started);
    } else {
        SetLastError(ERROR_OUTOFMEMORY);
    }
    if (!ok && command_line && given->count > SIGNS) {
        given->count = SIGNS;
        swprintf(command_line, size, L"\"%ls\"", path);
        ok = launch(path, command_line, descriptor, given, started);
    }
    if (!ok)
        win32_fail_advise(failure, GetLastError(), "it belongs beside shmbroker.exe; install again",
                          "cannot start %s", NAMES_KEEPER);
    free(command_line);
    free(path);
    return ok;
}

/* Starts the program, and says in `kept` what it has inherited. */
static bool start(platform_keepers *keepers, const signs *s, platform_section *const *sections,
                  platform_kept *kept, size_t count, PROCESS_INFORMATION *started, platform_failure *failure)
{
    inheritance given = {NULL, 0};
    if (!make_inheritance(s, sections, count, &given))
        return win32_fail(failure, ERROR_OUTOFMEMORY, "cannot prepare a keeper");
    const bool ok = launch_beside(keepers->process, &given, started, failure);
    for (size_t i = 0; ok && i < count && given.count > SIGNS; i++)
        kept[i] = (platform_kept)(uintptr_t)sections[i];
    free(given.handles);
    return ok;
}

bool platform_keeper_start(platform_keepers *keepers, unsigned place, platform_section *const *sections,
                           platform_kept *kept, size_t count, platform_keeper **keeper,
                           platform_failure *failure)
{
    signs s = {NULL, NULL};
    PROCESS_INFORMATION started = {0};
    if (count > 0)
        memset(kept, 0, count * sizeof *kept);
    *keeper = calloc(1, sizeof **keeper);
    bool ok = *keeper && make_signs(&s);
    if (!ok)
        win32_fail(failure, *keeper ? GetLastError() : ERROR_OUTOFMEMORY, "cannot prepare a keeper");
    ok = ok && start(keepers, &s, sections, kept, count, &started, failure) &&
         win32_keeper_record(keepers, place, &started, failure);
    if (started.hThread)
        CloseHandle(started.hThread);
    if (s.broker)
        CloseHandle(s.broker);
    if (ok) {
        **keeper = (platform_keeper){started.hProcess, s.stay, started.dwProcessId, NULL};
        return true;
    }
    if (started.hProcess) {
        TerminateProcess(started.hProcess, 1);
        CloseHandle(started.hProcess);
    }
    if (s.stay)
        CloseHandle(s.stay);
    if (count > 0)
        memset(kept, 0, count * sizeof *kept);
    free(*keeper);
    *keeper = NULL;
    return false;
}

void platform_keeper_stay(platform_keeper *keeper)
{
    SetEvent(keeper->stay);
    CloseHandle(keeper->stay);
    keeper->stay = NULL;
}

/* ---- What it has ------------------------------------------------------------------------------- */

static bool hold(platform_keeper *keeper, HANDLE handle, const char *what, HANDLE *theirs,
                 platform_failure *failure)
{
    *theirs = NULL;
    if (DuplicateHandle(GetCurrentProcess(), handle, keeper->process, theirs, 0, FALSE,
                        DUPLICATE_SAME_ACCESS))
        return true;
    return win32_fail(failure, GetLastError(), "cannot give the keeper, process %lu, %s", keeper->pid, what);
}

bool platform_keeper_hold(platform_keeper *keeper, const platform_section *section, platform_kept *kept,
                          platform_failure *failure)
{
    HANDLE theirs;
    bool held = hold(keeper, (HANDLE)(uintptr_t)section, "a section", &theirs, failure);
    *kept = (platform_kept)(uintptr_t)theirs;
    return held;
}

bool platform_keeper_hold_catalog(platform_keeper *keeper, const platform_catalog *catalog,
                                  platform_failure *failure)
{
    HANDLE theirs;
    return hold(keeper, catalog->handle, "the catalog", &theirs, failure);
}

/* A namespace can be opened as long as some process has it open. */
bool platform_keeper_hold_namespaces(platform_keeper *keeper, platform_failure *failure)
{
    HANDLE theirs;
    for (const private_space *space; (space = win32_private_next(keeper->given)) != NULL;
         keeper->given = space)
        if (!hold(keeper, win32_private_handle(space), "a private namespace", &theirs, failure))
            return false;
    return true;
}

void platform_keeper_release(platform_keeper *keeper, platform_kept kept)
{
    HANDLE mine = NULL;
    if (kept && DuplicateHandle(keeper->process, (HANDLE)(uintptr_t)kept, GetCurrentProcess(), &mine, 0,
                                FALSE, DUPLICATE_CLOSE_SOURCE))
        CloseHandle(mine);
}

/* ---- Watching and ending ----------------------------------------------------------------------- */

bool platform_keeper_lives(const platform_keeper *keeper)
{
    return win32_keeper_lives(keeper->process);
}

uint32_t platform_keeper_process_id(const platform_keeper *keeper)
{
    return keeper->pid;
}

void *platform_keeper_wake(const platform_keeper *keeper)
{
    return keeper->process;
}

void platform_keeper_end(platform_keepers *keepers, unsigned place, platform_keeper *keeper)
{
    win32_keeper_terminate(keeper->process);
    InterlockedExchange(&keepers->record->places[place].pid, 0);
    platform_keeper_close(keeper);
}

void platform_keeper_close(platform_keeper *keeper)
{
    if (!keeper)
        return;
    if (keeper->stay)
        CloseHandle(keeper->stay);
    CloseHandle(keeper->process);
    free(keeper);
}
