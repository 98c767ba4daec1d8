/*
 * Other rights for sections that exist, and for the files behind them. See platform_section_secure in platform.h.
 *
 * DACL and label change in one call, so that no instant has the one without the other.
 */
#include "adopt_win32.h"
#include "backing_win32.h"
#include "descriptor_win32.h"
#include "private_namespace_win32.h"
#include "support_win32.h"

#include <aclapi.h>
#include <stdlib.h>
#include <string.h>

/* Access for changing what is declared. The broker's own entry, the first of each of its descriptors, grants it. */
static HANDLE open_for_change(const wchar_t *name, bool label)
{
    return OpenFileMappingW(READ_CONTROL | WRITE_DAC | (label ? WRITE_OWNER : 0u), FALSE, name);
}

/* A SACL of the object's label; NULL in `sacl` takes a label away. */
static bool set_both(HANDLE section, PACL dacl, PACL sacl, bool label, DWORD *error)
{
    ACL none;
    SECURITY_INFORMATION what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    if (label)
        what |= LABEL_SECURITY_INFORMATION;
    if (label && !sacl && InitializeAcl(&none, sizeof none, ACL_REVISION))
        sacl = &none;
    *error = SetSecurityInfo(section, SE_KERNEL_OBJECT, what, NULL, NULL, dacl, sacl);
    return *error == ERROR_SUCCESS;
}

static bool has_label(HANDLE section)
{
    access_label label;
    return win32_label_of_object(section, &label) && label.present;
}

bool win32_secure_object(HANDLE object, PSECURITY_DESCRIPTOR descriptor, DWORD *error)
{
    PACL dacl = NULL, sacl = NULL;
    BOOL present = FALSE, labelled = FALSE, defaulted;
    *error = ERROR_SUCCESS;
    bool ok = GetSecurityDescriptorDacl(descriptor, &present, &dacl, &defaulted) && present &&
              GetSecurityDescriptorSacl(descriptor, &labelled, &sacl, &defaulted);
    if (!ok)
        *error = GetLastError();
    return ok && set_both(object, dacl, labelled ? sacl : NULL, labelled || has_label(object), error);
}

static bool secure_section(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, const char *shown,
                           platform_failure *failure)
{
    HANDLE section = open_for_change(name, true);
    DWORD error = section ? ERROR_SUCCESS : GetLastError();
    bool ok = section && win32_secure_object(section, descriptor, &error);
    if (section)
        CloseHandle(section);
    return ok ||
           win32_fail_advise(failure, error,
                             "it keeps the rights that it has; correct what hinders it, and reload again",
                             "cannot change the rights of %s", shown);
}

/* Opening the backing file gives it its descriptor. */
static bool secure_file(const platform_section_request *request, HANDLE own, platform_failure *failure)
{
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(request->file_sddl, failure);
    HANDLE file = descriptor ? win32_backing_open(request, descriptor, own, failure) : INVALID_HANDLE_VALUE;
    LocalFree(descriptor);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(file);
    return true;
}

/* By its name, which is its own while it is held: its handle may have been opened for less. */
bool platform_section_secure(const platform_section *section, const platform_section_request *request,
                             platform_failure *failure)
{
    if (request->boundary && !win32_private_enter(request->object_name, request->boundary, failure))
        return false;
    if (request->backing_path && !secure_file(request, (HANDLE)(uintptr_t)section, failure))
        return false;
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(request->sddl, failure);
    wchar_t *name = descriptor ? win32_wide(request->object_name) : NULL;
    bool ok = name && secure_section(name, descriptor, request->object_name, failure);
    if (descriptor && !name)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot change the rights of %s", request->object_name);
    free(name);
    LocalFree(descriptor);
    return ok;
}
