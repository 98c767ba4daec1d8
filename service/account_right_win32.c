/* Rights of accounts. See account_right_win32.h. */
#include "account_right_win32.h"

#include <ntsecapi.h>
#include <sddl.h>
#include <stdlib.h>
#include <wchar.h>

#define ABSENT ((NTSTATUS)0xC0000034L) /* STATUS_OBJECT_NAME_NOT_FOUND: the account has no rights at all */

/* Needs an administrator. */
static NTSTATUS change(PSID sid, const wchar_t *privilege, bool grant)
{
    LSA_OBJECT_ATTRIBUTES none = {.Length = sizeof none};
    LSA_HANDLE policy = NULL;
    wchar_t name[64];
    USHORT bytes = (USHORT)(wcslen(privilege) * sizeof *privilege);
    if (bytes >= sizeof name)
        return ABSENT;
    wmemcpy(name, privilege, wcslen(privilege) + 1);
    LSA_UNICODE_STRING right = {bytes, (USHORT)(bytes + sizeof *name), name};
    NTSTATUS status = LsaOpenPolicy(NULL, &none, POLICY_CREATE_ACCOUNT | POLICY_LOOKUP_NAMES, &policy);
    if (status < 0)
        return status;
    status = grant ? LsaAddAccountRights(policy, sid, &right, 1)
                   : LsaRemoveAccountRights(policy, sid, FALSE, &right, 1);
    LsaClose(policy);
    return status;
}

static bool change_right(const char *sid, const wchar_t *privilege, bool grant, platform_failure *failure)
{
    PSID converted = NULL;
    wchar_t *wide = win32_wide(sid);
    DWORD error = ERROR_OUTOFMEMORY;
    if (wide && ConvertStringSidToSidW(wide, &converted)) {
        NTSTATUS status = change(converted, privilege, grant);
        error = status >= 0 || (!grant && status == ABSENT) ? ERROR_SUCCESS : LsaNtStatusToWinError(status);
    } else if (wide) {
        error = GetLastError();
    }
    LocalFree(converted);
    free(wide);
    return error == ERROR_SUCCESS || win32_fail(failure, error, "cannot %s the account %s the right %ls",
                                                grant ? "give" : "take from", sid, privilege);
}

bool win32_right_grant(const char *sid, const wchar_t *privilege, platform_failure *failure)
{
    return change_right(sid, privilege, true, failure);
}

bool win32_right_revoke(const char *sid, const wchar_t *privilege, platform_failure *failure)
{
    return change_right(sid, privilege, false, failure);
}
