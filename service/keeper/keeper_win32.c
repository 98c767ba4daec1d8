/* Keepers: how they are started, recorded, recognised and ended. See platform.h. */
#include "keeper_win32.h"

#include "adopt_win32.h"
#include "names.h"
#include "private_namespace_win32.h"
#include "taken_win32.h"
#include "trust_win32.h"

#include <aclapi.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_BYTES 4096u
#define RECORD_MAGIC 0x313052455045454Bull /* "KEEPER01" */
#define SIGNS        2u                    /* handles that each keeper inherits */
#define ENDING_MS    5000u                 /* how long a terminated process may take to be gone */
#define WANTED                                                                                               \
    (PROCESS_DUP_HANDLE | PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE | READ_CONTROL)

/*
 * The record: which process stands at each place. A number alone could be another process's by now, so the time
 * of its creation goes with it. `pid` is written last and cleared first: whenever its writer dies, a place is either
 * whole or free.
 */
typedef struct recorded_keeper {
    uint64_t created;  /* FILETIME */
    volatile LONG pid; /* 0: the place is free */
    uint32_t zero;
} recorded_keeper;

typedef struct keeper_record {
    uint64_t magic;
    recorded_keeper places[PLATFORM_KEEPERS];
} keeper_record;

struct platform_keepers {
    HANDLE section;
    keeper_record *record;
    PSECURITY_DESCRIPTOR process; /* what each keeper's process has */
};

struct platform_keeper {
    HANDLE process;
    HANDLE stay; /* the event; NULL when it has been told */
    DWORD pid;
    const private_space
        *given; /* the last of the private namespaces that it has; NULL: it has none of this process's */
};

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

/* Whether the view is memory, of the size of a record. */
static bool is_record(const void *view)
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
    if (!is_record(k->record))
        return win32_fail(failure, 0, "%s has not the size of a record of keepers", shown);
    if (k->record->magic != RECORD_MAGIC) { /* new, or its maker died just here */
        memset(k->record, 0, sizeof *k->record);
        k->record->magic = RECORD_MAGIC;
    }
    return true;
}

static PSECURITY_DESCRIPTOR compile(char *sddl, platform_failure *failure)
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
    PSECURITY_DESCRIPTOR descriptor = compile(access_compile_keeper_record(identity), failure);
    if (!k || !shown)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot open the record of keepers");
    else if (descriptor && (k->process = compile(access_compile_keeper_process(identity), failure)) != NULL)
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

static bool lives(HANDLE process)
{
    return WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
}

/* What there is at a place of the record. */
typedef enum seen {
    SEEN_NOTHING, /* no keeper: the place is free */
    SEEN_KEEPER,
    SEEN_DENIED, /* a process that does not let this account look at it */
    SEEN_FAILED  /* the last error says why that could not be found out */
} seen;

/*
 * That a process is a keeper is seen by its descriptor: only the broker's account can make one that it owns with
 * exactly these entries, and no other process is made so. The name of its file says less: an upgrade moves the file of
 * a running program aside.
 */
static seen look_at(HANDLE process, const recorded_keeper *recorded, PSECURITY_DESCRIPTOR descriptor)
{
    uint64_t created;
    bool same;
    const DWORD waited = WaitForSingleObject(process, 0);
    if (waited == WAIT_FAILED || !creation_time(process, &created))
        return SEEN_FAILED;
    if (waited != WAIT_TIMEOUT || created != recorded->created)
        return SEEN_NOTHING;
    const DWORD error = win32_compare_security(process, descriptor, &same);
    SetLastError(error);
    if (error != ERROR_SUCCESS)
        return SEEN_FAILED;
    return same ? SEEN_KEEPER : SEEN_NOTHING;
}

/* Opens the process that the record has at a place; `process` is NULL unless a keeper is seen. A denial is believed when
   it is repeated: what is taken for nobody's here is never looked for again. */
static seen open_recorded(const recorded_keeper *recorded, PSECURITY_DESCRIPTOR descriptor, DWORD wanted,
                          HANDLE *process)
{
    const DWORD pid = (DWORD)recorded->pid;
    *process = NULL;
    if (pid == 0)
        return SEEN_NOTHING;
    *process = OpenProcess(wanted, FALSE, pid);
    if (!*process && GetLastError() == ERROR_ACCESS_DENIED)
        *process = OpenProcess(wanted, FALSE, pid);
    if (!*process && GetLastError() == ERROR_INVALID_PARAMETER)
        return SEEN_NOTHING; /* no process has that number */
    if (!*process)
        return GetLastError() == ERROR_ACCESS_DENIED ? SEEN_DENIED : SEEN_FAILED;
    const seen what = look_at(*process, recorded, descriptor);
    if (what != SEEN_KEEPER) {
        const DWORD error = GetLastError();
        CloseHandle(*process);
        *process = NULL;
        SetLastError(error);
    }
    return what;
}

bool platform_keeper_find(platform_keepers *keepers, unsigned place, platform_keeper **keeper,
                          platform_failure *failure)
{
    recorded_keeper *recorded = &keepers->record->places[place];
    HANDLE process;
    *keeper = calloc(1, sizeof **keeper);
    if (!*keeper)
        return win32_fail(failure, ERROR_OUTOFMEMORY, "cannot look for the keeper of an earlier broker");
    const seen what = open_recorded(recorded, keepers->process, WANTED, &process);
    const DWORD error = GetLastError();
    if (what == SEEN_KEEPER) {
        **keeper = (platform_keeper){.process = process, .pid = (DWORD)recorded->pid};
        return true;
    }
    free(*keeper);
    *keeper = NULL;
    if (what == SEEN_FAILED)
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

/* It keeps the record, so that the next broker finds it; then the record has it. */
static bool record_keeper(platform_keepers *keepers, unsigned place, const PROCESS_INFORMATION *started,
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
         record_keeper(keepers, place, &started, failure);
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
    return lives(keeper->process);
}

uint32_t platform_keeper_process_id(const platform_keeper *keeper)
{
    return keeper->pid;
}

void *platform_keeper_wake(const platform_keeper *keeper)
{
    return keeper->process;
}

/* Its sections go with it, so what follows must find it gone. */
static void terminate(HANDLE process)
{
    TerminateProcess(process, 0);
    WaitForSingleObject(process, ENDING_MS);
}

void platform_keeper_end(platform_keepers *keepers, unsigned place, platform_keeper *keeper)
{
    terminate(keeper->process);
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

/* ---- Without a broker -------------------------------------------------------------------------- */

/* Opens what an earlier broker may have left, believing it only when it belongs to an account that brokers have.
   NULL: there is none, or `failure` says why it is not believed. */
static HANDLE open_left(const char *shown, const char *instance, platform_failure *failure)
{
    shmb_message why = {failure->text, sizeof failure->text, 0};
    wchar_t *name = win32_wide(shown);
    HANDLE section = name ? OpenFileMappingW(FILE_MAP_READ | READ_CONTROL, FALSE, name) : NULL;
    free(name);
    if (section && shmb_check_owner(section, instance, shown, &why) != SHMB_OK) {
        CloseHandle(section);
        return NULL;
    }
    return section;
}

/* The descriptor of the keepers that are in the record: they belong to the same account as the record does. */
static PSECURITY_DESCRIPTOR descriptor_of_keepers(HANDLE section, const char *instance,
                                                  platform_failure *failure)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR found = NULL, wanted = NULL;
    char service[NAMES_TEXT], owner_sid[CONFIG_SID_TEXT], broker_sid[CONFIG_SID_TEXT];
    const access_identity identity = {owner_sid, broker_sid};
    names_service(instance, service);
    DWORD error = GetSecurityInfo(section, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL,
                                  NULL, &found);
    if (error != ERROR_SUCCESS)
        win32_fail(failure, error, "cannot see to whom the record of keepers belongs");
    else
        win32_sid_text(owner, owner_sid);
    if (error == ERROR_SUCCESS && platform_service_sid(service, broker_sid, failure))
        wanted = compile(access_compile_keeper_process(&identity), failure);
    LocalFree(found);
    return wanted;
}

/* What is done with the keepers that are found, and how many they were. */
typedef struct search {
    bool ends;
    unsigned count;
} search;

/* Counts the keepers that `record` names, or ends them. */
static bool visit_recorded(const keeper_record *record, PSECURITY_DESCRIPTOR descriptor, search *s,
                           platform_failure *failure)
{
    const DWORD wanted =
        (s->ends ? PROCESS_TERMINATE : 0u) | PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE | READ_CONTROL;
    bool ok = true;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++) {
        HANDLE process;
        const seen what = open_recorded(&record->places[place], descriptor, wanted, &process);
        const DWORD error = GetLastError();
        if (what == SEEN_KEEPER) {
            if (s->ends)
                terminate(process);
            CloseHandle(process);
            s->count++;
        } else if (what == SEEN_DENIED) {
            ok = win32_fail_advise(failure, ERROR_ACCESS_DENIED, "use an elevated console",
                                   "cannot %s the keeper, process %ld", s->ends ? "end" : "look at",
                                   record->places[place].pid);
        } else if (what == SEEN_FAILED) {
            ok = win32_fail_advise(failure, error, "try again", "cannot see whether process %ld is a keeper",
                                   record->places[place].pid);
        }
    }
    return ok;
}

static bool visit_left(const char *shown, const char *instance, search *s, platform_failure *failure)
{
    failure->text[0] = 0;
    HANDLE section = open_left(shown, instance, failure);
    PSECURITY_DESCRIPTOR descriptor = section ? descriptor_of_keepers(section, instance, failure) : NULL;
    const keeper_record *record = descriptor ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0) : NULL;
    bool ok = failure->text[0] == 0;
    if (section)
        CloseHandle(section); /* the view is enough, and nothing here keeps the name taken */
    if (record && is_record(record))
        ok = visit_recorded(record, descriptor, s, failure);
    if (record)
        UnmapViewOfFile(record);
    LocalFree(descriptor);
    return ok;
}

static bool visit_all(const char *instance, search *s, platform_failure *failure)
{
    char name[NAMES_TEXT];
    bool ok = true;
    names_keepers(instance, name);
    char *global = text_make("Global\\%s", name), *local = text_make("Local\\%s", name);
    if (global && local)
        ok = visit_left(global, instance, s, failure) && visit_left(local, instance, s, failure);
    free(local);
    free(global);
    return ok;
}

bool win32_keepers_count(const char *instance, unsigned *count, platform_failure *failure)
{
    search s = {false, 0};
    bool ok = visit_all(instance, &s, failure);
    *count = s.count;
    return ok;
}

bool win32_keepers_end(const char *instance, unsigned *ended, platform_failure *failure)
{
    platform_failure running;
    platform_claim *claim;
    char name[NAMES_TEXT], owner_sid[CONFIG_SID_TEXT];
    const access_identity identity = {owner_sid, owner_sid};
    *ended = 0;
    names_claim(instance, name);
    if (!platform_owner_sid(owner_sid, failure))
        return false;
    char *sddl = access_compile_claim(&identity);
    bool claimed = sddl && platform_claim_take(name, sddl, &claim, &running);
    free(sddl);
    if (!claimed)
        return true; /* a broker runs, in a console: its keeper is its own affair */
    search s = {true, 0};
    bool ok = visit_all(instance, &s, failure); /* with the claim, so that no broker starts meanwhile */
    *ended = s.count;
    platform_claim_release(claim);
    return ok;
}
