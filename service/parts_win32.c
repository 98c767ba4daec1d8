/* Parts: the objects beside a region. See platform.h. */
#include "parts_win32.h"

#include "adopt_win32.h"
#include "private_namespace_win32.h"
#include "taken_win32.h"

#include <stdlib.h>

/* One part that is being made. */
typedef struct making {
    const platform_part_request *request;
    PSECURITY_DESCRIPTOR descriptor;
    wchar_t *name;
} making;

HANDLE win32_part_create(shmb_part_object object, const wchar_t *name, PSECURITY_DESCRIPTOR descriptor)
{
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, TRUE};
    HANDLE made = NULL;
    SetLastError(0); /* success reports an existing object through the last error too */
    switch (object) {
    case SHMB_PART_SECTION:
        made = CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, SHMB_PART_BYTES, name);
        break;
    case SHMB_PART_MUTEX:
        made = CreateMutexW(&security, FALSE, name);
        break;
    case SHMB_PART_EVENT:
    case SHMB_PART_BELL:
        made = CreateEventW(&security, object == SHMB_PART_BELL, FALSE, name);
        break;
    }
    if (made && GetLastError() == ERROR_ALREADY_EXISTS) {
        CloseHandle(made);
        made = NULL;
        SetLastError(ERROR_ALREADY_EXISTS);
    }
    return made;
}

HANDLE win32_part_open(shmb_part_object object, const wchar_t *name, DWORD access, bool inheritable)
{
    switch (object) {
    case SHMB_PART_SECTION:
        return OpenFileMappingW(access, inheritable, name);
    case SHMB_PART_MUTEX:
        return OpenMutexW(access, inheritable, name);
    default:
        return OpenEventW(access, inheritable, name);
    }
}

/* What an earlier broker left, with the rights that are declared now. NULL when it left none, or it cannot be had. */
static HANDLE take_over(const making *m)
{
    DWORD error;
    HANDLE found = win32_part_open(m->request->object, m->name, READ_CONTROL | WRITE_DAC | WRITE_OWNER, true);
    if (found && win32_is_of_same_broker(found, m->descriptor) &&
        (win32_is_secured_as(found, m->descriptor) || win32_secure_object(found, m->descriptor, &error)))
        return found;
    if (found)
        CloseHandle(found);
    return NULL;
}

/* Whether it is one of an earlier declaration that has the name, which programs have not let go of. */
static bool fail_superseded(const making *m, DWORD error, platform_failure *failure)
{
    HANDLE found = win32_part_open(m->request->object, m->name, READ_CONTROL, false);
    bool is = found && win32_is_of_same_broker(found, m->descriptor);
    if (is)
        win32_fail_advise(
            failure, error,
            "the region is made as soon as the last of them is closed: let these programs detach, or end "
            "them",
            "programs still have %s open, which is of the region as it was before", m->request->object_name);
    if (found)
        CloseHandle(found);
    return is;
}

static HANDLE make(const making *m, bool *superseded, platform_failure *failure)
{
    HANDLE part = m->request->goes_on ? take_over(m) : NULL;
    if (part)
        return part;
    part = win32_part_create(m->request->object, m->name, m->descriptor);
    DWORD error = GetLastError();
    if (part)
        return part;
    *superseded = win32_name_is_taken(error) && fail_superseded(m, error, failure);
    if (*superseded)
        return NULL;
    if (win32_name_is_taken(error))
        win32_fail_taken(failure, error, m->request->object_name,
                         error == ERROR_ACCESS_DENIED && !win32_may_create_global());
    else
        win32_fail_advise(failure, error, "end other programs, or declare fewer regions", "cannot create %s",
                          m->request->object_name);
    return NULL;
}

/* What both calls begin with. False with `failure` set. */
static bool begin(making *m, const platform_part_request *request, platform_failure *failure)
{
    *m = (making){.request = request};
    if (request->boundary && !win32_private_enter(request->object_name, request->boundary, failure))
        return false;
    m->descriptor = win32_descriptor(request->sddl, failure);
    if (!m->descriptor)
        return false;
    m->name = win32_wide(request->object_name);
    return m->name || win32_fail(failure, ERROR_OUTOFMEMORY, "cannot create %s", request->object_name);
}

static void end(making *m)
{
    free(m->name);
    LocalFree(m->descriptor);
}

bool platform_part_create(const platform_part_request *request, platform_section **part, bool *superseded,
                          platform_failure *failure)
{
    making m;
    *part = NULL;
    *superseded = false;
    if (begin(&m, request, failure))
        *part = (platform_section *)make(&m, superseded, failure);
    end(&m);
    return *part != NULL;
}

bool platform_part_secure(const platform_part_request *request, platform_failure *failure)
{
    making m;
    DWORD error = ERROR_SUCCESS;
    bool ok = begin(&m, request, failure);
    if (ok) {
        HANDLE part = win32_part_open(request->object, m.name, READ_CONTROL | WRITE_DAC | WRITE_OWNER, false);
        ok = part && win32_secure_object(part, m.descriptor, &error);
        if (!part)
            error = GetLastError();
        if (!ok)
            win32_fail_advise(failure, error,
                              "it keeps the rights that it has; correct what hinders it, and reload again",
                              "cannot change the rights of %s", request->object_name);
        if (part)
            CloseHandle(part);
    }
    end(&m);
    return ok;
}
