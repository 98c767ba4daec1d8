/* Another account. See account.h. */
#include "account.h"

#include "service_sid_win32.h"

#include <aclapi.h>
#include <sddl.h>

#include <string.h>

static void undo_token(void *token)
{
    CloseHandle(token);
}

static void undo_impersonation(void *nothing)
{
    (void)nothing;
    RevertToSelf();
}

static void undo_local_memory(void *memory)
{
    LocalFree(memory);
}

static HANDLE own_token(DWORD access)
{
    HANDLE token;
    if (!OpenProcessToken(GetCurrentProcess(), access, &token))
        support_fail("cannot open this process's token: %s", support_error(GetLastError()));
    support_on_cleanup(undo_token, token);
    return token;
}

HANDLE account_ordinary(void)
{
    HANDLE restricted;
    BYTE administrators[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof administrators;
    if (!CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size))
        support_fail("cannot make the SID of Administrators: %s", support_error(GetLastError()));
    SID_AND_ATTRIBUTES disabled = {administrators, 0};
    if (!CreateRestrictedToken(own_token(TOKEN_ALL_ACCESS), 0, 1, &disabled, 0, NULL, 0, NULL, &restricted))
        support_fail("cannot make a restricted token: %s", support_error(GetLastError()));
    support_on_cleanup(undo_token, restricted);
    return restricted;
}

HANDLE account_without_privileges(void)
{
    HANDLE restricted;
    if (!CreateRestrictedToken(own_token(TOKEN_ALL_ACCESS), DISABLE_MAX_PRIVILEGE, 0, NULL, 0, NULL, 0, NULL,
                               &restricted))
        support_fail("cannot make a restricted token: %s", support_error(GetLastError()));
    support_on_cleanup(undo_token, restricted);
    return restricted;
}

void account_become(HANDLE token)
{
    if (!ImpersonateLoggedOnUser(token))
        support_fail("cannot impersonate: %s", support_error(GetLastError()));
    support_on_cleanup(undo_impersonation, NULL);
}

void account_return(void)
{
    RevertToSelf();
}

char *account_sid_text(void *sid)
{
    wchar_t *wide;
    if (!ConvertSidToStringSidW(sid, &wide))
        support_fail("cannot print a SID: %s", support_error(GetLastError()));
    support_on_cleanup(undo_local_memory, wide);
    return support_utf8(wide);
}

char *account_owner_of(void *descriptor)
{
    PSID owner = NULL;
    BOOL defaulted;
    if (!GetSecurityDescriptorOwner(descriptor, &owner, &defaulted) || !owner)
        support_fail("a descriptor has no owner: %s", support_error(GetLastError()));
    return account_sid_text(owner);
}

char *account_service_sid(const char *service)
{
    char sid[SERVICE_SID_TEXT_BYTES];
    if (!service_sid_text(service, sid, sizeof sid))
        support_fail("cannot compute the SID of NT SERVICE\\%s", service);
    return support_text("%s", sid);
}

/* The first member of TOKEN_USER and of TOKEN_OWNER alike points to the SID. */
static char *sid_of_token(TOKEN_INFORMATION_CLASS what)
{
    union {
        PSID sid;
        BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } info;
    DWORD size;
    if (!GetTokenInformation(own_token(TOKEN_QUERY), what, &info, sizeof info, &size))
        support_fail("cannot read this process's token: %s", support_error(GetLastError()));
    return account_sid_text(info.sid);
}

char *account_user_sid(void)
{
    return sid_of_token(TokenUser);
}

char *account_owner_sid(void)
{
    return sid_of_token(TokenOwner);
}

void *account_descriptor(const char *sddl)
{
    PSECURITY_DESCRIPTOR descriptor;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(support_wide(sddl), SDDL_REVISION_1,
                                                              &descriptor, NULL))
        support_fail("not SDDL: %s: %s", sddl, support_error(GetLastError()));
    support_on_cleanup(undo_local_memory, descriptor);
    return descriptor;
}

#define OWNER_AND_DACL (OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)

void *account_security_of(HANDLE object)
{
    PSECURITY_DESCRIPTOR descriptor;
    DWORD error =
        GetSecurityInfo(object, SE_KERNEL_OBJECT, OWNER_AND_DACL, NULL, NULL, NULL, NULL, &descriptor);
    if (error != ERROR_SUCCESS)
        support_fail("cannot read an object's security: %s", support_error(error));
    support_on_cleanup(undo_local_memory, descriptor);
    return descriptor;
}

void account_set_rights(const char *path, const char *sddl)
{
    PACL dacl;
    BOOL present, defaulted;
    if (!GetSecurityDescriptorDacl(account_descriptor(sddl), &present, &dacl, &defaulted))
        support_fail("cannot read %s: %s", sddl, support_error(GetLastError()));
    DWORD error = SetNamedSecurityInfoW(support_wide(path), SE_FILE_OBJECT,
                                        DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL,
                                        NULL, dacl, NULL);
    if (error != ERROR_SUCCESS)
        support_fail("cannot set the rights of %s: %s", path, support_error(error));
}

void *account_security_of_file(const char *path)
{
    PSECURITY_DESCRIPTOR descriptor;
    DWORD error = GetNamedSecurityInfoW(support_wide(path), SE_FILE_OBJECT, OWNER_AND_DACL, NULL, NULL, NULL,
                                        NULL, &descriptor);
    if (error != ERROR_SUCCESS)
        support_fail("cannot read the security of %s: %s", path, support_error(error));
    support_on_cleanup(undo_local_memory, descriptor);
    return descriptor;
}

static PACL dacl_of(PSECURITY_DESCRIPTOR descriptor)
{
    PACL dacl = NULL;
    SECURITY_DESCRIPTOR_CONTROL control;
    DWORD revision;
    BOOL present = FALSE, defaulted;
    if (!GetSecurityDescriptorControl(descriptor, &control, &revision) ||
        !GetSecurityDescriptorDacl(descriptor, &present, &dacl, &defaulted) || !present || !dacl)
        support_fail("a descriptor has no DACL, which lets everybody in");
    if (!(control & SE_DACL_PROTECTED))
        support_fail("a descriptor's DACL is not protected");
    return dacl;
}

unsigned account_count_entries(void *descriptor)
{
    return dacl_of(descriptor)->AceCount;
}

void account_assert_entry(void *descriptor, const char *sid, DWORD mask)
{
    PACL dacl = dacl_of(descriptor);
    unsigned found = 0;
    for (DWORD i = 0; i < dacl->AceCount; i++) {
        void *entry;
        if (!GetAce(dacl, i, &entry))
            support_fail("cannot read a DACL: %s", support_error(GetLastError()));
        ACCESS_ALLOWED_ACE *ace = entry;
        if (ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE)
            support_fail("a DACL has an entry of type %u", ace->Header.AceType);
        if (strcmp(account_sid_text(&ace->SidStart), sid) != 0)
            continue;
        found++;
        if (ace->Mask != mask || ace->Header.AceFlags != 0)
            support_fail(
                "the entry for %s has the rights 0x%lx and the flags 0x%x; 0x%lx and none were expected", sid,
                ace->Mask, ace->Header.AceFlags, mask);
    }
    if (found != 1)
        support_fail("a DACL has %u entries for %s; one was expected", found, sid);
}

bool account_may_give_away(void)
{
    TOKEN_PRIVILEGES restore = {.PrivilegeCount = 1, .Privileges[0].Attributes = SE_PRIVILEGE_ENABLED};
    return LookupPrivilegeValueW(NULL, SE_RESTORE_NAME, &restore.Privileges[0].Luid) &&
           AdjustTokenPrivileges(own_token(TOKEN_ADJUST_PRIVILEGES), FALSE, &restore, 0, NULL, NULL) &&
           GetLastError() == ERROR_SUCCESS;
}

bool account_is_administrator(void)
{
    BYTE administrators[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof administrators;
    BOOL member = FALSE;
    return CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size) &&
           CheckTokenMembership(NULL, administrators, &member) && member;
}
