/* Tokens: of running programs, and what the machine tells of accounts that are not logged on; and the descriptors of
   objects as they are. See platform.h. */
#include "descriptor_win32.h"

#include <aclapi.h>
#include <authz.h>
#include <lm.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>

/* Of winnt.h, in newer versions of it alone. */
#define INFO_IS_APP_CONTAINER  ((TOKEN_INFORMATION_CLASS)29) /* TokenIsAppContainer */
#define INFO_CAPABILITIES      ((TOKEN_INFORMATION_CLASS)30)
#define INFO_APP_CONTAINER_SID ((TOKEN_INFORMATION_CLASS)31)
#define INFO_LESS_PRIVILEGED   ((TOKEN_INFORMATION_CLASS)46) /* TokenIsLessPrivilegedAppContainer */
#define FLAG_WRITE_RESTRICTED  0x8u                          /* of TOKEN_ACCESS_INFORMATION.Flags */

#define NETWORK_LOGON "S-1-5-2"

/* What a token says of itself. NULL: it does not. The caller frees it. */
static void *query(HANDLE handle, TOKEN_INFORMATION_CLASS what)
{
    DWORD size = 0;
    GetTokenInformation(handle, what, NULL, 0, &size);
    void *info = size ? calloc(1, size) : NULL;
    if (info && !GetTokenInformation(handle, what, info, size, &size)) {
        free(info);
        info = NULL;
    }
    return info;
}

static DWORD query_number(HANDLE handle, TOKEN_INFORMATION_CLASS what)
{
    DWORD number = 0, size;
    return GetTokenInformation(handle, what, &number, sizeof number, &size) ? number : 0;
}

/* ---- A token as it is */

static void add_groups(token_facts *t, const TOKEN_GROUPS *groups)
{
    for (DWORD i = 0; groups && i < groups->GroupCount; i++) {
        char sid[CONFIG_SID_TEXT];
        DWORD attributes = groups->Groups[i].Attributes;
        if ((attributes & SE_GROUP_INTEGRITY) != 0)
            continue;
        win32_sid_text(groups->Groups[i].Sid, sid);
        token_add_group(t, sid, (attributes & SE_GROUP_ENABLED) != 0,
                        (attributes & SE_GROUP_USE_FOR_DENY_ONLY) != 0);
    }
}

static void add_each(token_facts *t, const TOKEN_GROUPS *sids, void (*add)(token_facts *t, const char *sid))
{
    for (DWORD i = 0; sids && i < sids->GroupCount; i++) {
        char sid[CONFIG_SID_TEXT];
        win32_sid_text(sids->Groups[i].Sid, sid);
        add(t, sid);
    }
}

static void read_restrictions(HANDLE handle, token_facts *t)
{
    TOKEN_GROUPS *restricting = query(handle, TokenRestrictedSids);
    TOKEN_ACCESS_INFORMATION *access = query(handle, TokenAccessInformation);
    add_each(t, restricting, token_add_restricting);
    t->judged.write_restricted = access && (access->Flags & FLAG_WRITE_RESTRICTED) != 0;
    free(access);
    free(restricting);
}

static void read_container(HANDLE handle, token_facts *t)
{
    if (!query_number(handle, INFO_IS_APP_CONTAINER))
        return;
    PSID *package = query(handle, INFO_APP_CONTAINER_SID); /* a structure of one pointer */
    TOKEN_GROUPS *capabilities = query(handle, INFO_CAPABILITIES);
    if (package && *package) {
        char sid[CONFIG_SID_TEXT];
        win32_sid_text(*package, sid);
        token_set_package(t, sid);
    }
    add_each(t, capabilities, token_add_capability);
    t->judged.less_privileged = query_number(handle, INFO_LESS_PRIVILEGED) != 0;
    free(capabilities);
    free(package);
}

static void read_integrity(HANDLE handle, token_facts *t)
{
    TOKEN_MANDATORY_LABEL *label = query(handle, TokenIntegrityLevel);
    TOKEN_MANDATORY_POLICY policy = {TOKEN_MANDATORY_POLICY_NO_WRITE_UP};
    DWORD size;
    if (label) {
        UCHAR count = *GetSidSubAuthorityCount(label->Label.Sid);
        t->judged.integrity = count ? *GetSidSubAuthority(label->Label.Sid, (DWORD)count - 1) : 0;
    }
    if (GetTokenInformation(handle, TokenMandatoryPolicy, &policy, sizeof policy, &size))
        t->judged.may_write_up = !(policy.Policy & TOKEN_MANDATORY_POLICY_NO_WRITE_UP);
    free(label);
}

static bool is_enabled(const TOKEN_PRIVILEGES *privileges, const wchar_t *name)
{
    LUID wanted;
    if (!privileges || !LookupPrivilegeValueW(NULL, name, &wanted))
        return false;
    for (DWORD i = 0; i < privileges->PrivilegeCount; i++) {
        const LUID_AND_ATTRIBUTES *has = &privileges->Privileges[i];
        if (has->Luid.LowPart == wanted.LowPart && has->Luid.HighPart == wanted.HighPart)
            return (has->Attributes & SE_PRIVILEGE_ENABLED) != 0;
    }
    return false;
}

static void read_privileges(HANDLE handle, token_facts *t)
{
    TOKEN_PRIVILEGES *privileges = query(handle, TokenPrivileges);
    t->judged.may_take_ownership = is_enabled(privileges, SE_TAKE_OWNERSHIP_NAME);
    t->judged.may_relabel = is_enabled(privileges, SE_RELABEL_NAME);
    t->judged.may_see_audit = is_enabled(privileges, SE_SECURITY_NAME);
    free(privileges);
}

bool win32_token_read(HANDLE handle, token_facts *t)
{
    char sid[CONFIG_SID_TEXT];
    TOKEN_USER *user = query(handle, TokenUser);
    TOKEN_GROUPS *groups = query(handle, TokenGroups);
    memset(t, 0, sizeof *t);
    bool ok = user && groups;
    if (ok) {
        win32_sid_text(user->User.Sid, sid);
        token_begin(t, sid);
        t->judged.user_deny_only = (user->User.Attributes & SE_GROUP_USE_FOR_DENY_ONLY) != 0;
        add_groups(t, groups);
        read_restrictions(handle, t);
        read_container(handle, t);
        read_integrity(handle, t);
        read_privileges(handle, t);
        t->session = query_number(handle, TokenSessionId);
        t->has_session = true;
        ok = !t->failed;
    }
    free(groups);
    free(user);
    if (!ok)
        token_free(t);
    return ok;
}

bool platform_token_of_process(uint32_t pid, token_facts *t, platform_failure *failure)
{
    HANDLE handle = NULL;
    memset(t, 0, sizeof *t);
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    bool ok = process && OpenProcessToken(process, TOKEN_QUERY, &handle);
    DWORD error = ok ? ERROR_SUCCESS : GetLastError();
    if (ok)
        ok = win32_token_read(handle, t) ||
             win32_fail(failure, ERROR_OUTOFMEMORY, "cannot read the token of process %u", (unsigned)pid);
    else
        win32_fail_advise(failure, error,
                          error == ERROR_ACCESS_DENIED
                              ? "ask from an elevated console, or give its account with --user"
                              : "look up its number in the task manager",
                          "cannot open the token of process %u", (unsigned)pid);
    if (handle)
        CloseHandle(handle);
    if (process)
        CloseHandle(process);
    return ok;
}

/* ---- An account that need not be logged on */

/* What compilers let one convert to any other. */
typedef void (*any_function)(void);

/* A function of a DLL in System32; NULL where there is none. The DLL stays loaded. */
static any_function function_of(const wchar_t *dll, const char *name)
{
    HMODULE module = LoadLibraryExW(dll, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    return module ? (any_function)GetProcAddress(module, name) : NULL;
}

/* The account of this process: its groups are in its own token. */
static bool groups_of_self(const char *sid, token_facts *t)
{
    HANDLE handle = NULL;
    token_facts own;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &handle))
        return false;
    bool is_self = win32_token_read(handle, &own);
    if (is_self) {
        is_self = own.judged.user && strcmp(own.judged.user, sid) == 0;
        for (size_t i = 0; is_self && i < own.judged.group_count; i++)
            token_add_group(t, own.groups[i].sid, true, false);
        token_free(&own);
    }
    CloseHandle(handle);
    return is_self;
}

typedef BOOL(WINAPI *manager_function)(DWORD, PFN_AUTHZ_DYNAMIC_ACCESS_CHECK,
                                       PFN_AUTHZ_COMPUTE_DYNAMIC_GROUPS, PFN_AUTHZ_FREE_DYNAMIC_GROUPS,
                                       PCWSTR, PAUTHZ_RESOURCE_MANAGER_HANDLE);
typedef BOOL(WINAPI *context_function)(DWORD, PSID, AUTHZ_RESOURCE_MANAGER_HANDLE, PLARGE_INTEGER, LUID,
                                       PVOID, PAUTHZ_CLIENT_CONTEXT_HANDLE);
typedef BOOL(WINAPI *info_function)(AUTHZ_CLIENT_CONTEXT_HANDLE, AUTHZ_CONTEXT_INFORMATION_CLASS, DWORD,
                                    PDWORD, PVOID);
typedef BOOL(WINAPI *free_function)(PVOID);

/* The groups of a context of the Authz library. It looks as if the account had logged on from the network. */
static bool add_context_groups(AUTHZ_CLIENT_CONTEXT_HANDLE context, info_function info, token_facts *t)
{
    DWORD size = 0;
    info(context, AuthzContextInfoGroupsSids, 0, &size, NULL);
    TOKEN_GROUPS *groups = size ? calloc(1, size) : NULL;
    bool ok = groups && info(context, AuthzContextInfoGroupsSids, size, &size, groups);
    for (DWORD i = 0; ok && i < groups->GroupCount; i++) {
        char sid[CONFIG_SID_TEXT];
        win32_sid_text(groups->Groups[i].Sid, sid);
        if (strcmp(sid, NETWORK_LOGON) != 0)
            token_add_group(t, sid, true, false);
    }
    free(groups);
    return ok;
}

static bool groups_by_authz(PSID sid, token_facts *t)
{
    const wchar_t dll[] = L"authz.dll";
    manager_function make_manager = (manager_function)function_of(dll, "AuthzInitializeResourceManager");
    context_function make_context = (context_function)function_of(dll, "AuthzInitializeContextFromSid");
    info_function info = (info_function)function_of(dll, "AuthzGetInformationFromContext");
    free_function free_context = (free_function)function_of(dll, "AuthzFreeContext");
    free_function free_manager = (free_function)function_of(dll, "AuthzFreeResourceManager");
    AUTHZ_RESOURCE_MANAGER_HANDLE manager = NULL;
    AUTHZ_CLIENT_CONTEXT_HANDLE context = NULL;
    const LUID nothing = {0, 0};
    if (!make_manager || !make_context || !info || !free_context || !free_manager ||
        !make_manager(AUTHZ_RM_FLAG_NO_AUDIT, NULL, NULL, NULL, NULL, &manager) || !manager)
        return false;
    bool ok = make_context(0, sid, manager, NULL, nothing, NULL, &context) && context &&
              add_context_groups(context, info, t);
    if (context)
        free_context(context);
    free_manager(manager);
    return ok;
}

typedef NET_API_STATUS(WINAPI *local_groups_function)(LPCWSTR, LPCWSTR, DWORD, DWORD, LPBYTE *, DWORD,
                                                      LPDWORD, LPDWORD);
typedef NET_API_STATUS(WINAPI *buffer_free_function)(LPVOID);

static void add_local_group(token_facts *t, const wchar_t *name)
{
    union {
        SID sid;
        BYTE bytes[SECURITY_MAX_SID_SIZE];
    } sid;
    wchar_t domain[256];
    DWORD sid_size = sizeof sid, domain_size = 256;
    SID_NAME_USE use;
    char sid_text[CONFIG_SID_TEXT];
    if (!LookupAccountNameW(NULL, name, &sid, &sid_size, domain, &domain_size, &use))
        return;
    win32_sid_text(&sid, sid_text);
    token_add_group(t, sid_text, true, false);
}

/* The local groups that the account is in, by itself or by a group of its domain. */
static bool groups_by_net(PSID sid, token_facts *t)
{
    const wchar_t dll[] = L"netapi32.dll";
    local_groups_function ask = (local_groups_function)function_of(dll, "NetUserGetLocalGroups");
    buffer_free_function release = (buffer_free_function)function_of(dll, "NetApiBufferFree");
    wchar_t name[256], domain[256], full[520];
    DWORD name_size = 256, domain_size = 256, read = 0, total = 0;
    SID_NAME_USE use;
    BYTE *buffer = NULL;
    if (!ask || !release || !LookupAccountSidW(NULL, sid, name, &name_size, domain, &domain_size, &use) ||
        use != SidTypeUser)
        return false;
    swprintf(full, sizeof full / sizeof full[0], L"%ls\\%ls", domain, name);
    bool ok = ask(NULL, full, 0, LG_INCLUDE_INDIRECT, &buffer, MAX_PREFERRED_LENGTH, &read, &total) == 0;
    const LOCALGROUP_USERS_INFO_0 *groups = (const void *)buffer;
    for (DWORD i = 0; ok && groups && i < read; i++)
        add_local_group(t, groups[i].lgrui0_name);
    if (buffer)
        release(buffer);
    return ok;
}

bool platform_groups_of_user(const char *sid_text, token_facts *t, char how[PLATFORM_ACCOUNT],
                             platform_failure *failure)
{
    PSID sid = NULL;
    wchar_t *wide = win32_wide(sid_text);
    bool known = wide && ConvertStringSidToSidW(wide, &sid), ok = true;
    *how = 0;
    if (known && groups_of_self(sid_text, t))
        snprintf(how, PLATFORM_ACCOUNT, "those of this very account, as this console has them");
    else if (known && groups_by_authz(sid, t))
        snprintf(how, PLATFORM_ACCOUNT, "those that Windows computes for it (AuthzInitializeContextFromSid)");
    else if (known && groups_by_net(sid, t))
        snprintf(how, PLATFORM_ACCOUNT, "the local groups that it is in (NetUserGetLocalGroups)");
    else
        ok = win32_fail(failure, 0, "this machine does not tell the groups of %s", sid_text);
    LocalFree(sid);
    free(wide);
    return ok;
}

/* ---- Objects as they are */

bool platform_section_descriptor(const char *object_name, access_descriptor *descriptor, bool *label_seen,
                                 platform_failure *failure)
{
    PSECURITY_DESCRIPTOR found = NULL;
    memset(descriptor, 0, sizeof *descriptor);
    *label_seen = false;
    wchar_t *name = win32_wide(object_name);
    HANDLE section = name ? OpenFileMappingW(READ_CONTROL, FALSE, name) : NULL;
    DWORD error = section ? ERROR_SUCCESS : GetLastError();
    free(name);
    if (!section)
        return win32_fail(failure, error, "cannot look at %s", object_name);
    error = GetSecurityInfo(section, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                            NULL, NULL, NULL, NULL, &found);
    bool ok = error == ERROR_SUCCESS
                  ? win32_descriptor_read(found, descriptor, failure)
                  : win32_fail(failure, error, "cannot look at the descriptor of %s", object_name);
    if (ok)
        *label_seen = win32_label_of_object(section, &descriptor->label);
    LocalFree(found);
    CloseHandle(section);
    return ok;
}
