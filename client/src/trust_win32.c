/* Whose catalog a client believes; see trust_win32.h. */
#include "trust_win32.h"

#include "request.h"
#include "service_sid_win32.h"
#include "text_win32.h"

#include <windows.h>
#include <sddl.h>

#include <stdbool.h>
#include <stdio.h>

/* A SID of 15 subauthorities has 68 bytes; a descriptor with an owner alone and a token's user are little
   more. */
typedef union sid_buffer {
    TOKEN_USER user;
    TOKEN_OWNER owner;
    SECURITY_DESCRIPTOR_RELATIVE descriptor;
    unsigned char bytes[256]; // cppcheck-suppress unusedStructMember ; it gives the union its size
} sid_buffer;

static bool is_own_user(HANDLE token, PSID sid)
{
    sid_buffer buffer;
    DWORD size;
    if (GetTokenInformation(token, TokenUser, &buffer, sizeof buffer, &size) &&
        EqualSid(sid, buffer.user.User.Sid))
        return true;
    return GetTokenInformation(token, TokenOwner, &buffer, sizeof buffer, &size) &&
           EqualSid(sid, buffer.owner.Owner);
}

/* The process's own account: what a thread impersonates at the moment is not the program's to trust. */
static bool is_own_account(PSID sid)
{
    HANDLE token = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool own = is_own_user(token, sid);
    CloseHandle(token);
    return own;
}

static bool is_service(PSID sid, const char *instance)
{
    char service[sizeof "ShmBroker$" + SHMB_INSTANCE_MAX];
    char text[SERVICE_SID_TEXT_BYTES];
    PSID wanted = NULL;
    snprintf(service, sizeof service, "ShmBroker%s%s", instance[0] != '\0' ? "$" : "", instance);
    if (!service_sid_text(service, text, sizeof text) || !ConvertStringSidToSidA(text, &wanted))
        return false;
    bool same = EqualSid(sid, wanted);
    LocalFree(wanted);
    return same;
}

static bool is_trusted(PSID owner, const char *instance)
{
    return IsWellKnownSid(owner, WinLocalSystemSid) || IsWellKnownSid(owner, WinBuiltinAdministratorsSid) ||
           is_service(owner, instance) || is_own_account(owner);
}

static shmb_status refuse_owner(PSID owner, const char *object_name, shmb_message *message)
{
    char *sid = NULL;
    bool converted = owner != NULL && ConvertSidToStringSidA(owner, &sid);
    shmb_message_set(
        message,
        "the catalog %s belongs to %s, which is neither the broker's service account, SYSTEM, "
        "Administrators nor your own account: another program holds the broker's name; find and stop it",
        object_name, converted ? sid : "an account that cannot be told");
    if (converted)
        LocalFree(sid);
    return SHMB_UNTRUSTED;
}

shmb_status shmb_check_owner(void *section, const char *instance, const char *object_name,
                             shmb_message *message)
{
    sid_buffer buffer;
    PSECURITY_DESCRIPTOR descriptor = &buffer.descriptor;
    PSID owner = NULL;
    BOOL defaulted = FALSE;
    DWORD needed = 0;
    if (!GetKernelObjectSecurity(section, OWNER_SECURITY_INFORMATION, descriptor, sizeof buffer, &needed) ||
        !GetSecurityDescriptorOwner(descriptor, &owner, &defaulted)) {
        char text[SHMB_ERROR_TEXT_BYTES];
        shmb_message_set(message, "the owner of the catalog %s cannot be read: %s", object_name,
                         shmb_error_text(GetLastError(), text));
        return SHMB_SYSTEM_ERROR;
    }
    if (owner != NULL && is_trusted(owner, instance))
        return SHMB_OK;
    return refuse_owner(owner, object_name, message);
}
