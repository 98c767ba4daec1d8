/* `shmbroker start` and `stop`, and what they share with install and status. See control_win32.h. */
#include "control_win32.h"

#include "keepers_left_win32.h"
#include "status_sources.h"

#include <stdlib.h>
#include <string.h>

#define POLL_MS     50u
#define PATIENCE_MS 60000u /* without progress */
#define TAIL_BYTES  16384
#define TAIL_LINES  10

int control_open(control *c, const char *instance, DWORD manager_access, DWORD service_access)
{
    *c = (control){.instance = instance};
    names_service(instance, c->name);
    c->wide_name = win32_wide(c->name);
    c->manager = c->wide_name ? OpenSCManagerW(NULL, NULL, manager_access) : NULL;
    if (!c->manager)
        return control_failed(c, "reach the service manager", GetLastError());
    c->service = OpenServiceW(c->manager, c->wide_name, service_access);
    if (!c->service && GetLastError() != ERROR_SERVICE_DOES_NOT_EXIST)
        return control_failed(c, "open the service", GetLastError());
    return EXIT_OK;
}

void control_close(control *c)
{
    if (c->service)
        CloseServiceHandle(c->service);
    if (c->manager)
        CloseServiceHandle(c->manager);
    free(c->wide_name);
    memset(c, 0, sizeof *c);
}

int control_failed(const control *c, const char *what, DWORD error)
{
    platform_failure failure;
    const char *advice =
        error == ERROR_ACCESS_DENIED ? "use an elevated console (Run as administrator)" : NULL;
    win32_fail_advise(&failure, error, advice, "cannot %s (%s)", what, c->name);
    fprintf(stderr, "error: %s\n", failure.text);
    return error == ERROR_ACCESS_DENIED ? EXIT_ACCESS_DENIED : EXIT_FAILED;
}

static bool query(const control *c, SERVICE_STATUS_PROCESS *status)
{
    DWORD needed;
    return QueryServiceStatusEx(c->service, SC_STATUS_PROCESS_INFO, (BYTE *)status, sizeof *status, &needed);
}

bool control_wait(const control *c, DWORD pending, SERVICE_STATUS_PROCESS *status)
{
    DWORD checkpoint = 0;
    ULONGLONG progress_at = GetTickCount64();
    for (;;) {
        if (!query(c, status))
            return false;
        if (status->dwCurrentState != pending)
            return true;
        if (status->dwCheckPoint != checkpoint) {
            checkpoint = status->dwCheckPoint;
            progress_at = GetTickCount64();
        }
        if (GetTickCount64() - progress_at > PATIENCE_MS) {
            SetLastError(ERROR_SERVICE_REQUEST_TIMEOUT);
            return false;
        }
        Sleep(POLL_MS); /* the manager tells no more than this */
    }
}

static int not_installed(const control *c)
{
    fprintf(stderr, "error: there is no service %s; `shmbroker install` makes it\n", c->name);
    return EXIT_FAILED;
}

/* ---- What is kept ------------------------------------------------------------------------------ */

/* How many keepers live; -1: that cannot be seen, which is said. */
static int count_keepers(const control *c)
{
    platform_failure failure;
    unsigned count;
    if (win32_keepers_count(c->instance, &count, &failure))
        return (int)count;
    fprintf(stderr, "error: %s\n", failure.text);
    return -1;
}

/* Whether what the service has will stay, or has stayed, with a keeper; otherwise says that it is `not_so`. */
static bool is_kept(const control *c, const char *not_so)
{
    platform_folders folders;
    platform_failure ignored;
    const int count = count_keepers(c);
    if (count > 0)
        return true;
    const bool found = platform_folders_find(c->instance, &folders, &ignored);
    fprintf(stderr, "error: %s %s; why it has no keeper is in its log%s%s\n", c->name, not_so,
            found ? ", " : "", found ? folders.log : "");
    return false;
}

/* ---- start ------------------------------------------------------------------------------------- */

/* Prints the errors at the end of the log, so that nobody has to look for them. */
static void print_log_errors(const char *path)
{
    char buffer[TAIL_BYTES + 1];
    const char *lines[TAIL_LINES];
    size_t count = 0;
    platform_failure ignored;
    FILE *stream = platform_file_open(path, &ignored);
    if (!stream)
        return;
    if (fseek(stream, -TAIL_BYTES, SEEK_END) != 0)
        rewind(stream);
    buffer[fread(buffer, 1, TAIL_BYTES, stream)] = 0;
    fclose(stream);
    for (char *line = strtok(buffer, "\n"); line; line = strtok(NULL, "\n")) {
        if (strstr(line, " starting: "))
            count = 0; /* errors of an earlier start are old news */
        if (!strstr(line, " error "))
            continue;
        if (count == TAIL_LINES)
            memmove(lines, lines + 1, --count * sizeof lines[0]);
        lines[count++] = line;
    }
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "  %s\n", lines[i]);
}

static int start_refused(const control *c, const SERVICE_STATUS_PROCESS *status)
{
    platform_folders folders;
    platform_failure failure;
    bool own = status->dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR;
    if (own)
        fprintf(stderr, "error: the service %s ended while starting, with exit code %lu", c->name,
                status->dwServiceSpecificExitCode);
    else {
        win32_fail(&failure, status->dwWin32ExitCode, "the service %s ended while starting", c->name);
        fprintf(stderr, "error: %s", failure.text);
    }
    if (!platform_folders_find(c->instance, &folders, &failure)) {
        fputs("; see the Event Log\n", stderr);
        return EXIT_FAILED;
    }
    fprintf(stderr, "; its log %s says:\n", folders.log);
    print_log_errors(folders.log);
    return own ? (int)status->dwServiceSpecificExitCode : EXIT_FAILED;
}

int control_start(const control *c)
{
    SERVICE_STATUS_PROCESS status;
    if (!StartServiceW(c->service, 0, NULL)) {
        if (GetLastError() != ERROR_SERVICE_ALREADY_RUNNING)
            return control_failed(c, "start the service", GetLastError());
        printf("%s is running already\n", c->name);
        return EXIT_OK;
    }
    if (!control_wait(c, SERVICE_START_PENDING, &status))
        return control_failed(c, "see the service start", GetLastError());
    if (status.dwCurrentState != SERVICE_RUNNING)
        return start_refused(c, &status);
    printf("%s is running, process %lu; `shmbroker status` shows its regions\n", c->name, status.dwProcessId);
    return EXIT_OK;
}

int command_start(const command_options *options)
{
    control c;
    int code = control_open(&c, options->instance, SC_MANAGER_CONNECT, SERVICE_START | SERVICE_QUERY_STATUS);
    if (code == EXIT_OK && !c.service)
        code = not_installed(&c);
    else if (code == EXIT_OK && options->kept && count_keepers(&c) == 0)
        printf("%s is not started: nothing of it is kept\n", c.name);
    else if (code == EXIT_OK)
        code = control_start(&c);
    control_close(&c);
    return code;
}

/* ---- stop -------------------------------------------------------------------------------------- */

/* The manager looks after dependent services for SERVICE_CONTROL_STOP alone. */
static bool others_depend(const control *c)
{
    DWORD needed = 0, count = 0;
    return !EnumDependentServicesW(c->service, SERVICE_ACTIVE, NULL, 0, &needed, &count) &&
           GetLastError() == ERROR_MORE_DATA;
}

static bool send_stop(const control *c, bool keep)
{
    SERVICE_STATUS ignored;
    if (keep && others_depend(c)) {
        SetLastError(ERROR_DEPENDENT_SERVICES_RUNNING);
        return false;
    }
    return ControlService(c->service, keep ? CONTROL_STOP_KEEPING : SERVICE_CONTROL_STOP, &ignored) ||
           GetLastError() == ERROR_SERVICE_NOT_ACTIVE;
}

int control_stop(const control *c, bool keep, bool *was_running)
{
    SERVICE_STATUS_PROCESS status;
    *was_running = false;
    if (!query(c, &status))
        return control_failed(c, "ask the service for its state", GetLastError());
    if (status.dwCurrentState == SERVICE_START_PENDING && !control_wait(c, SERVICE_START_PENDING, &status))
        return control_failed(c, "wait for the service, which is starting", GetLastError());
    if (status.dwCurrentState == SERVICE_STOPPED)
        return EXIT_OK;
    *was_running = true;
    if (keep && status.dwCurrentState == SERVICE_RUNNING &&
        !is_kept(c, "is not stopped: its regions could not be kept; `shmbroker stop` lets go of them"))
        return EXIT_FAILED;
    if (status.dwCurrentState != SERVICE_STOP_PENDING && !send_stop(c, keep))
        return control_failed(c, "stop the service", GetLastError());
    if (!control_wait(c, SERVICE_RUNNING, &status) || !control_wait(c, SERVICE_STOP_PENDING, &status))
        return control_failed(c, "see the service stop", GetLastError());
    return EXIT_OK;
}

int control_let_go(const char *instance, bool *ended)
{
    platform_failure failure;
    unsigned count;
    bool ok = win32_keepers_end(instance, &count, &failure);
    *ended = count > 0;
    if (ok)
        return EXIT_OK;
    fprintf(stderr, "error: %s\n", failure.text);
    return failure.code == ERROR_ACCESS_DENIED ? EXIT_ACCESS_DENIED : EXIT_FAILED;
}

static int stop_keeping(const control *c)
{
    bool was_running = false;
    int code = control_stop(c, true, &was_running);
    if (code != EXIT_OK)
        return code;
    if (!was_running && count_keepers(c) == 0) {
        fprintf(stderr,
                "error: %s was not running, and nothing of it is kept; `shmbroker start` starts it anew\n",
                c->name);
        return EXIT_FAILED;
    }
    if (!is_kept(c, "has stopped, but nothing of it is kept"))
        return EXIT_FAILED;
    printf("%s %s; its regions and their data stay for the next `shmbroker start`\n", c->name,
           was_running ? "has stopped" : "was not running");
    return EXIT_OK;
}

static int stop_letting_go(const control *c, const char *instance)
{
    bool was_running = false, ended = false;
    int code = control_stop(c, false, &was_running);
    if (code == EXIT_OK)
        code = control_let_go(instance, &ended);
    if (code == EXIT_OK)
        printf("%s %s%s\n", c->name, was_running ? "has stopped" : "was not running",
               ended ? "; what an earlier broker left is let go" : "");
    return code;
}

int command_stop(const command_options *options)
{
    control c;
    int code =
        control_open(&c, options->instance, SC_MANAGER_CONNECT,
                     SERVICE_STOP | SERVICE_QUERY_STATUS |
                         (options->keep ? SERVICE_USER_DEFINED_CONTROL | SERVICE_ENUMERATE_DEPENDENTS : 0));
    if (code == EXIT_OK && !c.service)
        code = not_installed(&c);
    else if (code == EXIT_OK)
        code = options->keep ? stop_keeping(&c) : stop_letting_go(&c, options->instance);
    control_close(&c);
    return code;
}

/* ---- For status -------------------------------------------------------------------------------- */

const char *status_service_state(const char *instance)
{
    static const char *const states[] = {
        [SERVICE_STOPPED] = "stopped",         [SERVICE_START_PENDING] = "starting",
        [SERVICE_STOP_PENDING] = "stopping",   [SERVICE_RUNNING] = "running",
        [SERVICE_CONTINUE_PENDING] = "paused", [SERVICE_PAUSE_PENDING] = "paused",
        [SERVICE_PAUSED] = "paused",
    };
    const char *state = "not installed";
    SERVICE_STATUS_PROCESS status;
    char name[NAMES_TEXT];
    names_service(instance, name);
    wchar_t *wide = win32_wide(name);
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE handle = manager && wide ? OpenServiceW(manager, wide, SERVICE_QUERY_STATUS) : NULL;
    if (!handle && GetLastError() != ERROR_SERVICE_DOES_NOT_EXIST)
        state = "not visible to this account";
    control c = {.service = handle};
    if (handle && query(&c, &status) && status.dwCurrentState < sizeof states / sizeof states[0])
        state = states[status.dwCurrentState];
    if (handle)
        CloseServiceHandle(handle);
    if (manager)
        CloseServiceHandle(manager);
    free(wide);
    return state;
}
