/* Private namespaces; see private_win32.h. */
#include "private_win32.h"

#include <sddl.h>

typedef HANDLE(WINAPI *make_boundary_function)(LPCWSTR, ULONG);
typedef BOOL(WINAPI *add_sid_function)(HANDLE *, PSID);
typedef VOID(WINAPI *free_boundary_function)(HANDLE);
typedef HANDLE(WINAPI *make_space_function)(LPSECURITY_ATTRIBUTES, LPVOID, LPCWSTR);
typedef HANDLE(WINAPI *open_space_function)(LPVOID, LPCWSTR);
typedef BOOLEAN(WINAPI *close_space_function)(HANDLE, ULONG);
typedef void (*any_function)(void); /* what compilers let one convert to any other */

/* NULL, with the last error, where the system has no such function. */
static any_function system_function(const char *name)
{
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    any_function function = kernel != NULL ? (any_function)GetProcAddress(kernel, name) : NULL;
    if (function == NULL)
        SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return function;
}

static bool add_sids(HANDLE *made, const shmb_boundary *boundary)
{
    add_sid_function add = (add_sid_function)system_function("AddSIDToBoundaryDescriptor");
    bool ok = add != NULL;
    for (uint32_t i = 0; ok && i < boundary->count; i++) {
        PSID sid = NULL;
        ok = ConvertStringSidToSidA(boundary->sids[i], &sid) && add(made, sid);
        DWORD error = GetLastError();
        LocalFree(sid);
        SetLastError(error);
    }
    return ok;
}

HANDLE shmb_boundary_make(const wchar_t *name, const shmb_boundary *boundary)
{
    make_boundary_function make = (make_boundary_function)system_function("CreateBoundaryDescriptorW");
    if (make == NULL)
        return NULL;
    SetLastError(ERROR_CALL_NOT_IMPLEMENTED); /* for a system that has the function and does nothing in it */
    HANDLE made = make(name, 0);
    if (made != NULL && !add_sids(&made, boundary)) {
        DWORD error = GetLastError();
        shmb_boundary_free(made);
        made = NULL;
        SetLastError(error);
    }
    return made;
}

void shmb_boundary_free(HANDLE boundary)
{
    free_boundary_function release = (free_boundary_function)system_function("DeleteBoundaryDescriptor");
    if (boundary != NULL && release != NULL)
        release(boundary);
}

HANDLE shmb_private_make(HANDLE boundary, SECURITY_ATTRIBUTES *security, const wchar_t *alias)
{
    make_space_function make = (make_space_function)system_function("CreatePrivateNamespaceW");
    return make != NULL ? make(security, boundary, alias) : NULL;
}

HANDLE shmb_private_open(HANDLE boundary, const wchar_t *alias)
{
    open_space_function open = (open_space_function)system_function("OpenPrivateNamespaceW");
    return open != NULL ? open(boundary, alias) : NULL;
}

void shmb_private_close(HANDLE space)
{
    close_space_function close = (close_space_function)system_function("ClosePrivateNamespace");
    if (space != NULL && close != NULL)
        close(space, 0); /* without PRIVATE_NAMESPACE_FLAG_DESTROY: others may still need it */
}
