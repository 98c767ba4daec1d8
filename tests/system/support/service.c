/* Services that go away again. See service.h. */
#include "service.h"

#include <stdlib.h>

#define POLL_MS 20u

static SC_HANDLE open_manager(void)
{
    return OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
}

SC_HANDLE service_open(const char *name)
{
    SC_HANDLE manager = open_manager();
    if (!manager)
        support_fail("cannot reach the service manager: %s", support_error(GetLastError()));
    SC_HANDLE service = OpenServiceW(manager, support_wide(name), SERVICE_ALL_ACCESS);
    DWORD error = GetLastError();
    CloseServiceHandle(manager);
    SetLastError(error);
    return service;
}

bool service_wait_gone(const char *name)
{
    for (DWORD waited = 0; waited < SUPPORT_WAIT_MS; waited += POLL_MS) {
        SC_HANDLE service = service_open(name);
        if (!service)
            return GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST;
        CloseServiceHandle(service);
        Sleep(POLL_MS); /* the manager tells nobody when it has deleted one */
    }
    return false;
}

/* The manager tells of a stop to those who ask only. */
static void wait_until_stopped(SC_HANDLE service)
{
    SERVICE_STATUS status;
    for (DWORD waited = 0; waited < SUPPORT_WAIT_MS; waited += POLL_MS) {
        if (!QueryServiceStatus(service, &status) || status.dwCurrentState == SERVICE_STOPPED)
            return;
        Sleep(POLL_MS);
    }
}

void service_remove(const wchar_t *name)
{
    SERVICE_STATUS ignored;
    SC_HANDLE manager = open_manager();
    SC_HANDLE service =
        manager ? OpenServiceW(manager, name, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE) : NULL;
    if (service) {
        ControlService(service, SERVICE_CONTROL_STOP, &ignored);
        wait_until_stopped(service);
        DeleteService(service);
        CloseServiceHandle(service);
    }
    if (manager)
        CloseServiceHandle(manager);
}

static void undo_service(void *name)
{
    service_remove(name);
    free(name);
}

void service_remove_on_cleanup(const char *name)
{
    support_on_cleanup(undo_service, support_copy_wide(support_wide(name)));
}
