/* Sections: made, or taken over from an earlier broker. See platform.h. */
#include "adopt_win32.h"
#include "backing_win32.h"
#include "support_win32.h"
#include "taken_win32.h"

#include <stdlib.h>
#include <string.h>

/* A descriptor made of SDDL, kept because the regions of a file mostly have the same few. */
static struct {
    char *sddl;
    PSECURITY_DESCRIPTOR descriptor;
} last_descriptor;

static PSECURITY_DESCRIPTOR descriptor_of(const char *sddl, platform_failure *failure)
{
    if (last_descriptor.sddl && strcmp(last_descriptor.sddl, sddl) == 0)
        return last_descriptor.descriptor;
    PSECURITY_DESCRIPTOR descriptor = win32_descriptor(sddl, failure);
    char *copy = descriptor ? text_make("%s", sddl) : NULL;
    if (!copy) {
        LocalFree(descriptor);
        return NULL;
    }
    free(last_descriptor.sddl);
    LocalFree(last_descriptor.descriptor);
    last_descriptor.sddl = copy;
    last_descriptor.descriptor = descriptor;
    return descriptor;
}

static void fail_creation(const platform_section_request *request, DWORD error, platform_failure *failure)
{
    if (win32_name_is_taken(error))
        win32_fail_taken(failure, error, request->object_name,
                         error == ERROR_ACCESS_DENIED && !win32_may_create_global());
    else if (error == ERROR_COMMITMENT_LIMIT)
        win32_fail_advise(
            failure, error, "enlarge the paging file, end other programs, or back the region by a file",
            "cannot create %s of %llu bytes", request->object_name, (unsigned long long)request->size);
    else if (error == ERROR_PRIVILEGE_NOT_HELD && strstr(request->sddl, "S:(ML"))
        win32_fail_advise(
            failure, error,
            "an object's label may not be above the integrity of the process that makes it: lower "
            "`integrity`, or let the service, or an elevated console, serve the region",
            "cannot give %s its mandatory label", request->object_name);
    else
        win32_fail(failure, error, "cannot create %s of %llu bytes", request->object_name,
                   (unsigned long long)request->size);
}

/* Creates the section, of `file` or of the paging file, or takes over that of an earlier broker. NULL with
   `failure` set, also when the name is another's. */
static HANDLE create_or_adopt(const platform_section_request *request, HANDLE file, bool *adopted,
                              platform_failure *failure)
{
    PSECURITY_DESCRIPTOR descriptor = descriptor_of(request->sddl, failure);
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    wchar_t *name = win32_wide(request->object_name);
    if (!descriptor || !name) {
        free(name);
        return NULL;
    }
    SetLastError(0); /* success reports an existing object through the last error too */
    HANDLE section = CreateFileMappingW(file, &security, PAGE_READWRITE, (DWORD)(request->size >> 32),
                                        (DWORD)(request->size & 0xFFFFFFFFu), name);
    DWORD error = GetLastError();
    if (section && error == ERROR_ALREADY_EXISTS) {
        CloseHandle(section);
        section = NULL;
    }
    if (!section && win32_name_is_taken(error)) {
        section = win32_adopt_section(name, descriptor, request->size, file);
        *adopted = section != NULL;
    }
    if (!section)
        fail_creation(request, error, failure);
    free(name);
    return section;
}

bool platform_section_create(const platform_section_request *request, platform_section **section,
                             bool *adopted, platform_failure *failure)
{
    HANDLE file = INVALID_HANDLE_VALUE;
    *section = NULL;
    *adopted = false;
    if (request->backing_path) {
        PSECURITY_DESCRIPTOR descriptor = win32_descriptor(request->file_sddl, failure);
        if (!descriptor)
            return false;
        file = win32_backing_open(request->backing_path, request->size, descriptor, failure);
        LocalFree(descriptor);
        if (file == INVALID_HANDLE_VALUE)
            return false;
    }
    HANDLE mapping = create_or_adopt(request, file, adopted, failure);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file); /* the section keeps the file open, and from being deleted or cut */
    *section = (platform_section *)mapping;
    return mapping != NULL;
}

void platform_section_close(platform_section *section)
{
    if (section)
        CloseHandle((HANDLE)section);
}
