/* Who has a name that we wanted. See taken_win32.h. */
#include "taken_win32.h"

#include "holder_win32.h"

#include <aclapi.h>
#include <stdlib.h>

bool win32_name_is_taken(DWORD error)
{
    return error == ERROR_ALREADY_EXISTS || error == ERROR_ACCESS_DENIED || error == ERROR_INVALID_HANDLE;
}

static HANDLE open_section(const wchar_t *name)
{
    return OpenFileMappingW(READ_CONTROL, FALSE, name);
}

static HANDLE open_event(const wchar_t *name)
{
    return OpenEventW(READ_CONTROL, FALSE, name);
}

static HANDLE open_mutex(const wchar_t *name)
{
    return OpenMutexW(READ_CONTROL, FALSE, name);
}

static HANDLE open_semaphore(const wchar_t *name)
{
    return OpenSemaphoreW(READ_CONTROL, FALSE, name);
}

static HANDLE open_timer(const wchar_t *name)
{
    return OpenWaitableTimerW(READ_CONTROL, FALSE, name);
}

static HANDLE open_job(const wchar_t *name)
{
    return OpenJobObjectW(READ_CONTROL, FALSE, name);
}

/* The kinds of object that share one space of names. */
static const struct {
    const char *kind;
    HANDLE (*open)(const wchar_t *name);
} kinds[] = {
    {"a file mapping", open_section}, {"an event", open_event},         {"a mutex", open_mutex},
    {"a semaphore", open_semaphore},  {"a waitable timer", open_timer}, {"a job", open_job},
};

/* Opens whatever has the name; ERROR_ACCESS_DENIED tells the kind without opening. */
static HANDLE open_any(const wchar_t *name, const char **kind)
{
    *kind = "an object of unknown kind";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        SetLastError(0);
        HANDLE object = kinds[i].open(name);
        if (object || GetLastError() == ERROR_ACCESS_DENIED) {
            *kind = kinds[i].kind;
            return object;
        }
    }
    return NULL;
}

static void describe_owner(HANDLE object, char *buffer, size_t size)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    snprintf(buffer, size, "an account that may not be seen");
    if (object &&
        GetSecurityInfo(object, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL,
                        &descriptor) == ERROR_SUCCESS &&
        owner)
        win32_account_text(owner, buffer, size);
    LocalFree(descriptor);
}

bool win32_describe_holder(const char *object_name, char *buffer, size_t size)
{
    const char *kind = "an object that may not be seen";
    char owner[600],
        holders[300] = "held by a process that cannot be seen, since the object lets nobody look at it";
    wchar_t *name = win32_wide(object_name);
    HANDLE object = name ? open_any(name, &kind) : NULL;
    bool seen = object || (name && GetLastError() == ERROR_ACCESS_DENIED);
    describe_owner(object, owner, sizeof owner);
    if (object)
        win32_holding_processes(object, holders, sizeof holders);
    snprintf(buffer, size, "%s that belongs to %s, %s", kind, owner, holders);
    if (object)
        CloseHandle(object);
    free(name);
    return seen;
}

bool win32_fail_taken(platform_failure *failure, DWORD code, const char *object_name, bool privilege_hint)
{
    char holder[900];
    if (!win32_describe_holder(object_name, holder, sizeof holder) && privilege_hint)
        return win32_fail_advise(failure, code,
                                 "this account lacks SeCreateGlobalPrivilege, which names of all sessions "
                                 "need: run as a service or "
                                 "elevated, or declare `namespace: local`",
                                 "cannot create %s", object_name);
    return win32_fail_advise(failure, code,
                             "end that program, or give the region another name: the broker never shares an "
                             "object that it did not "
                             "create; one that an earlier broker left with other rights or size goes with "
                             "the last program that holds it",
                             "the name %s is taken by %s", object_name, holder);
}

static bool token_has_privilege(HANDLE token, const wchar_t *privilege)
{
    LUID wanted;
    DWORD size = 0;
    bool held = false;
    if (!LookupPrivilegeValueW(NULL, privilege, &wanted))
        return false;
    GetTokenInformation(token, TokenPrivileges, NULL, 0, &size);
    TOKEN_PRIVILEGES *privileges = size ? malloc(size) : NULL;
    if (privileges && GetTokenInformation(token, TokenPrivileges, privileges, size, &size))
        for (DWORD i = 0; i < privileges->PrivilegeCount; i++)
            if (privileges->Privileges[i].Luid.LowPart == wanted.LowPart &&
                privileges->Privileges[i].Luid.HighPart == wanted.HighPart)
                held = true;
    free(privileges);
    return held;
}

bool win32_may_create_global(void)
{
    DWORD session = 1;
    HANDLE token;
    if (ProcessIdToSessionId(GetCurrentProcessId(), &session) && session == 0)
        return true;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool held = token_has_privilege(token, SE_CREATE_GLOBAL_NAME);
    CloseHandle(token);
    return held;
}
