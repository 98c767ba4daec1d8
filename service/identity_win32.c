/* Who this broker is among accounts and other brokers, and which accounts a configuration means. See
   platform.h. */
#include "descriptor.h"
#include "service_sid_win32.h"
#include "support_win32.h"
#include "taken_win32.h"

#include <sddl.h>
#include <stdlib.h>
#include <string.h>

bool platform_claim_take(const char *name, const char *sddl, platform_claim **claim,
                         platform_failure *failure)
{
    HANDLE mutex = NULL;
    DWORD error = ERROR_OUTOFMEMORY;
    *claim = NULL;
    char *shown = text_make("%s\\%s", win32_may_create_global() ? "Global" : "Local", name);
    wchar_t *wide = shown ? win32_wide(shown) : NULL;
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(sddl, failure);
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    if (wide && descriptor) {
        SetLastError(0);
        mutex = CreateMutexW(&security, TRUE, wide);
        error = GetLastError();
    }
    if (mutex && error == ERROR_ALREADY_EXISTS) {
        CloseHandle(mutex);
        mutex = NULL;
    }
    if (!mutex && descriptor && win32_name_is_taken(error)) {
        char holder[900];
        win32_describe_holder(shown, holder, sizeof holder);
        win32_fail_advise(
            failure, 0,
            "stop that broker, or end that program, or give this broker a name of its own with "
            "--instance",
            "another broker of this instance is running, or a program has taken its place: %s is "
            "held by %s",
            shown, holder);
    } else if (!mutex && descriptor) {
        win32_fail(failure, error, "cannot create the mutex %s", shown ? shown : name);
    }
    LocalFree(descriptor);
    free(wide);
    free(shown);
    *claim = (platform_claim *)mutex;
    return mutex != NULL;
}

void platform_claim_release(platform_claim *claim)
{
    if (claim)
        CloseHandle((HANDLE)claim);
}

/* The SID that this process's token tells: TokenOwner or TokenUser. */
static bool token_sid(TOKEN_INFORMATION_CLASS which, char sid[CONFIG_SID_TEXT], platform_failure *failure)
{
    union {
        TOKEN_OWNER owner;
        TOKEN_USER user;
        BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } info;
    HANDLE token = NULL;
    DWORD size;
    sid[0] = 0;
    bool ok = OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
              GetTokenInformation(token, which, &info, sizeof info, &size);
    if (ok)
        win32_sid_text(which == TokenOwner ? info.owner.Owner : info.user.User.Sid, sid);
    else
        win32_fail(failure, GetLastError(), "cannot find out which account this process runs as");
    if (token)
        CloseHandle(token);
    return ok;
}

bool platform_owner_sid(char sid[CONFIG_SID_TEXT], platform_failure *failure)
{
    return token_sid(TokenOwner, sid, failure);
}

bool platform_user_sid(char sid[CONFIG_SID_TEXT], platform_failure *failure)
{
    return token_sid(TokenUser, sid, failure);
}

/* "NT SERVICE\ALL SERVICES" is known wherever services have accounts. */
bool platform_has_service_accounts(void)
{
    wchar_t name[64], domain[64];
    DWORD name_size = 64, domain_size = 64;
    SID_NAME_USE use;
    PSID all = NULL;
    bool known = ConvertStringSidToSidW(L"S-1-5-80-0", &all) &&
                 LookupAccountSidW(NULL, all, name, &name_size, domain, &domain_size, &use);
    LocalFree(all);
    return known;
}

bool platform_service_sid(const char *service, char sid[CONFIG_SID_TEXT], platform_failure *failure)
{
    sid[0] = 0;
    if (service_sid_text(service, sid, CONFIG_SID_TEXT))
        return true;
    return win32_fail(failure, GetLastError(), "cannot compute the SID of NT SERVICE\\%s", service);
}

bool platform_account_is_gone(const char *sid_text)
{
    wchar_t name[256], domain[256];
    DWORD name_size = 256, domain_size = 256;
    SID_NAME_USE use;
    PSID sid = NULL;
    wchar_t *wide = win32_wide(sid_text);
    bool gone = wide && ConvertStringSidToSidW(wide, &sid) &&
                !LookupAccountSidW(NULL, sid, name, &name_size, domain, &domain_size, &use) &&
                GetLastError() == ERROR_NONE_MAPPED;
    LocalFree(sid);
    free(wide);
    return gone;
}

/* ---- The configuration's questions ------------------------------------------------------------- */

static bool resolve_service(void *context, const char *service, char sid[CONFIG_SID_TEXT], char *why,
                            size_t why_size)
{
    (void)context;
    platform_failure failure;
    if (platform_service_sid(service, sid, &failure))
        return true;
    snprintf(why, why_size, "%s", failure.text);
    return false;
}

/* ".\name" means this machine's account. */
static wchar_t *full_account_name(const char *account)
{
    wchar_t computer[MAX_COMPUTERNAME_LENGTH + 1];
    DWORD size = MAX_COMPUTERNAME_LENGTH + 1;
    if (strncmp(account, ".\\", 2) != 0 || !GetComputerNameW(computer, &size))
        return win32_wide(account);
    char *name = win32_utf8(computer), *full = name ? text_make("%s\\%s", name, account + 2) : NULL;
    wchar_t *wide = full ? win32_wide(full) : NULL;
    free(full);
    free(name);
    return wide;
}

static bool is_principal(SID_NAME_USE use)
{
    return use == SidTypeUser || use == SidTypeGroup || use == SidTypeAlias || use == SidTypeWellKnownGroup;
}

static bool resolve_account(void *context, const char *account, char sid_text[CONFIG_SID_TEXT], char *why,
                            size_t why_size)
{
    (void)context;
    platform_failure failure = {0};
    union {
        SID sid;
        BYTE bytes[SECURITY_MAX_SID_SIZE];
    } sid;
    wchar_t domain[256];
    DWORD sid_size = sizeof sid, domain_size = 256;
    SID_NAME_USE use = SidTypeUnknown;
    sid_text[0] = 0;
    wchar_t *name = full_account_name(account);
    bool found = name && LookupAccountNameW(NULL, name, &sid, &sid_size, domain, &domain_size, &use);
    if (!found)
        win32_fail(&failure, name ? GetLastError() : ERROR_OUTOFMEMORY, "LookupAccountName");
    else if (!is_principal(use))
        win32_fail(&failure, 0, "it is the name of a computer or domain, not of an account or group");
    free(name);
    if (failure.text[0]) {
        snprintf(why, why_size, "%s", failure.text);
        return false;
    }
    win32_sid_text(&sid, sid_text);
    return true;
}

static bool check_sddl(void *context, const char *sddl, char *why, size_t why_size)
{
    (void)context;
    platform_failure failure = {0};
    char *section, *file;
    const access_identity anybody = {"S-1-5-18", "S-1-5-18"}; /* the entries are checked, whoever owns them */
    bool valid = descriptor_complete(sddl, &anybody, &section, &file, &failure);
    free(section);
    free(file);
    if (!valid)
        snprintf(why, why_size, "%s", failure.text);
    return valid;
}

const config_resolver *platform_resolver(void)
{
    static const config_resolver resolver = {NULL, resolve_service, resolve_account, check_sddl};
    return &resolver;
}
