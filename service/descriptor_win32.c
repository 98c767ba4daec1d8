/* Descriptors that a region declares itself (`sddl:`): checked, completed, and carried over to the file. */
#include "access.h"
#include "support_win32.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdlib.h>

/* The rights of one entry, for the entry types that have a mask right behind the header. */
static ACCESS_MASK *mask_of(ACE_HEADER *entry)
{
    switch (entry->AceType) {
    case ACCESS_ALLOWED_ACE_TYPE:
    case ACCESS_DENIED_ACE_TYPE:
        return &((ACCESS_ALLOWED_ACE *)(void *)entry)->Mask;
    default:
        return NULL;
    }
}

/* Turns the rights on a section into those on the file behind it, in place. */
static bool translate_entries(PACL dacl)
{
    for (DWORD i = 0; i < dacl->AceCount; i++) {
        void *entry;
        if (!GetAce(dacl, i, &entry))
            return false;
        ACCESS_MASK *mask = mask_of(entry);
        if (!mask)
            return false;
        *mask = access_file_mask(*mask);
    }
    return true;
}

/* Rights that name no kind of object are exact rights of a section: the kernel would map them so, the file's
   translation must see them. */
static bool map_generic_rights(PACL dacl)
{
    GENERIC_MAPPING mapping = {STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                               STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE,
                               STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE, SECTION_ALL_ACCESS};
    for (DWORD i = 0; i < dacl->AceCount; i++) {
        void *entry;
        if (!GetAce(dacl, i, &entry))
            return false;
        ACCESS_MASK *mask = mask_of(entry);
        if (!mask)
            return false;
        MapGenericMask(mask, &mapping);
    }
    return true;
}

static char *descriptor_text(PSECURITY_DESCRIPTOR descriptor)
{
    wchar_t *wide = NULL;
    char *sddl = NULL;
    if (ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor, SDDL_REVISION_1,
            OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &wide, NULL))
        sddl = win32_utf8(wide);
    LocalFree(wide);
    return sddl;
}

/* `dacl` with an entry in front that lets `sid` do all that `mask` says. The caller frees it with free. */
static PACL with_entry(PACL dacl, PSID sid, ACCESS_MASK mask)
{
    ACL_SIZE_INFORMATION size;
    void *first;
    if (!GetAclInformation(dacl, &size, sizeof size, AclSizeInformation))
        return NULL;
    DWORD bytes = size.AclBytesInUse + (DWORD)sizeof(ACCESS_ALLOWED_ACE) + GetLengthSid(sid);
    PACL longer = calloc(1, bytes);
    bool ok = longer && InitializeAcl(longer, bytes, ACL_REVISION) &&
              AddAccessAllowedAce(longer, ACL_REVISION, mask, sid);
    if (ok && dacl->AceCount > 0)
        ok = GetAce(dacl, 0, &first) &&
             AddAce(longer, ACL_REVISION, MAXDWORD, first, size.AclBytesInUse - (DWORD)sizeof(ACL));
    if (!ok) {
        free(longer);
        longer = NULL;
    }
    return longer;
}

/* The parts of a declared descriptor that are used: its DACL, with the broker in front; and owner and group. */
static bool complete(PACL dacl, PSID owner, PSID broker, access_object object, char **sddl)
{
    SECURITY_DESCRIPTOR descriptor;
    PACL whole = with_entry(dacl, broker, access_mask(object, ACCESS_BROKER));
    *sddl = NULL;
    if (whole && InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) &&
        SetSecurityDescriptorOwner(&descriptor, owner, FALSE) &&
        SetSecurityDescriptorGroup(&descriptor, owner, FALSE) &&
        SetSecurityDescriptorDacl(&descriptor, TRUE, whole, FALSE) &&
        SetSecurityDescriptorControl(&descriptor, SE_DACL_PROTECTED, SE_DACL_PROTECTED))
        *sddl = descriptor_text(&descriptor);
    free(whole);
    return *sddl != NULL;
}

/* The DACL of a declared descriptor, if it may be used. */
static bool usable_dacl(PSECURITY_DESCRIPTOR descriptor, PACL *dacl, platform_failure *failure)
{
    BOOL present = FALSE, defaulted;
    PSID owner = NULL;
    *dacl = NULL;
    if (!GetSecurityDescriptorDacl(descriptor, &present, dacl, &defaulted))
        return win32_fail(failure, GetLastError(), "cannot read its DACL");
    if (!present || !*dacl)
        return win32_fail(failure, 0,
                          "it has no DACL, which would let everyone do everything; give one, like "
                          "D:P(A;;0x20007;;;BA)(A;;0x20005;;;BU)");
    if (GetSecurityDescriptorOwner(descriptor, &owner, &defaulted) && owner)
        return win32_fail(failure, 0,
                          "it names an owner (O:); leave that out: the broker owns what it creates");
    if (!map_generic_rights(*dacl))
        return win32_fail(failure, 0,
                          "it has an entry that is neither plain allow nor plain deny; use (A;…) and "
                          "(D;…) entries");
    return true;
}

/* The rights of an entry on a section; what has no word of its own is shown as a number. */
static void append_rights(text *words, ACCESS_MASK mask)
{
    static const struct {
        ACCESS_MASK bits;
        const char *word;
    } rights[] = {{SECTION_MAP_READ, "read"}, {SECTION_MAP_WRITE, "write"}, {SECTION_MAP_EXECUTE, "execute"},
                  {DELETE, "delete"},         {WRITE_DAC, "change rights"}, {WRITE_OWNER, "take ownership"}};
    const char *separator = "";
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        if (!(mask & rights[i].bits))
            continue;
        text_append(words, "%s%s", separator, rights[i].word);
        separator = ", ";
    }
    text_append(words, "%s0x%lx", *separator ? " = " : "", mask);
}

char *platform_sddl_words(const char *sddl)
{
    text words = {0};
    platform_failure ignored;
    PACL dacl = NULL;
    BOOL present, defaulted;
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(sddl, &ignored);
    if (!descriptor || !GetSecurityDescriptorDacl(descriptor, &present, &dacl, &defaulted) || !dacl)
        words.failed = true;
    for (DWORD i = 0; !words.failed && i < dacl->AceCount; i++) {
        void *entry;
        char account[600];
        if (!GetAce(dacl, i, &entry) || !mask_of(entry))
            continue;
        ACCESS_ALLOWED_ACE *plain = entry; /* a deny entry has the same shape */
        win32_account_text(&plain->SidStart, account, sizeof account);
        text_append(&words, "%s%s ", words.length ? "\n" : "",
                    plain->Header.AceType == ACCESS_DENIED_ACE_TYPE ? "deny" : "allow");
        append_rights(&words, plain->Mask);
        text_append(&words, " to %s", account);
    }
    LocalFree(descriptor);
    return text_take(&words);
}

static PSID sid_of(const char *sid_text)
{
    PSID sid = NULL;
    wchar_t *wide = win32_wide(sid_text);
    if (wide && !ConvertStringSidToSidW(wide, &sid))
        sid = NULL;
    free(wide);
    return sid;
}

bool platform_sddl_complete(const char *sddl, const access_identity *identity, char **section_sddl,
                            char **file_sddl, platform_failure *failure)
{
    PACL dacl = NULL;
    bool ok = false;
    *section_sddl = *file_sddl = NULL;
    PSID owner = sid_of(identity->owner_sid), broker = sid_of(identity->broker_sid);
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(sddl, failure);
    if (!descriptor || !usable_dacl(descriptor, &dacl, failure))
        goto cleanup;
    ok = owner && broker && complete(dacl, owner, broker, ACCESS_SECTION, section_sddl) &&
         translate_entries(dacl) && complete(dacl, owner, broker, ACCESS_FILE, file_sddl);
    if (!ok)
        win32_fail(failure, GetLastError(), "cannot complete the security descriptor \"%s\"", sddl);
cleanup:
    if (!ok) {
        free(*section_sddl);
        free(*file_sddl);
        *section_sddl = *file_sddl = NULL;
    }
    LocalFree(broker);
    LocalFree(owner);
    LocalFree(descriptor);
    return ok;
}
