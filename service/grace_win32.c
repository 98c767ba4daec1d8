/*
 * How long a stop may take. See grace_win32.h.
 *
 * By the documentation's pages: SERVICE_PRESHUTDOWN_INFO (the time-out, of 10 seconds when nothing is configured since
 * Windows 10 1703), "Service Control Handler Function" (WaitToKillServiceTimeout, about 5 seconds), HandlerRoutine
 * (5 seconds for closing a console's window).
 */
#include "grace_win32.h"

#include "support_win32.h"

#include <stdlib.h>
#include <wchar.h>

#define PATIENT_MS             300000u /* nobody waits but who asked for the stop, and sees it make progress */
#define CONSOLE_CLOSES_MS      5000u
#define SHUTDOWN_MS            5000u
#define PRESHUTDOWN_DEFAULT_MS 10000u
#define REST_MS                1500u /* for what follows the writing */

static uint32_t without_rest(uint32_t milliseconds)
{
    return milliseconds > 2 * REST_MS ? milliseconds - REST_MS : milliseconds / 2;
}

static uint32_t shutdown_time(void)
{
    wchar_t digits[32] = L"";
    DWORD size = sizeof digits;
    LSTATUS status = RegGetValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control",
                                  L"WaitToKillServiceTimeout", RRF_RT_REG_SZ, NULL, digits, &size);
    unsigned long milliseconds = status == ERROR_SUCCESS ? wcstoul(digits, NULL, 10) : 0;
    return milliseconds > 0 && milliseconds < PATIENT_MS ? (uint32_t)milliseconds : SHUTDOWN_MS;
}

static uint32_t preshutdown_time(const char *service)
{
    SERVICE_PRESHUTDOWN_INFO info = {0};
    DWORD needed;
    wchar_t *name = win32_wide(service);
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE opened = manager && name ? OpenServiceW(manager, name, SERVICE_QUERY_CONFIG) : NULL;
    bool known = opened && QueryServiceConfig2W(opened, SERVICE_CONFIG_PRESHUTDOWN_INFO, (BYTE *)&info,
                                                sizeof info, &needed);
    if (opened)
        CloseServiceHandle(opened);
    if (manager)
        CloseServiceHandle(manager);
    free(name);
    return known && info.dwPreshutdownTimeout > 0 ? info.dwPreshutdownTimeout : PRESHUTDOWN_DEFAULT_MS;
}

uint32_t win32_grace_of_service(DWORD control, const char *service)
{
    if (control == SERVICE_CONTROL_PRESHUTDOWN)
        return without_rest(preshutdown_time(service));
    return control == SERVICE_CONTROL_SHUTDOWN ? without_rest(shutdown_time()) : PATIENT_MS;
}

uint32_t win32_grace_of_console(DWORD kind)
{
    bool asked = kind == CTRL_C_EVENT || kind == CTRL_BREAK_EVENT;
    return asked ? PATIENT_MS : without_rest(CONSOLE_CLOSES_MS);
}
