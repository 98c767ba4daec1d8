/* Descriptors read from SDDL and from objects, entry for entry. See platform.h and descriptor_win32.h. */
#include "descriptor_win32.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#define MANDATORY_LABEL_ACE 0x11 /* SYSTEM_MANDATORY_LABEL_ACE_TYPE */

/* Room for the text of each SID, one behind the other. */
static bool make_room(access_descriptor *descriptor, size_t entries)
{
    descriptor->entries = calloc(entries + 1, sizeof *descriptor->entries);
    descriptor->texts = calloc(entries + 1, CONFIG_SID_TEXT);
    return descriptor->entries && descriptor->texts;
}

static bool read_entry(PACL dacl, DWORD index, access_descriptor *descriptor, platform_failure *failure)
{
    void *found;
    if (!GetAce(dacl, index, &found))
        return win32_fail(failure, GetLastError(), "cannot read entry %lu of its DACL", index + 1);
    const ACCESS_ALLOWED_ACE *entry = found; /* a deny entry has the same shape */
    if (entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE && entry->Header.AceType != ACCESS_DENIED_ACE_TYPE)
        return win32_fail(failure, 0,
                          "entry %lu of its DACL is neither plain allow nor plain deny; use (A;…) and (D;…) "
                          "entries",
                          index + 1);
    char *sid = descriptor->texts + (descriptor->count + 1) * CONFIG_SID_TEXT;
    win32_sid_text((PSID)(uintptr_t)&entry->SidStart, sid);
    descriptor->entries[descriptor->count++] =
        (access_entry){.denies = entry->Header.AceType == ACCESS_DENIED_ACE_TYPE,
                       .inherit_only = (entry->Header.AceFlags & INHERIT_ONLY_ACE) != 0,
                       .mask = entry->Mask,
                       .sid = sid};
    return true;
}

static bool read_dacl(PSECURITY_DESCRIPTOR from, access_descriptor *descriptor, platform_failure *failure)
{
    PACL dacl = NULL;
    BOOL present = FALSE, defaulted;
    if (!GetSecurityDescriptorDacl(from, &present, &dacl, &defaulted))
        return win32_fail(failure, GetLastError(), "cannot read its DACL");
    descriptor->null_dacl = !present || !dacl;
    if (!make_room(descriptor, descriptor->null_dacl ? 0 : dacl->AceCount))
        return win32_fail(failure, ERROR_OUTOFMEMORY, "cannot read its DACL");
    for (DWORD i = 0; !descriptor->null_dacl && i < dacl->AceCount; i++)
        if (!read_entry(dacl, i, descriptor, failure))
            return false;
    return true;
}

static bool read_owner(PSECURITY_DESCRIPTOR from, access_descriptor *descriptor, platform_failure *failure)
{
    PSID owner = NULL;
    BOOL defaulted;
    if (!GetSecurityDescriptorOwner(from, &owner, &defaulted))
        return win32_fail(failure, GetLastError(), "cannot read its owner");
    if (owner) {
        win32_sid_text(owner, descriptor->texts);
        descriptor->owner = descriptor->texts;
    }
    return true;
}

/* The label that stands in an entry of a SACL. */
static bool read_label_entry(const SYSTEM_MANDATORY_LABEL_ACE *entry, access_label *label,
                             platform_failure *failure)
{
    PSID sid = (PSID)(uintptr_t)&entry->SidStart;
    if (entry->Header.AceType != MANDATORY_LABEL_ACE)
        return win32_fail(failure, 0,
                          "its SACL has an entry that is not a mandatory label; auditing is the machine's "
                          "policy, not a region's: leave out all of S: but (ML;;NW;;;LW), ME or HI");
    if (label->present)
        return win32_fail(failure, 0, "it has two mandatory labels; leave one");
    if (*GetSidSubAuthorityCount(sid) != 1)
        return win32_fail(failure, 0, "its mandatory label has no integrity level; use LW, ME or HI");
    *label = (access_label){.present = true, .level = *GetSidSubAuthority(sid, 0), .policy = entry->Mask};
    return true;
}

bool win32_label_of(PSECURITY_DESCRIPTOR from, access_label *label, platform_failure *failure)
{
    PACL sacl = NULL;
    BOOL present = FALSE, defaulted;
    *label = (access_label){0};
    if (!GetSecurityDescriptorSacl(from, &present, &sacl, &defaulted))
        return win32_fail(failure, GetLastError(), "cannot read its SACL");
    for (DWORD i = 0; present && sacl && i < sacl->AceCount; i++) {
        void *entry;
        if (!GetAce(sacl, i, &entry))
            return win32_fail(failure, GetLastError(), "cannot read entry %lu of its SACL", i + 1);
        if (!read_label_entry(entry, label, failure))
            return false;
    }
    return true;
}

bool win32_descriptor_read(PSECURITY_DESCRIPTOR from, access_descriptor *descriptor,
                           platform_failure *failure)
{
    memset(descriptor, 0, sizeof *descriptor);
    if (read_dacl(from, descriptor, failure) && read_owner(from, descriptor, failure) &&
        win32_label_of(from, &descriptor->label, failure))
        return true;
    access_descriptor_free(descriptor);
    return false;
}

bool platform_sddl_read(const char *sddl, access_descriptor *descriptor, platform_failure *failure)
{
    memset(descriptor, 0, sizeof *descriptor);
    PSECURITY_DESCRIPTOR parsed = win32_descriptor(sddl, failure);
    bool ok = parsed && win32_descriptor_read(parsed, descriptor, failure);
    LocalFree(parsed);
    return ok;
}

void platform_account_text(const char *sid_text, char account[PLATFORM_ACCOUNT])
{
    PSID sid = NULL;
    wchar_t *wide = win32_wide(sid_text);
    if (wide && ConvertStringSidToSidW(wide, &sid))
        win32_account_text(sid, account, PLATFORM_ACCOUNT);
    else
        snprintf(account, PLATFORM_ACCOUNT, "%s", sid_text);
    LocalFree(sid);
    free(wide);
}

/* ---- Labels of objects */

/* What the kernel goes by when there is no label. */
static access_label effective(access_label label)
{
    return label.present ? label : (access_label){true, ACCESS_LEVEL_MEDIUM, ACCESS_NO_WRITE_UP};
}

static DWORD object_label(HANDLE object, access_label *label)
{
    PSECURITY_DESCRIPTOR found = NULL;
    platform_failure why;
    *label = (access_label){0};
    DWORD error =
        GetSecurityInfo(object, SE_KERNEL_OBJECT, LABEL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL, &found);
    if (error == ERROR_SUCCESS && !win32_label_of(found, label, &why))
        error = ERROR_INVALID_ACL;
    LocalFree(found);
    return error;
}

/* Whether labels can be read back at all: Wine takes them and forgets them. Tried once, on an event. */
static bool labels_are_shown(void)
{
    static int shown = -1;
    if (shown >= 0)
        return shown == 1;
    platform_failure ignored;
    access_label label = {0};
    PSECURITY_DESCRIPTOR low = win32_descriptor("D:P(A;;0x1f0003;;;WD)S:(ML;;NW;;;LW)", &ignored);
    SECURITY_ATTRIBUTES security = {sizeof security, low, FALSE};
    HANDLE event = low ? CreateEventW(&security, TRUE, FALSE, NULL) : NULL;
    shown = event && object_label(event, &label) == ERROR_SUCCESS && label.present &&
            label.level == ACCESS_LEVEL_LOW;
    if (event)
        CloseHandle(event);
    LocalFree(low);
    return shown == 1;
}

bool win32_label_of_object(HANDLE object, access_label *label)
{
    *label = (access_label){0};
    return labels_are_shown() && object_label(object, label) == ERROR_SUCCESS;
}

DWORD win32_compare_label(HANDLE object, PSECURITY_DESCRIPTOR descriptor, bool *same)
{
    access_label wanted, found;
    platform_failure ignored;
    *same = false;
    if (!win32_label_of(descriptor, &wanted, &ignored))
        return ERROR_SUCCESS;
    if (!labels_are_shown()) {
        *same = true;
        return ERROR_SUCCESS;
    }
    DWORD error = object_label(object, &found);
    wanted = effective(wanted);
    found = effective(found);
    *same = error == ERROR_SUCCESS && wanted.level == found.level && wanted.policy == found.policy;
    return error;
}

bool win32_is_labelled_as(HANDLE object, PSECURITY_DESCRIPTOR descriptor)
{
    bool same;
    return win32_compare_label(object, descriptor, &same) == ERROR_SUCCESS && same;
}
