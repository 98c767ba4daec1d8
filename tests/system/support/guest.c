/* Accounts that really log on. See guest.h. */
#include "guest.h"

#include "account.h"
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lm.h>
#include <sddl.h>
#include <userenv.h>
#include <wincred.h>
#include <wtsapi32.h>

#define LOG_ON_MS    120000u
#define POLL_MS      100u
#define SESSION_NONE 0xFFFFFFFFu

#define TERMINAL_SERVER L"SYSTEM\\CurrentControlSet\\Control\\Terminal Server"
#define CLIENT          L"Software\\Microsoft\\Terminal Server Client"

struct guest {
    char *name;
    wchar_t wide[64];
    wchar_t password[40];
    char address
        [16]; /* of this machine; each guest has one of its own, for a saved password belongs to an address */
    bool is_user;
    process *viewer;
    uint32_t session;
    unsigned tasks;
};

/* The path of a program of Windows. */
static const char *system_program(const char *name)
{
    wchar_t folder[MAX_PATH];
    if (GetSystemDirectoryW(folder, MAX_PATH) == 0)
        support_fail("where is the system's folder: %s", support_error(GetLastError()));
    return support_text("%s\\%s", support_utf8(folder), name);
}

/* ---- Remote Desktop -------------------------------------------------------------------------------------------- */

typedef struct setting {
    HKEY root;
    const wchar_t *key, *value;
    DWORD wanted;
    DWORD before;
    bool was_there, set;
} setting;

static setting settings[] = {
    {.root = HKEY_LOCAL_MACHINE, .key = TERMINAL_SERVER, .value = L"fDenyTSConnections", .wanted = 0},
    {.root = HKEY_CURRENT_USER, .key = CLIENT, .value = L"AuthenticationLevelOverride", .wanted = 0},
};

#define SETTINGS (sizeof settings / sizeof settings[0])

static void put_settings_back(void *registered)
{
    *(bool *)registered = false;
    for (size_t i = 0; i < SETTINGS; i++) {
        setting *s = &settings[i];
        if (s->set && s->was_there)
            RegSetKeyValueW(s->root, s->key, s->value, REG_DWORD, &s->before, sizeof s->before);
        else if (s->set)
            RegDeleteKeyValueW(s->root, s->key, s->value);
        s->set = false;
    }
}

static void allow_remote_desktop(void)
{
    static bool registered;
    if (!registered)
        support_on_cleanup(put_settings_back, &registered);
    registered = true;
    for (size_t i = 0; i < SETTINGS; i++) {
        setting *s = &settings[i];
        DWORD bytes = sizeof s->before;
        if (s->set)
            continue;
        s->was_there = RegGetValueW(s->root, s->key, s->value, RRF_RT_REG_DWORD, NULL, &s->before, &bytes) ==
                       ERROR_SUCCESS;
        LSTATUS status = RegSetKeyValueW(s->root, s->key, s->value, REG_DWORD, &s->wanted, sizeof s->wanted);
        if (status != ERROR_SUCCESS)
            support_fail("cannot set %ls\\%ls: %s", s->key, s->value, support_error((DWORD)status));
        s->set = true;
    }
}

/* ---- Sessions -------------------------------------------------------------------------------------------------- */

static bool session_belongs_to(DWORD session, const guest *g)
{
    wchar_t *name = NULL;
    DWORD bytes;
    if (!WTSQuerySessionInformationW(WTS_CURRENT_SERVER_HANDLE, session, WTSUserName, &name, &bytes))
        return false;
    bool is = _wcsicmp(name, g->wide) == 0;
    WTSFreeMemory(name);
    return is;
}

/* The guest's session, when it is in that state, or in any; SESSION_NONE when there is none. */
static uint32_t find_session(const guest *g, bool any, WTS_CONNECTSTATE_CLASS state)
{
    WTS_SESSION_INFOW *list = NULL;
    DWORD count = 0;
    uint32_t found = SESSION_NONE;
    if (!WTSEnumerateSessionsW(WTS_CURRENT_SERVER_HANDLE, 0, 1, &list, &count))
        return SESSION_NONE;
    for (DWORD i = 0; i < count && found == SESSION_NONE; i++)
        if ((any || list[i].State == state) && session_belongs_to(list[i].SessionId, g))
            found = list[i].SessionId;
    WTSFreeMemory(list);
    return found;
}

/* ---- The account ----------------------------------------------------------------------------------------------- */

/* Nobody's to know; with something of each sort that policies ask for. */
static void draw_password(wchar_t password[40])
{
    GUID chance;
    if (FAILED(CoCreateGuid(&chance)) || StringFromGUID2(&chance, password, 40) == 0)
        support_fail("cannot draw a password");
    wcscpy_s(password + 36, 4, L"aZ9"); /* in place of the last digits and the brace */
}

/* The group's name in this Windows's language. */
static void add_to_group(const guest *g, const wchar_t *sid_text)
{
    PSID sid = NULL;
    wchar_t group[256], domain[256];
    DWORD group_length = 256, domain_length = 256;
    SID_NAME_USE use;
    wchar_t *member = support_copy_wide(g->wide);
    LOCALGROUP_MEMBERS_INFO_3 entry = {.lgrmi3_domainandname = member};
    NET_API_STATUS status = (NET_API_STATUS)ERROR_NONE_MAPPED;
    if (ConvertStringSidToSidW(sid_text, &sid) &&
        LookupAccountSidW(NULL, sid, group, &group_length, domain, &domain_length, &use))
        status = NetLocalGroupAddMembers(NULL, group, 3, (LPBYTE)&entry, 1);
    LocalFree(sid);
    free(member);
    if (status != NERR_Success && status != ERROR_MEMBER_IN_ALIAS)
        support_fail("cannot add %s to the group %ls: %s", g->name, sid_text, support_error(status));
}

static void save_password(const guest *g)
{
    wchar_t *target = support_wide(support_text("TERMSRV/%s", g->address));
    CREDENTIALW saved = {.Type = CRED_TYPE_GENERIC,
                         .TargetName = target,
                         .CredentialBlobSize = (DWORD)(wcslen(g->password) * sizeof(wchar_t)),
                         .CredentialBlob = (LPBYTE)(uintptr_t)g->password,
                         .Persist = CRED_PERSIST_SESSION,
                         .UserName = (LPWSTR)(uintptr_t)g->wide};
    if (!CredWriteW(&saved, 0))
        support_fail("cannot save the password for %s: %s", g->address, support_error(GetLastError()));
}

static void delete_profile(const guest *g)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    wchar_t domain[256], *text = NULL;
    DWORD sid_bytes = sizeof sid, domain_length = 256;
    SID_NAME_USE use;
    if (LookupAccountNameW(NULL, g->wide, sid, &sid_bytes, domain, &domain_length, &use) &&
        ConvertSidToStringSidW(sid, &text)) {
        DeleteProfileW(text, NULL, NULL);
        LocalFree(text);
    }
}

/* Called by support_cleanup, in which nothing may fail. */
static void unmake(void *memory)
{
    guest *g = memory;
    wchar_t target[40];
    const uint32_t session = find_session(g, true, WTSActive);
    if (session != SESSION_NONE)
        WTSLogoffSession(WTS_CURRENT_SERVER_HANDLE, session, TRUE);
    swprintf(target, 40, L"TERMSRV/%hs", g->address);
    CredDeleteW(target, CRED_TYPE_GENERIC, 0);
    if (g->is_user) {
        delete_profile(g);
        NetUserDel(NULL, g->wide);
    }
    SecureZeroMemory(g->password, sizeof g->password);
}

guest *guest_make(const char *stem)
{
    static unsigned made;
    guest *g = support_memory(sizeof *g);
    support_on_cleanup(free, g);
    allow_remote_desktop();
    g->name =
        support_text("%s%lu", stem, GetCurrentProcessId()); /* a user's name has 20 characters at most */
    g->session = SESSION_NONE;
    snprintf(g->address, sizeof g->address, "127.0.0.%u", 2 + made++ % 200);
    wcscpy_s(g->wide, 64, support_wide(g->name));
    draw_password(g->password);
    USER_INFO_1 user = {.usri1_name = g->wide,
                        .usri1_password = g->password,
                        .usri1_priv = USER_PRIV_USER,
                        .usri1_flags = UF_SCRIPT | UF_DONT_EXPIRE_PASSWD};
    support_on_cleanup(unmake, g);
    NET_API_STATUS status = NetUserAdd(NULL, 1, (LPBYTE)&user, NULL);
    if (status != NERR_Success)
        support_fail("cannot make the user %s: %s", g->name, support_error(status));
    g->is_user = true;
    add_to_group(g, L"S-1-5-32-545");
    add_to_group(g, L"S-1-5-32-555");
    save_password(g);
    return g;
}

/* ---- Logging on and off ---------------------------------------------------------------------------------------- */

/* Windows tells only services and windows of sessions; so this looks. */
static uint32_t await_state(guest *g, WTS_CONNECTSTATE_CLASS state, const char *what)
{
    for (DWORD waited = 0; waited < LOG_ON_MS; waited += POLL_MS) {
        uint32_t session = find_session(g, false, state);
        if (session != SESSION_NONE)
            return session;
        Sleep(POLL_MS);
    }
    support_fail("%s was not %s within %u s: `query session` shows the sessions; the viewer %s", g->name,
                 what, LOG_ON_MS / 1000,
                 g->viewer && process_is_running(g->viewer) ? "still runs" : "has ended");
}

uint32_t guest_log_on(guest *g)
{
    g->viewer = process_start(system_program("mstsc.exe"), "/v:%s /w:800 /h:600", g->address);
    g->session = await_state(g, WTSActive, "logged on");
    return g->session;
}

void guest_disconnect(guest *g)
{
    if (!WTSDisconnectSession(WTS_CURRENT_SERVER_HANDLE, g->session, TRUE))
        support_fail("cannot disconnect %s: %s", g->name, support_error(GetLastError()));
    await_state(g, WTSDisconnected, "disconnected");
}

void guest_switch(guest *from, guest *to)
{
    if (!WTSConnectSessionW(to->session, from->session, to->password, TRUE))
        support_fail("cannot switch from %s to %s: %s", from->name, to->name, support_error(GetLastError()));
    await_state(to, WTSActive, "switched to");
    await_state(from, WTSDisconnected, "switched away from");
}

void guest_log_off(guest *g)
{
    if (!WTSLogoffSession(WTS_CURRENT_SERVER_HANDLE, g->session, TRUE))
        support_fail("cannot log %s off: %s", g->name, support_error(GetLastError()));
    for (DWORD waited = 0; find_session(g, true, WTSActive) != SESSION_NONE; waited += POLL_MS) {
        if (waited >= LOG_ON_MS)
            support_fail("%s's session %u did not end", g->name, (unsigned)g->session);
        Sleep(POLL_MS);
    }
    g->session = SESSION_NONE;
}

/* ---- Programs in a session ------------------------------------------------------------------------------------- */

/* By Windows's own PowerShell, which can say how a task's user logs on; schtasks.exe has no option for that. */
static process *ask_scheduler(const char *commands)
{
    return process_run(system_program("WindowsPowerShell\\v1.0\\powershell.exe"),
                       "-NoProfile -NonInteractive -Command \"$ErrorActionPreference = 'Stop'; %s\"",
                       commands);
}

static void delete_task(void *name)
{
    process_wait(
        ask_scheduler(support_text("Unregister-ScheduledTask -TaskName '%s' -Confirm:$false", (char *)name)));
}

/* A task whose logon type is `Interactive` runs in the session of its user, who must be logged on, and needs no password. */
void guest_run(guest *g, const char *program, const char *arguments)
{
    char *name = support_text("%s-%u", g->name, g->tasks++);
    process *p = ask_scheduler(support_text(
        "Register-ScheduledTask -TaskName '%s' -Action (New-ScheduledTaskAction -Execute '%s' -Argument "
        "'%s') "
        "-Principal (New-ScheduledTaskPrincipal -UserId '%s' -LogonType Interactive) | Out-Null; "
        "Start-ScheduledTask -TaskName '%s'",
        name, support_program(program), arguments, g->name, name));
    support_on_cleanup(delete_task, name);
    if (process_wait(p) != 0)
        support_fail("cannot run %s for %s: %s%s", program, g->name, process_output(p), process_errors(p));
}
